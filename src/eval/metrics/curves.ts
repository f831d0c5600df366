import type { ScoreTally } from './score-tally.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/**
 * The ROC: x the false positive rate, y the true positive rate, from (0, 0) to (1, 1), a corner for each distinct score.
 * Empty where there is only one class.
 */
export function rocCurve({ scores, positives, negatives }: ScoreTally): CurvePoint[] {
  const allPositives = sum(positives);
  const allNegatives = sum(negatives);
  if (allPositives === 0 || allNegatives === 0) return [];
  const points: CurvePoint[] = [{ x: 0, y: 0 }];
  let hits = 0;
  let misses = 0;
  for (let i = 0; i < scores.length; i++) {
    hits += positives[i] ?? 0;
    misses += negatives[i] ?? 0;
    points.push({ x: misses / allNegatives, y: hits / allPositives });
  }
  return points;
}

/**
 * Precision (y) at each recall (x), one point a distinct score, the highest score first. Where recall does not rise no
 * point is added: the steps are those that average precision sums. Empty without positives.
 */
export function precisionRecallCurve({ scores, positives, negatives }: ScoreTally): CurvePoint[] {
  const allPositives = sum(positives);
  if (allPositives === 0) return [];
  const points: CurvePoint[] = [];
  let hits = 0;
  let predicted = 0;
  for (let i = 0; i < scores.length; i++) {
    const found = positives[i] ?? 0;
    hits += found;
    predicted += found + (negatives[i] ?? 0);
    if (found > 0) points.push({ x: hits / allPositives, y: hits / predicted });
  }
  return points;
}

/** At most about `most` points that keep the shape: those that move by less than a step from the last kept one are left out. */
export function thinned(points: readonly CurvePoint[], most = 400): CurvePoint[] {
  const step = 2 / most;
  const kept: CurvePoint[] = [];
  points.forEach((point, index) => {
    const last = kept.at(-1);
    const isEnd = index === points.length - 1;
    if (!last || isEnd || Math.abs(point.x - last.x) + Math.abs(point.y - last.y) >= step) kept.push(point);
  });
  return kept;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
