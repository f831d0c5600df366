import { follows } from './follows.ts';
import type { Observation } from './observation.ts';
import type { SequentialStep } from './sequential-rule.ts';

/** Neighbours are remembered together, because smoothing and correlation need neighbours. */
export const BLOCK_SEGMENTS = 12;
/** What is going to be an incident has shown itself by then. */
const QUARANTINE_MS = 600_000;
/** Not learned from, before the onset of an alarm and after its end. */
const MARGIN_BEFORE_MS = 300_000;
const MARGIN_AFTER_MS = 120_000;
/** From this share of the alarm threshold on, a moment is under suspicion; one ten minutes in twenty gets there by chance. */
const SUSPICIOUS = 0.8;
/** A young camera has nearly everything still to see: so often a block is taken up to `YOUNG_MS`, and after it. */
const YOUNG_MS = 4 * 3_600_000;
const YOUNG_STRIDE_MS = 180_000;
const STRIDE_MS = 300_000;
/** Relearning at these ages of what was learned, then at every further `RELEARN_EVERY_MS`. */
const RELEARN_AT_MS: readonly number[] = [1, 2, 4].map((hours) => hours * 3_600_000);
const RELEARN_EVERY_MS = 3 * 3_600_000;
/** So long after a switch to infrared or back, or after the scene became livelier, there are enough blocks, out of quarantine, to be learned. */
const RELEARN_SOON_MS = 1_800_000;
/** From this pace on (pace.ts) the scene is not what was learned: rain or a crowd that the camera has never seen. */
const LIVELIER = 1.5;

/** From one block that is taken to the next, while the scene is what the camera knows; by the age of what it learned, ms. */
export function strideMs(ageMs: number): number {
  return ageMs < YOUNG_MS ? YOUNG_STRIDE_MS : STRIDE_MS;
}

/** One block of neighbouring segments on its way into memory. */
export type QuarantinedBlock = readonly Observation[];

/** Plain data holding number arrays, for state-codec.ts; at most about 60 observations. */
export interface AdaptationState {
  /** UTC ms: the first segment offered, and the last. */
  readonly bornMs: number | null;
  readonly lastMs: number | null;
  readonly nextBlockMs: number;
  readonly suspectUntilMs: number;
  readonly filling: QuarantinedBlock;
  readonly waiting: readonly QuarantinedBlock[];
  /** UTC ms. */
  readonly relearnMs: number | null;
  /** For a new kind of picture, or a livelier scene. */
  readonly modeRelearnMs: number | null;
  /** Blocks admitted since the last relearning. */
  readonly admitted: number;
}

const FRESH: AdaptationState = {
  bornMs: null,
  lastMs: null,
  nextBlockMs: Number.NEGATIVE_INFINITY,
  suspectUntilMs: Number.NEGATIVE_INFINITY,
  filling: [],
  waiting: [],
  relearnMs: null,
  modeRelearnMs: null,
  admitted: 0,
};

/** What the sequential rule made of a segment, as far as learning goes by it. */
export type SettledStep = Pick<SequentialStep, 'statistic' | 'threshold' | 'alarm' | 'onsetMs' | 'pace'>;

/** What happened in a segment, apart from how it looked. */
export interface Circumstance {
  /** The camera was unhealthy or in transition. */
  readonly hold?: boolean;
  /** The picture went to infrared or back. */
  readonly modeChanged?: boolean;
  /** An incident is open that nobody dismissed. */
  readonly incidentOpen?: boolean;
}

/**
 * What a camera that has learned may still take for normal. A block of six seconds is taken every three minutes (every five once the camera is
 * four hours old and the scene what it knows) and waits for ten minutes; whatever then lies near an alarm, or near what was almost one, is dropped, so that a slow
 * anomaly that becomes an incident never teaches. Ordinary rare moments stay in: without them the tails would shrink at each learning.
 * Time is that of the segments, so the same segments give the same memory.
 */
export class AdaptationQueue {
  #state: AdaptationState = FRESH;

  static restore(state: AdaptationState): AdaptationQueue {
    const queue = new AdaptationQueue();
    queue.#state = state;
    return queue;
  }

  saved(): AdaptationState {
    return this.#state;
  }

