import { BLOCK_MS, type Block } from './block-maxima.ts';
import { type GumbelPrior, predictiveLevel } from './gumbel-prediction.ts';

const SECONDS_PER_DAY = 86_400;
const BLOCKS_PER_DAY = (SECONDS_PER_DAY * 1_000) / BLOCK_MS;

/** Against a higher threshold the theory weighs as much as so many blocks, forty minutes of them. */
const PRIOR_BLOCKS_UP = 4;
/** How sure the theory is of the law of a camera's blocks, for a lower threshold: location in nats, scale by its logarithm. */
const PRIOR_LOCATION_DEVIATION = 1.5;
const PRIOR_SCALE = 0.8;
const PRIOR_SCALE_DEVIATION = 0.5;
/** Deviation of the blocks' level from one hour to another, until the whole day was seen, nats. */
const HOURS_DIFFER = 0.6;
/** Share of the budget that a lowered threshold is to spend: the rest is for what no law foresees. */
const SPENT = 0.6;
/** Standard errors of the fitted level that are added to it: a level that is only guessed is exceeded more often. */
const CAUTION = 1;
/** No larger error than that of two hours, or the first minutes would deafen the camera. */
const FEWEST_BLOCKS = 12;
/** What the camera showed may lower the first guess to this share of it, and raise it to this multiple. */
const LOWEST = 0.65;
const HIGHEST = 3;
/** Blocks of other hours of the day count so much, once every hour had its turn. */
const OTHER_HOURS = 0.25;
const HOUR_BLOCKS = 6;
/** Weather lasts: the newest block counts so much more, less by the hour. */
const RECENT_EXTRA = 1;
const RECENT_BLOCKS = 9;
/**
 * Nats. In a block of ten minutes that stays below what happens once in ten segments nothing happened at all. Such blocks say how seldom the
 * camera sees life, and nothing of the law of what it then sees: silent nights beside lively days would stretch its scale, and deafen a
 * camera because it is calm.
 */
const SILENT = Math.log(10);
/** More alarmed blocks than this of the last `CROWDED_WINDOW` are no events any more but what the scene is like now. */
const CROWDED = 3;
const CROWDED_WINDOW = 9;
/** Nats. Whatever the budget, what happens once in thirty segments is no event. */
const LEAST_THRESHOLD = 3.5;
const EULER = 0.577_215_664_9;

/**
 * First guess of the alarm threshold, from theory alone. On calibrated surprise at most a share 4/3 exp(-h) of all segments has a
 * statistic of h or more by its fast part (alarm-statistic.ts), however they depend on one another; L of them in a row are one alarm. So
 * N segments hold at most 4/3 exp(-h) N / L alarms of that length, and h = ln(N / L) leaves about one in the permitted time.
 *
 * @param segmentsPerAlarm segments per permitted false alarm
 * @param dependenceSegments so many segments act as one
 * @returns nats
 */
export function thresholdFor(segmentsPerAlarm: number, dependenceSegments: number): number {
  return Math.max(LEAST_THRESHOLD, Math.log(segmentsPerAlarm / Math.max(1, dependenceSegments)));
}

/** What an alarm threshold has to hold. */
export interface ThresholdSettings {
  /** Permitted false alarms a day, above 0. */
  readonly alertBudgetPerDay: number;
  readonly segmentSeconds: number;
}

/**
 * The threshold that the camera itself confirms. The highest statistic of a block of ten minutes follows a Gumbel law; the theory behind
 * `thresholdFor` is such a law too (scale 1, location ln(block / L)). Upwards, the threshold goes to where the fitted law is exceeded as
 * often as the budget allows, location + scale x ln(blocks per permitted alarm), as blocks gather. Downwards, it goes to what the next
 * block exceeds with that probability when the law is known from these blocks alone (gumbel-prediction.ts): few blocks leave it high.
 *
 * The law is fitted by probability-weighted moments (Hosking, Wallis and Wood 1985) over the lively blocks of the last seven days: more weight for
 * the same hour of day once a day is there, and for the last hours. Blocks with a confirmed alarm are left out, those with a
 * dismissed one count; of the others as many count as false as the budget allows, the rest is taken for true events, unless
 * alarms crowd (more than 3 of 9 blocks): a scene that alarms all the time has changed.
 *
 * @param blocks oldest first
 * @param nowBlock number of the block that the threshold is for
 * @returns nats of the statistic
 */
