import { describe, expect, it } from 'vitest';
import { frameDifferenceScorer } from '../../../src/eval/frame-difference.ts';
import { clipScorerOf } from '../../../src/eval/head-scorer.ts';
import type { HeadOutput, LearnedFeatures } from '../../../src/score/learned-features.ts';
import type { SegmentFeatures } from '../../../src/score/segment-features.ts';
import { makeSegment } from '../../support/segments.ts';

const judged = (...heads: [string, number][]): LearnedFeatures => ({
  embeddings: {},
  heads: Object.fromEntries(heads.map(([id, score]): [string, HeadOutput] => [id, { score, experts: [] }])),
});
const featuresWith = (learned?: LearnedFeatures): SegmentFeatures => ({
  epoch: 1,
  sequence: 0,
  startMs: 0,
  endMs: 400,
  rows: 1,
  columns: 1,
  channels: 1,
  values: Float32Array.of(200),
  ...(learned ? { learned } : {}),
});

describe('what scores a clip of an unknown camera', () => {
  it('is frame difference where no head was named', () => {
    expect(clipScorerOf([])).toBe(frameDifferenceScorer);
  });

  it('is the first named head, with its name and deployed threshold, and says which others do not count', () => {
    const one = { id: 'fights', threshold: 0.2 };
    expect(clipScorerOf([one])).toMatchObject({ name: 'fights', threshold: 0.2, notes: [] });
    const first = clipScorerOf([one, { id: 'falls', threshold: 0.6 }, { id: 'theft', threshold: 0.7 }]);
    expect(first).toMatchObject({ name: 'fights', threshold: 0.2 });
    expect(first.notes).toEqual([
      'the clips were scored by fights alone; name another head first to use it: falls, theft',
    ]);
  });

  it('takes that head’s score of each segment, and the lowest of all where it did not judge', () => {
    const clip = clipScorerOf([
      { id: 'fights', threshold: 0.2 },
      { id: 'falls', threshold: 0.6 },
    ]).startClip();
    const observe = (learned?: LearnedFeatures) => clip.observe(makeSegment(), featuresWith(learned));
    expect(observe(judged(['falls', 0.9], ['fights', 0.25]))).toBe(0.25);
    expect(observe(judged(['fights', 0]))).toBe(0);
    for (const silent of [observe(judged(['falls', 0.9])), observe(), clip.observe(makeSegment(), null)]) {
      expect(silent).toBe(Number.NEGATIVE_INFINITY);
    }
  });
});