  /**
   * Takes the next scored segment.
   * @returns blocks that may enter the memory of normal now, oldest first
   */
  offer(observation: Observation, step: SettledStep, circumstance: Circumstance = {}): readonly QuarantinedBlock[] {
    const nowMs = observation.endMs;
    // The wall clock went back: what waits has no age any more.
    if (this.#state.lastMs !== null && nowMs < this.#state.lastMs - QUARANTINE_MS) this.#update(FRESH);
    const bornMs = this.#state.bornMs ?? observation.startMs;
    this.#update({ bornMs, lastMs: nowMs });
    const livelier = (step.pace ?? 1) >= LIVELIER;
    if (circumstance.modeChanged || (livelier && this.#state.modeRelearnMs === null)) {
      this.#update({ modeRelearnMs: nowMs + RELEARN_SOON_MS });
    }
    const suspicious =
      step.alarm || step.statistic >= SUSPICIOUS * step.threshold || circumstance.incidentOpen || circumstance.hold;
    if (suspicious) this.#drop(circumstance.hold ? nowMs : Math.min(nowMs, step.onsetMs ?? nowMs), nowMs);
    else this.#collect(observation, livelier ? YOUNG_STRIDE_MS : strideMs(nowMs - bornMs));
    return this.#release(nowMs);
  }

  /** Whether it is time to learn anew from the memory: at 1, 2, 4 hours of age, then every three; half an hour after a change of mode, and every half hour while livelier. */
  relearningDue(nowMs: number): boolean {
    const { bornMs, relearnMs, modeRelearnMs, admitted } = this.#state;
    if (bornMs === null || admitted === 0) return false;
    return nowMs >= (relearnMs ?? nextRelearning(bornMs, bornMs)) || (modeRelearnMs !== null && nowMs >= modeRelearnMs);
  }

  /** Learning has begun from what the memory holds. */
  relearned(nowMs: number): void {
    const bornMs = this.#state.bornMs ?? nowMs;
    this.#update({ relearnMs: nextRelearning(bornMs, nowMs), modeRelearnMs: null, admitted: 0 });
  }

  #collect(observation: Observation, strideMs: number): void {
    const { filling, waiting, nextBlockMs, suspectUntilMs } = this.#state;
    if (observation.startMs < suspectUntilMs || (filling.length === 0 && observation.startMs < nextBlockMs)) return;
    const block = follows(filling.at(-1), observation) ? [...filling, observation] : [observation];
    if (block.length < BLOCK_SEGMENTS) this.#update({ filling: block });
    else
      this.#update({
        filling: [],
        waiting: [...waiting, block],
        nextBlockMs: (block[0]?.startMs ?? observation.startMs) + strideMs,
      });
  }

  #drop(onsetMs: number, nowMs: number): void {
    const fromMs = onsetMs - MARGIN_BEFORE_MS;
    this.#update({
      filling: [],
      waiting: this.#state.waiting.filter((block) => endOf(block) < fromMs),
      suspectUntilMs: nowMs + MARGIN_AFTER_MS,
    });
  }

  #release(nowMs: number): readonly QuarantinedBlock[] {
    const { waiting, admitted } = this.#state;
    const free = waiting.filter((block) => endOf(block) <= nowMs - QUARANTINE_MS);
    if (free.length > 0) this.#update({ waiting: waiting.slice(free.length), admitted: admitted + free.length });
    return free;
  }

  #update(change: Partial<AdaptationState>): void {
    this.#state = { ...this.#state, ...change };
  }
}

/** Of the blocks of an hour that has its fair share, so many are taken to renew it: a block stays for days. */
const RENEWAL = 0.25;
/** Share of a memory that empty blocks have at most while there are others: one empty minute is like another. */
const EMPTY_SHARE = 0.2;

/** What decides where a block goes. */
export interface BlockSummary {
  /** UTC ms. */
  readonly startMs: number;
  /** Nothing moved or stood there. */
  readonly empty: boolean;
}

/**
 * Where a block goes in a full memory. Empty blocks share a fifth of it at most, so that quiet nights do not push out what there is to
 * know of a day; within both kinds hours of the day share evenly, so that one hour does not push out another. A block of an hour
 * with less than its share replaces one of the fullest hour; else it replaces one of its own hour, one time in four.
 *
 * @param random uniform in [0, 1)
 * @returns index of the block to replace, or null where the new one is left out
 */
export function blockToReplace(
  stored: readonly BlockSummary[],
  block: BlockSummary,
  random: () => number,
): number | null {
  const emptyCount = stored.filter(({ empty }) => empty).length;
  const emptyIsFull = emptyCount > EMPTY_SHARE * stored.length;
  // where one kind has more than is its, the other takes from it
  const lacking = block.empty ? emptyCount < EMPTY_SHARE * stored.length - 1 : emptyIsFull;
  const kind = lacking ? !block.empty : block.empty;
  const sizes = new Map<number, number>();
  for (const other of stored) if (other.empty === kind) sizes.set(hourOf(other), (sizes.get(hourOf(other)) ?? 0) + 1);
  const own = hourOf(block);
  const ownSize = kind === block.empty ? (sizes.get(own) ?? 0) : 0;
  const [fullest, most] = [...sizes].reduce((best, next) => (next[1] > best[1] ? next : best), [own, ownSize]);
  const takes = lacking || most > ownSize + 1;
  if (!takes && random() >= RENEWAL) return null;
  const from = takes ? fullest : own;
  const places = stored.flatMap((other, index) => (other.empty === kind && hourOf(other) === from ? [index] : []));
  return places[Math.floor(random() * places.length)] ?? null;
}

function nextRelearning(bornMs: number, nowMs: number): number {
  const age = nowMs - bornMs;
  const young = RELEARN_AT_MS.find((at) => at > age);
  return bornMs + (young ?? (Math.floor(age / RELEARN_EVERY_MS) + 1) * RELEARN_EVERY_MS);
}

function endOf(block: QuarantinedBlock): number {
  return block.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
}

function hourOf({ startMs }: Pick<BlockSummary, 'startMs'>): number {
  return new Date(startMs).getUTCHours();
}
