import { describe, expect, it } from 'vitest';
import { averagePrecision } from '../../../../src/eval/metrics/average-precision.ts';
import { bootstrapByVideo, seededRandom } from '../../../../src/eval/metrics/bootstrap.ts';
import { concordanceIndex } from '../../../../src/eval/metrics/concordance.ts';
import { centrePrior, constantPerVideo, delayedTruth } from '../../../../src/eval/metrics/controls.ts';
import { falsePositiveRateOnNormal } from '../../../../src/eval/metrics/false-positive-rate.ts';
import { perSecond } from '../../../../src/eval/metrics/per-second.ts';
import { quantile } from '../../../../src/eval/metrics/quantile.ts';
import {
  abnormalAuc,
  macroAuc,
  microAuc,
  rocAuc,
  rocAucOfTally,
  videoAuc,
} from '../../../../src/eval/metrics/roc-auc.ts';
import { type ScoredVideo, tallyScores } from '../../../../src/eval/metrics/score-tally.ts';

function video(name: string, scores: number[], labels: number[]): ScoredVideo {
  return { name, scores, labels };
}

describe('ROC AUC', () => {
  it('is 1 when every positive is above every negative, 0 the other way round', () => {
    expect(rocAuc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])).toBe(1);
    expect(rocAuc([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0])).toBe(0);
  });

  it('counts a tie by half', () => {
    expect(rocAuc([0.5, 0.5, 0.5], [0, 1, 0])).toBe(0.5);
    // Pairs: 0.7 against 0.7 is half, against 0.1 a win; 0.1 against 0.7 a loss, against 0.1 half.
    expect(rocAuc([0.7, 0.1, 0.7, 0.1], [1, 1, 0, 0])).toBe(0.5);
    expect(rocAuc([0.7, 0.4, 0.7, 0.1], [1, 1, 0, 0])).toBe(0.625);
  });

  it('equals the share of won pairs, counted one by one, on random scores with ties', () => {
    const random = seededRandom(7);
    const scores = Array.from({ length: 300 }, () => Math.floor(random() * 20));
    const labels = scores.map((score) => (random() < score / 40 ? 1 : 0));
    let wins = 0;
    let pairs = 0;
    scores.forEach((a, i) => {
      scores.forEach((b, j) => {
        if (labels[i] !== 1 || labels[j] !== 0) return;
        pairs++;
        wins += a > b ? 1 : a === b ? 0.5 : 0;
      });
    });
    expect(rocAuc(scores, labels)).toBeCloseTo(wins / pairs, 12);
  });

  it('has no value for one class only', () => {
    expect(rocAuc([0.1, 0.2], [1, 1])).toBeNaN();
  });

  it('refuses a score that is not a number, and lengths that differ', () => {
    expect(() => rocAuc([0.1, Number.NaN], [1, 0])).toThrow(/score 1 is not a number/);
    expect(() => rocAuc([0.1], [1, 0])).toThrow(/1 scores for 2 labels/);
  });
});

describe('AUC over videos', () => {
  const videos = [
    video('abnormal', [0.1, 0.9, 0.2, 0.2], [0, 1, 0, 0]),
    video('other', [0.4, 0.3], [0, 1]),
    video('normal', [0.95, 0.95], [0, 0]),
  ];

  it('pools all frames for micro', () => {
    // 0.9 wins over 4 of 6 negatives, 0.3 over 3.
    expect(microAuc(videos)).toBeCloseTo(7 / 12, 12);
  });

  it('leaves single-class videos out of macro, unpadded, and counts the others', () => {
    expect(macroAuc(videos)).toEqual({ value: 0.5, videos: 2 });
  });

  it('looks at videos with an anomaly only for the abnormal AUC', () => {
    expect(abnormalAuc(videos)).toBeCloseTo(7 / 8, 12);
  });

  it('ranks whole videos by their peak', () => {
    expect(videoAuc(videos)).toBe(0);
  });

  it('measures false positives on wholly normal videos only', () => {
    expect(falsePositiveRateOnNormal(videos, 0.5)).toBe(1);
    expect(falsePositiveRateOnNormal(videos, 0.96)).toBe(0);
  });
});

describe('average precision', () => {
  it('is step-wise: precision at each recall step', () => {
    // Known example: ranks 1 and 3 are right, AP = 1/2 · 1 + 1/2 · 2/3.
    expect(averagePrecision([video('v', [0.9, 0.8, 0.7, 0.1], [1, 0, 1, 0])])).toBeCloseTo(5 / 6, 12);
  });

  it('takes samples of one score together, so that a constant score earns the share of positives', () => {
    expect(averagePrecision([video('v', [1, 1, 1, 1], [1, 0, 0, 0])])).toBe(0.25);
  });

  it('has no value without positives', () => {
    expect(averagePrecision([video('v', [1, 2], [0, 0])])).toBeNaN();
  });
});

