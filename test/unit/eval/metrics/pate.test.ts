import { describe, expect, it } from 'vitest';
import { ALARM_STREAM_BUFFERS, pate, pateCounts, pateF1, precisionRecall } from '../../../../src/eval/metrics/pate.ts';

/** One event 15..24 in 40 samples, both buffers 5: values printed by the metric's official code. */
const BUFFERS = { early: 5, delay: 5 };
const labels = Array.from({ length: 40 }, (_, i) => (i >= 15 && i <= 24 ? 1 : 0));

function predictedRun(first: number, last: number): number[] {
  return labels.map((_, i) => (i >= first && i <= last ? 1 : 0));
}

describe('PATE, golden vectors of the official code', () => {
  it.each([
    { run: '15..24', first: 15, last: 24, precision: 1, recall: 1, f1: 1 },
    { run: '12..19', first: 12, last: 19, precision: 0.743421, recall: 0.71822, f1: 0.691389 },
    { run: '17..24', first: 17, last: 24, precision: 1, recall: 0.8, f1: 0.888889 },
    { run: '20..29', first: 20, last: 29, precision: 0.605263, recall: 0.547619, f1: 0.5375 },
    { run: '25..28, only after', first: 25, last: 28, precision: 0.263158, recall: 0.095238, f1: 0.06993 },
    { run: '10..14, only before', first: 10, last: 14, precision: 0, recall: 0, f1: 0 },
    { run: '0..39', first: 0, last: 39, precision: 0.302632, recall: 1, f1: 0.432656 },
    { run: 'none', first: 1, last: 0, precision: 0, recall: 0, f1: 0 },
  ])('predicted run $run', ({ first, last, precision, recall, f1 }) => {
    const predicted = predictedRun(first, last);
    const result = precisionRecall(pateCounts(predicted, labels, BUFFERS));
    expect(Math.abs(result.precision - precision)).toBeLessThan(1e-6);
    expect(Math.abs(result.recall - recall)).toBeLessThan(1e-6);
    expect(Math.abs(pateF1(predicted, labels, BUFFERS) - f1)).toBeLessThan(1e-6);
  });

  it('continuous scores', () => {
    const scores = labels.map((_, i) => Math.exp(-((i - 21) ** 2) / 50));
    expect(Math.abs(pate([{ name: 'v', scores, labels }], BUFFERS) - 0.967071)).toBeLessThan(1e-6);
  });
});

describe('PATE', () => {
  it('counts every sample once: credited, false or missed', () => {
    const events = [0, 0, 0, 1, 1, 0, 1, 0, 0, 0];
    const predicted = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    const { truePositives, falsePositives, falseNegatives } = pateCounts(predicted, events, BUFFERS);
    expect(truePositives + falsePositives).toBeCloseTo(10, 12);
    expect(falseNegatives).toBe(0);
  });

  it('gives the gap between two events to the earlier one, whose delay it may be', () => {
    const events = [1, 0, 0, 0, 1];
    const early = pateCounts([0, 1, 0, 0, 0], events, { early: 3, delay: 3 });
    expect(early.truePositives).toBeCloseTo(2 / 3, 12);
  });

  it('is 1 for the truth, and keeps buffers inside each video', () => {
    const scores = labels.map((label) => label);
    const late = Array.from({ length: 40 }, (_, i) => (i < 5 ? 1 : 0));
    expect(pate([{ name: 'v', scores, labels }], ALARM_STREAM_BUFFERS)).toBeCloseTo(1, 12);
    // An alarm at the beginning of the next video is no late detection of an event that ended the last one.
    const endsAnomalous = Array.from({ length: 40 }, (_, i) => (i >= 35 ? 1 : 0));
    const apart = pate(
      [
        { name: 'a', scores: endsAnomalous.map(() => 0), labels: endsAnomalous },
        { name: 'b', scores: late, labels: late.map(() => 0) },
      ],
      ALARM_STREAM_BUFFERS,
    );
    const joined = pate(
      [
        {
          name: 'ab',
          scores: [...endsAnomalous.map(() => 0), ...late],
          labels: [...endsAnomalous, ...late.map(() => 0)],
        },
      ],
      ALARM_STREAM_BUFFERS,
    );
    expect(joined).toBeGreaterThan(apart);
  });

  it('has no value without an event', () => {
    expect(pate([{ name: 'v', scores: [1, 2], labels: [0, 0] }], BUFFERS)).toBeNaN();
  });
});
