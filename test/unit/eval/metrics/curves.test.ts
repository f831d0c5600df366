import { describe, expect, it } from 'vitest';
import { averagePrecisionOfTally } from '../../../../src/eval/metrics/average-precision.ts';
import { seededRandom } from '../../../../src/eval/metrics/bootstrap.ts';
import { precisionRecallCurve, rocCurve, thinned } from '../../../../src/eval/metrics/curves.ts';
import { rocAucOfTally } from '../../../../src/eval/metrics/roc-auc.ts';
import { tallyScores } from '../../../../src/eval/metrics/score-tally.ts';

const tallyOf = (scores: number[], labels: number[]) => tallyScores([{ name: 'v', scores, labels }]);

/** 2000 samples with many ties. */
function noisy() {
  const random = seededRandom(7);
  const labels = Array.from({ length: 2_000 }, () => (random() < 0.3 ? 1 : 0));
  return tallyOf(
    labels.map((label) => Math.round((random() + label * 0.4) * 50)),
    labels,
  );
}

describe('the ROC', () => {
  it('goes from nothing to everything, with samples of one score together', () => {
    expect(rocCurve(tallyOf([3, 2, 2, 1], [1, 1, 0, 0]))).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0.5 },
      { x: 0.5, y: 1 },
      { x: 1, y: 1 },
    ]);
  });

  it('has the AUC beneath it, thinned or not', () => {
    const tally = noisy();
    const area = (points: readonly { x: number; y: number }[]) =>
      points
        .slice(1)
        .reduce((sum, { x, y }, i) => sum + ((x - (points[i]?.x ?? 0)) * (y + (points[i]?.y ?? 0))) / 2, 0);
    expect(area(rocCurve(tally))).toBeCloseTo(rocAucOfTally(tally), 12);
    expect(area(thinned(rocCurve(tally), 200))).toBeCloseTo(rocAucOfTally(tally), 3);
  });

  it('is nothing for one class', () => {
    expect(rocCurve(tallyOf([1, 2], [1, 1]))).toEqual([]);
    expect(rocCurve(tallyOf([1, 2], [0, 0]))).toEqual([]);
  });
});

describe('precision and recall', () => {
  it('give average precision step by step', () => {
    const tally = noisy();
    let before = 0;
    let sum = 0;
    for (const { x, y } of precisionRecallCurve(tally)) {
      sum += (x - before) * y;
      before = x;
    }
    expect(before).toBeCloseTo(1, 12);
    expect(sum).toBeCloseTo(averagePrecisionOfTally(tally), 12);
  });

  it('are nothing without positives', () => {
    expect(precisionRecallCurve(tallyOf([1], [0]))).toEqual([]);
  });
});

it('thinning keeps both ends and bounds the number of points', () => {
  const points = Array.from({ length: 10_000 }, (_, i) => ({ x: i / 9_999, y: (i / 9_999) ** 2 }));
  const kept = thinned(points, 100);
  expect(kept[0]).toEqual(points[0]);
  expect(kept.at(-1)).toEqual(points.at(-1));
  expect(kept.length).toBeLessThanOrEqual(102);
});
