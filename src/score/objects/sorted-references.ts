import { lowerBound } from '../lower-bound.ts';
import { meanDistance } from '../nearest-references.ts';

/**
 * Points to find the nearest of, in rising order of their first coordinate: a search looks outwards from its own place in that order and
 * stops where the first coordinate alone lies too far off, which among normal points it soon does.
 */
export interface SortedReferences {
  readonly dimensions: number;
  /** count x dimensions. */
  readonly values: Float32Array;
  /** Fold of the recording that each point comes from. */
  readonly folds: Uint8Array;
}

/** Distance where there is nothing to compare with. */
export const NOTHING_LIKE_IT = 10;

export function sortReferences(
  points: readonly { readonly fold: number; readonly values: readonly number[] }[],
  dimensions: number,
): SortedReferences {
  const sorted = points.toSorted((a, b) => (a.values[0] ?? 0) - (b.values[0] ?? 0));
  return {
    dimensions,
    values: Float32Array.from(sorted.flatMap((point) => point.values)),
    folds: Uint8Array.from(sorted, (point) => point.fold),
  };
}

/**
 * Mean of the Euclidean distances to the three nearest points, those of `fold` left out; the nearest alone where there are fewer
 * than three, NOTHING_LIKE_IT where there is none.
 */
export function nearestThree(references: SortedReferences, query: Float32Array, fold: number): number {
  const { dimensions, values, folds } = references;
  const key = query[0] as number;
  let first = Number.POSITIVE_INFINITY;
  let second = Number.POSITIVE_INFINITY;
  let third = Number.POSITIVE_INFINITY;
  let up = lowerBound(values, dimensions, folds.length, key);
  let down = up - 1;
  while (up < folds.length || down >= 0) {
    const above = up < folds.length ? (values[up * dimensions] as number) - key : Number.POSITIVE_INFINITY;
    const below = down >= 0 ? key - (values[down * dimensions] as number) : Number.POSITIVE_INFINITY;
    const gap = Math.min(above, below);
    if (gap * gap >= third) break;
    const row = above < below ? up++ : down--;
    if (folds[row] === fold) continue;
    let squared = gap * gap;
    for (let dimension = 1; dimension < dimensions && squared < third; dimension++) {
      const difference = (values[row * dimensions + dimension] as number) - (query[dimension] as number);
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
  return meanDistance(first, second, third, NOTHING_LIKE_IT);
}
