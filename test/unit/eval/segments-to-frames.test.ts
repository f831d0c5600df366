import { describe, expect, it } from 'vitest';
import { mapInOrder } from '../../../src/eval/ordered-pipeline.ts';
import { scoreFrames } from '../../../src/eval/segments-to-frames.ts';

function segment(startSeconds: number, endSeconds: number, score: number) {
  return { startSeconds, endSeconds, score };
}

describe('scores on native frames', () => {
  it('gives several native frames of one sampled frame the score of the segment they lie in', () => {
    // 30 native frames a second, sampled at 10: the two native frames after a segment's last sample are still its own.
    const native = Array.from({ length: 15 }, (_, i) => i / 30);
    const scores = scoreFrames(native, [segment(0, 0.1, 1), segment(0.2, 0.3, 2)]);
    expect(Array.from(scores)).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
  });

  it('takes no harm from containers that round times to milliseconds', () => {
    const native = [0, 0.033, 0.067, 0.1, 0.133, 0.167];
    const scores = scoreFrames(native, [segment(0, 0.0667, 1), segment(0.1001, 0.1668, 2)]);
    expect(Array.from(scores)).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it('gives frames before the first and after the last segment to those', () => {
    expect(Array.from(scoreFrames([0, 1, 2, 3, 4], [segment(1, 1, 5), segment(2, 2, 6)]))).toEqual([5, 5, 6, 6, 6]);
  });

  it('is 0 without a segment', () => {
    expect(Array.from(scoreFrames([0, 1], []))).toEqual([0, 0]);
  });
});

describe('the pipeline', () => {
  async function* numbers(count: number) {
    for (let i = 0; i < count; i++) yield i;
  }

  it('keeps the order however long each call takes, with no more than its limit under way', async () => {
    let underWay = 0;
    let most = 0;
    const results: number[] = [];
    const slowFirst = async (n: number) => {
      most = Math.max(most, ++underWay);
      for (let turn = 0; turn < 20 - n; turn++) await Promise.resolve();
      underWay--;
      return n;
    };
    for await (const n of mapInOrder(numbers(10), 3, slowFirst)) results.push(n);
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(3);
  });

  it('throws a failure in its turn, after what came before it', async () => {
    const results: number[] = [];
    const reading = async () => {
      const failAt = async (n: number) => {
        if (n === 4) throw new Error('broken');
        return n;
      };
      for await (const n of mapInOrder(numbers(10), 3, failAt)) results.push(n);
    };
    await expect(reading()).rejects.toThrow('broken');
    expect(results).toEqual([0, 1, 2, 3]);
  });
});