describe('controls', () => {
  const videos = [video('a', [0, 0, 0, 0], [0, 0, 1, 1]), video('n', [0, 0], [0, 0])];

  it('gives the constant-per-video oracle the right video and no place in it', () => {
    const oracle = constantPerVideo(videos);
    expect(Array.from(oracle[0]?.scores ?? [])).toEqual([1, 1, 1, 1]);
    expect(microAuc(oracle)).toBe(0.75);
    expect(abnormalAuc(oracle)).toBe(0.5);
  });

  it('shifts the truth later within each video', () => {
    expect(Array.from(delayedTruth(videos, 1)[0]?.scores ?? [])).toEqual([0, 0, 0, 1]);
    expect(microAuc(delayedTruth(videos, 0))).toBe(1);
  });

  it('puts the top of the centre prior mid-video', () => {
    expect(Array.from(centrePrior(videos)[0]?.scores ?? [])).toEqual([0.25, 0.75, 0.75, 0.25]);
  });
});

describe('bootstrap by video', () => {
  const videos = Array.from({ length: 20 }, (_, i) => video(`v${i}`, [0.2, 0.1, (i % 5) / 5], [0, 0, 1]));

  it('gives an interval about the value, the same for the same seed', () => {
    const settings = () => ({ random: seededRandom(3), rounds: 200 });
    const { low, high } = bootstrapByVideo(videos, rocAucOfTally, settings());
    expect(low).toBeLessThan(microAuc(videos));
    expect(high).toBeGreaterThan(microAuc(videos));
    expect(bootstrapByVideo(videos, rocAucOfTally, settings())).toEqual({ low, high });
  });

  it('has no width when all videos are alike', () => {
    const same = videos.map(({ name }) => video(name, [0.5, 0.1, 0.3], [0, 0, 1]));
    expect(bootstrapByVideo(same, rocAucOfTally, { random: seededRandom(3), rounds: 50 })).toEqual({
      low: 0.5,
      high: 0.5,
    });
  });
});

describe('C-index', () => {
  it('is 1 for the same order, 0 for the opposite, 0.5 for constant scores', () => {
    expect(concordanceIndex([1, 2, 3], [0, 1, 2])).toBe(1);
    expect(concordanceIndex([3, 2, 1], [0, 1, 2])).toBe(0);
    expect(concordanceIndex([1, 1, 1], [0, 1, 2])).toBe(0.5);
  });

  it('leaves pairs of equal severity out', () => {
    expect(concordanceIndex([5, 1, 2], [1, 1, 2])).toBe(0.5);
    expect(concordanceIndex([1, 2], [1, 1])).toBeNaN();
  });
});

describe('one sample a second', () => {
  it('takes the highest score and any anomaly of the second', () => {
    const result = perSecond(video('v', [1, 5, 2, 3, 4], [0, 1, 0, 0, 0]), [0, 0.5, 1, 1.5, 2]);
    expect(Array.from(result.scores)).toEqual([5, 3, 4]);
    expect(Array.from(result.labels)).toEqual([1, 0, 0]);
  });

  it('carries the last second over one without a frame', () => {
    const result = perSecond(video('v', [1, 4], [1, 0]), [0, 2.2]);
    expect(Array.from(result.scores)).toEqual([1, 1, 4]);
    expect(Array.from(result.labels)).toEqual([1, 1, 0]);
  });
});

describe('quantile', () => {
  it('interpolates like NumPy', () => {
    expect(quantile([4, 1, 2, 3], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8, 12);
  });

  it('is infinite as soon as it touches an infinite value, and NaN for nothing', () => {
    expect(quantile([1, Number.POSITIVE_INFINITY], 0.5)).toBe(Number.POSITIVE_INFINITY);
    expect(quantile([1, 2, Number.POSITIVE_INFINITY], 0.5)).toBe(2);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('a tally of scores', () => {
  it('keeps distinct scores, highest first, with their counts', () => {
    const tally = tallyScores([video('a', [0.5, 0.1], [1, 0]), video('b', [0.5, 0.9], [0, 1])]);
    expect(Array.from(tally.scores)).toEqual([0.9, 0.5, 0.1]);
    expect(Array.from(tally.positives)).toEqual([1, 1, 0]);
    expect(Array.from(tally.negatives)).toEqual([0, 1, 1]);
  });
});
