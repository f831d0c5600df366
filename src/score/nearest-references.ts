/** Normal descriptors to compare with; position is part of the descriptor where it should count softly. */
export interface References {
  readonly dimensions: number;
  readonly count: number;
  /** count x dimensions, row-major. */
  readonly values: Float32Array;
  /** Fold of the recording that each reference comes from. */
  readonly folds: Uint8Array;
}

/** How many nearest normals are averaged: one alone is at the mercy of a single odd reference. */
const NEIGHBOURS = 3;
/** Compares with references of every fold. */
export const NO_FOLD = -1;

/**
 * Mean Euclidean distance to the three nearest references between `from` (inclusive) and `to` (exclusive), leaving out
 * those of `fold`. Infinity-free: without any reference the distance is `fallback`.
 */
export function nearestDistance(
  references: References,
  query: Float32Array,
  queryOffset: number,
  from: number,
  to: number,
  fold: number,
  fallback: number,
): number {
  const { dimensions, values, folds } = references;
  let first = Number.POSITIVE_INFINITY;
  let second = Number.POSITIVE_INFINITY;
  let third = Number.POSITIVE_INFINITY;
  for (let reference = from; reference < to; reference++) {
    if (folds[reference] === fold) continue;
    const offset = reference * dimensions;
    let squared = 0;
    for (let dimension = 0; dimension < dimensions && squared < third; dimension++) {
      const difference = (values[offset + dimension] as number) - (query[queryOffset + dimension] as number);
      squared += difference * difference;
    }
    if (squared >= third) continue;
    if (squared < first) {
      third = second;
      second = first;
      first = squared;
    } else if (squared < second) {
      third = second;
      second = squared;
    } else {
      third = squared;
    }
  }
  return meanDistance(first, second, third, fallback);
}

/**
 * Mean of the distances whose squares are given, infinite where there is no such neighbour: the nearest alone where there are fewer than
 * three, `fallback` where there is none.
 */
export function meanDistance(first: number, second: number, third: number, fallback: number): number {
  if (first === Number.POSITIVE_INFINITY) return fallback;
  if (third === Number.POSITIVE_INFINITY) return Math.sqrt(first);
  return (Math.sqrt(first) + Math.sqrt(second) + Math.sqrt(third)) / NEIGHBOURS;
}