export function validatedThreshold(
  blocks: readonly Block[],
  nowBlock: number,
  dependenceSegments: number,
  settings: ThresholdSettings,
): number {
  const segmentsPerAlarm = SECONDS_PER_DAY / settings.segmentSeconds / settings.alertBudgetPerDay;
  const guess = thresholdFor(segmentsPerAlarm, dependenceSegments);
  const counted = countedBlocks(blocks, settings.alertBudgetPerDay);
  if (counted.length === 0) return guess;
  const span = (counted.at(-1)?.number ?? 0) - (counted[0]?.number ?? 0);
  const everyHourSeen = span >= BLOCKS_PER_DAY;
  const weighted = counted.map(({ number, maximum }) => ({
    maximum,
    weight: weightOf(number, nowBlock, everyHourSeen),
  }));
  const lively = weighted.filter(({ maximum }) => maximum >= SILENT);
  const total = weightIn(lively);
  // one more that was lively, so that silence alone promises nothing
  const livelyBlocksPerDay = (BLOCKS_PER_DAY * (total + 1)) / (weightIn(weighted) + 1);
  const observed = fitGumbel(lively);
  const rarity = Math.log(Math.max(Math.E, livelyBlocksPerDay / settings.alertBudgetPerDay));
  const shown = observed.location + observed.scale * (rarity + CAUTION * levelError(rarity, observed.weight));
  if (shown > guess) {
    const level = guess + (observed.weight / (observed.weight + PRIOR_BLOCKS_UP)) * (shown - guess);
    return Math.min(level, guess * HIGHEST);
  }
  const effective = lively.map(({ maximum, weight }) => ({ maximum, weight: (weight * observed.weight) / total }));
  const prior: GumbelPrior = {
    location: Math.log(BLOCK_MS / 1_000 / settings.segmentSeconds / Math.max(1, dependenceSegments)),
    locationDeviation: PRIOR_LOCATION_DEVIATION,
    scale: PRIOR_SCALE,
    scaleDeviation: PRIOR_SCALE_DEVIATION,
  };
  const exceedance = Math.min(0.5, (SPENT * settings.alertBudgetPerDay) / livelyBlocksPerDay);
  const level = predictiveLevel(effective, prior, exceedance, everyHourSeen ? 0 : HOURS_DIFFER);
  return Math.max(LEAST_THRESHOLD, guess * LOWEST, Math.min(level, guess));
}

function weightIn(blocks: readonly { readonly weight: number }[]): number {
  return blocks.reduce((sum, { weight }) => sum + weight, 0);
}

/**
 * Standard error of the level location + scale x rarity of a Gumbel law fitted to so many maxima, in units of its scale (asymptotic,
 * Embrechts et al., Modelling Extremal Events, 6.3).
 */
function levelError(rarity: number, maxima: number): number {
  return Math.sqrt((1.11 + 0.52 * rarity + 0.61 * rarity * rarity) / Math.max(FEWEST_BLOCKS, maxima));
}

/** Gumbel law of weighted maxima by probability-weighted moments: scale (2 b1 - b0) / ln 2, location b0 - Euler's constant x scale. */
export function fitGumbel(maxima: readonly { readonly maximum: number; readonly weight: number }[]): {
  readonly location: number;
  readonly scale: number;
  /** Effective number of maxima, (sum w)^2 / sum w^2. */
  readonly weight: number;
} {
  const sorted = [...maxima].sort((a, b) => a.maximum - b.maximum);
  let total = 0;
  let squares = 0;
  for (const { weight } of sorted) {
    total += weight;
    squares += weight * weight;
  }
  if (total <= 0) return { location: 0, scale: 0, weight: 0 };
  let below = 0;
  let mean = 0;
  let moment = 0;
  for (const { maximum, weight } of sorted) {
    // Hazen's plotting position, the middle of the value's own share
    moment += (weight * maximum * (below + weight / 2)) / total;
    mean += weight * maximum;
    below += weight;
  }
  mean /= total;
  moment /= total;
  const scale = Math.max(0, (2 * moment - mean) / Math.LN2);
  return { location: mean - EULER * scale, scale, weight: (total * total) / squares };
}

/** Without the blocks whose alarm is taken for a true one. */
function countedBlocks(blocks: readonly Block[], alertBudgetPerDay: number): readonly Block[] {
  let permitted = Math.round((alertBudgetPerDay * blocks.length) / BLOCKS_PER_DAY);
  const recent: number[] = [];
  return blocks.filter(({ number, alarm }) => {
    if (alarm === null || alarm === 'dismissed') return true;
    if (alarm === 'confirmed') return false;
    while (recent[0] !== undefined && recent[0] <= number - CROWDED_WINDOW) recent.shift();
    recent.push(number);
    if (recent.length > CROWDED) return true;
    permitted -= 1;
    return permitted >= 0;
  });
}

function weightOf(number: number, nowBlock: number, everyHourSeen: boolean): number {
  const age = Math.max(0, nowBlock - number);
  const turn = age % BLOCKS_PER_DAY;
  const near = Math.min(turn, BLOCKS_PER_DAY - turn) <= HOUR_BLOCKS * 1.5;
  const base = everyHourSeen && !near ? OTHER_HOURS : 1;
  return base + RECENT_EXTRA * Math.exp(-age / RECENT_BLOCKS);
}
