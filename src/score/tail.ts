/** Share of the history that the exponential tail is fitted to. */
const TAIL_SHARE = 0.1;
const MINIMUM_EXCEEDANCES = 8;
const MAXIMUM_KNOTS = 256;
/** Raw scores are logarithms of ratios, or nats: differences below are rounding, however constant the history. */
const LEAST_MEAN_EXCESS = 0.02;

/** Nothing is surprising: of a cue that has never looked. */
export const SILENT_TAIL: Tail = { knots: new Float64Array(1), surprises: new Float64Array(1), slope: 0 };

/** Piecewise linear map from a raw score to surprise, with a straight line (an exponential tail) beyond the last knot. */
export interface Tail {
  /** Raw scores, strictly rising. */
  readonly knots: Float64Array;
  /** -ln p at each knot, nats, rising. */
  readonly surprises: Float64Array;
  /** Nats per unit of raw score beyond the last knot. */
  readonly slope: number;
}

/**
 * Calibrates a raw score on its own history: below the 90 % quantile the empirical upper-tail probability
 * (1 + #{history >= x}) / (1 + n), beyond it an exponential tail (peaks over threshold; the generalised Pareto law with shape 0),
 * which never saturates. The tail's mean excess is widened by its standard error, 1 / sqrt(independent exceedances):
 * a short history must not claim small probabilities.
 *
 * @param history raw scores of normal segments that the scoring model did not see; at least one
 * @param dependenceSegments how many neighbouring values count as one independent observation
 * @param least in the unit of the raw score: however constant the history, its mean excess is taken for `meanExcess` at least, and however
 *   long, the tail's for `tailExcess`
 */
export function calibrateTail(
  history: readonly number[],
  dependenceSegments: number,
  least: { readonly meanExcess?: number; readonly tailExcess?: number } = {},
): Tail {
  const sorted = Float64Array.from(history).sort();
  const count = sorted.length;
  const wanted = Math.min(Math.max(Math.round(count * TAIL_SHARE), MINIMUM_EXCEEDANCES), Math.max(1, count >> 1));
  const first = beyondTheFlat(sorted, count - wanted);
  const exceedances = count - first;
  const threshold = at(sorted, first);
  let excess = 0;
  for (let index = first; index < count; index++) excess += at(sorted, index) - threshold;
  const spread = Math.max(at(sorted, first) - at(sorted, count >> 1), 1e-6);
  const independent = Math.max(1, exceedances / Math.max(1, dependenceSegments));
  const observed = Math.max(excess / exceedances, spread / 8, least.meanExcess ?? LEAST_MEAN_EXCESS);
  const tailExcess = Math.max(observed * (1 + 1 / Math.sqrt(independent)), least.tailExcess ?? 0);

  const knots: number[] = [];
  const surprises: number[] = [];
  const step = Math.max(1, Math.floor(first / MAXIMUM_KNOTS));
  for (let index = 0; index <= first; index = index === first ? first + 1 : Math.min(first, index + step)) {
    const raw = at(sorted, index);
    const surprise = -Math.log((1 + count - index) / (1 + count));
    if (knots.length > 0 && raw <= at(knots, knots.length - 1)) continue;
    knots.push(raw);
    surprises.push(surprise);
  }
  return { knots: Float64Array.from(knots), surprises: Float64Array.from(surprises), slope: 1 / tailExcess };
}

/**
 * Where most of the history is one and the same least value (nothing there), the tail begins with what is more than that: the
 * many nothings would make the mean excess too small.
 */
function beyondTheFlat(sorted: Float64Array, first: number): number {
  const least = at(sorted, 0);
  if (at(sorted, first) > least) return first;
  const beyond = sorted.findIndex((value) => value > least);
  return beyond === -1 ? first : Math.max(first, beyond - 1);
}

/** Surprise -ln p of a raw score, nats, at least 0, strictly rising beyond the history's 90 % quantile. */
export function surpriseOf(tail: Tail, raw: number): number {
  const { knots, surprises, slope } = tail;
  const last = knots.length - 1;
  if (raw >= at(knots, last)) return at(surprises, last) + (raw - at(knots, last)) * slope;
  if (raw <= at(knots, 0)) return at(surprises, 0);
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(knots, middle) <= raw) low = middle;
    else high = middle;
  }
  const share = (raw - at(knots, low)) / (at(knots, high) - at(knots, low));
  return at(surprises, low) + share * (at(surprises, high) - at(surprises, low));
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}
