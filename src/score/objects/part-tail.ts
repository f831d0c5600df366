/** Share of the normal objects that the exponential tail is fitted to. */
const TAIL_SHARE = 0.02;
const MINIMUM_EXCEEDANCES = 8;
/** Mean excess that is taken for granted with the weight of so many exceedances; raw values are logarithms. */
const PRIOR_EXCESS = 0.3;
const PRIOR_WEIGHT = 8;

/** Surprise -ln p of one quantity of a single object: straight lines between knots, an exponential tail beyond the last. */
export interface PartTail {
  /** Raw values, rising. */
  readonly knots: Float64Array;
  /** -ln p at each, rising from 0. */
  readonly surprises: Float64Array;
  /** Nats per unit of raw value beyond the last knot. */
  readonly slope: number;
}

/** @param raws of normal objects, each by a model that never saw its recording; may be empty: then nothing is surprising */
export function fitPartTail(raws: readonly number[]): PartTail {
  const sorted = Float64Array.from(raws).sort();
  const count = sorted.length;
  if (count === 0) return { knots: new Float64Array(1), surprises: new Float64Array(1), slope: 0 };
  const wanted = Math.max(MINIMUM_EXCEEDANCES, Math.round(count * TAIL_SHARE));
  const exceedances = Math.max(1, Math.min(wanted, count >> 2));
  const first = count - exceedances;
  const threshold = sorted[first] ?? 0;
  let excess = 0;
  for (let index = first; index < count; index++) excess += (sorted[index] ?? 0) - threshold;
  const meanExcess = (excess + PRIOR_WEIGHT * PRIOR_EXCESS) / (exceedances + PRIOR_WEIGHT);
  const places: number[] = [];
  for (let above = count; above > exceedances; above = Math.floor(above / 2)) places.push(count - above);
  places.push(first);
  return {
    knots: Float64Array.from(places, (place) => sorted[place] ?? 0),
    surprises: Float64Array.from(places, (place) => -Math.log((1 + count - place) / (1 + count))),
    slope: 1 / meanExcess,
  };
}

/** Nats, at least 0. */
export function partSurprise(tail: PartTail, raw: number): number {
  const { knots, surprises, slope } = tail;
  const last = knots.length - 1;
  const [end, top] = [knots[last] ?? 0, surprises[last] ?? 0];
  if (raw >= end) return top + (raw - end) * slope;
  for (let index = last; index > 0; index--) {
    const [low, high] = [knots[index - 1] ?? 0, knots[index] ?? 0];
    if (raw < low) continue;
    const [below, above] = [surprises[index - 1] ?? 0, surprises[index] ?? 0];
    return high > low ? below + ((raw - low) / (high - low)) * (above - below) : below;
  }
  return 0;
}
