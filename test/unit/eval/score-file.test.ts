import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadScoreFile } from '../../../src/eval/load-input.ts';
import { averagePrecision } from '../../../src/eval/metrics/average-precision.ts';
import { centrePrior, constantPerVideo, delayedTruth } from '../../../src/eval/metrics/controls.ts';
import { abnormalAuc, hasAnomaly, microAuc } from '../../../src/eval/metrics/roc-auc.ts';
import { reportScoreFile } from '../../../src/eval/metrics-report.ts';
import { parseScoreFile, scoredFrames } from '../../../src/eval/score-file.ts';
import { VedetteError } from '../../../src/platform/errors.ts';
import { dataPath } from './shared-data.ts';

const good = { video: 'a', frames: 8, anomalous: [[2, 3]], scores: [0.1, 0.9, 0.2, 0.3] };

function refusal(content: unknown): VedetteError {
  try {
    parseScoreFile(typeof content === 'string' ? content : JSON.stringify(content), 'scores.json');
  } catch (thrown) {
    if (thrown instanceof VedetteError) return thrown;
    throw thrown;
  }
  throw new Error('the file was accepted');
}

describe('a score file', () => {
  it('spreads K scores over the frames: frame f has score floor(f K / frames)', () => {
    const file = parseScoreFile(JSON.stringify({ videos: [{ ...good, frames: 7 }], more: 'is let be' }), 'scores.json');
    const [video] = file.videos.map(scoredFrames);
    expect(Array.from(video?.scores ?? [])).toEqual([0.1, 0.1, 0.9, 0.9, 0.2, 0.2, 0.3]);
    expect(Array.from(video?.labels ?? [])).toEqual([0, 0, 1, 1, 0, 0, 0]);
  });

  it.each([
    ['what is no JSON', '{"videos":[', 'the file', /not JSON/],
    ['another form', [], 'the file', /must be an object, not a list/],
    ['no videos', {}, 'videos', /must be a list, not nothing/],
    ['an empty list', { videos: [] }, 'videos', /is empty/],
    ['no frames', { videos: [{ ...good, frames: 0 }] }, 'videos[0].frames', /above 0/],
    ['part of a frame', { videos: [{ ...good, frames: 8.5 }] }, 'videos[0].frames', /whole number/],
    ['a null score', { videos: [{ ...good, scores: [0.1, null] }] }, 'videos[0].scores[1]', /finite number, not null/],
    ['no scores', { videos: [{ ...good, scores: [] }] }, 'videos[0].scores', /is empty/],
    [
      'more scores than frames',
      { videos: [{ ...good, frames: 3, anomalous: [] }] },
      'videos[0].scores',
      /4 scores for 3/,
    ],
    ['a range past the end', { videos: [{ ...good, anomalous: [[2, 8]] }] }, 'videos[0].anomalous', /ends at frame 8/],
    [
      'a range backwards',
      { videos: [{ ...good, anomalous: [[3, 2]] }] },
      'videos[0].anomalous[0]',
      /begins at 3 after/,
    ],
    ['half a range', { videos: [{ ...good, anomalous: [[3]] }] }, 'videos[0].anomalous[0]', /two whole numbers/],
    ['a video twice', { videos: [good, good] }, 'videos[1].video', /appears twice/],
    ['a frame rate of 0', { videos: [good], framesPerSecond: 0 }, 'framesPerSecond', /above 0/],
  ])('is refused for %s, with field, reason and remedy', (_, content, field, reason) => {
    const error = refusal(content);
    expect(error.code).toBe('VDT_SCORE_FILE_INVALID');
    expect(error.values.field).toBe(field);
    expect(error.message).toContain('scores.json');
    expect(error.message).toMatch(reason);
    expect(error.hint.length).toBeGreaterThan(10);
  });
});

describe('the report of a score file', () => {
  it('prints null with a note where a figure does not exist, never NaN', () => {
    const report = reportScoreFile(parseScoreFile(JSON.stringify({ videos: [{ ...good, anomalous: [] }] }), 's'));
    expect(report.microAuc).toBeNull();
    expect(report.macroAuc).toBeNull();
    expect(report.macroVideos).toBe(0);
    expect(report.notes.join('\n')).toMatch(/microAuc is null: the frames are all of one class/);
    expect(JSON.stringify(report)).not.toContain('NaN');
  });

  it('measures false positives at the threshold that the file names', () => {
    const videos = [good, { video: 'n', frames: 4, anomalous: [], scores: [0.1, 0.6] }];
    const report = reportScoreFile(parseScoreFile(JSON.stringify({ videos, threshold: 0.5 }), 's'));
    expect(report.falsePositiveRateOnNormal).toBe(0.5);
  });
});

const ucf = dataPath('metrics/ucf_eval_scores.json');
describe.skipIf(!existsSync(ucf))('UCF-Crime test scores (skipped where ../shared/data is not there)', () => {
  it('agree with the expected figures to 1e-5', { timeout: 60_000 }, async () => {
    const report = reportScoreFile(await loadScoreFile(ucf));
    const { default: content } = await import(ucf, { with: { type: 'json' } });
    const { constantPerVideoOracle, ...expected } = content.expected as Record<string, number> & {
      constantPerVideoOracle: Record<string, number>;
    };
    const printed = JSON.parse(JSON.stringify(report));
    for (const [key, value] of Object.entries(expected)) expect(Math.abs(printed[key] - value), key).toBeLessThan(1e-5);
    for (const [key, value] of Object.entries(constantPerVideoOracle))
      expect(Math.abs(printed.constantPerVideoOracle[key] - value), key).toBeLessThan(1e-5);
    expect(report.videos).toBe(290);
    expect(report.frames).toBe(1_109_680);
    // The known controls of this test set.
    expect(report.controls.centrePriorMicroAuc).toBeCloseTo(0.618, 3);
  });

  it('show the sanity anchors: oracle 0.816 and 0.182, truth four 16-frame snippets late 0.937', async () => {
    const videos = (await loadScoreFile(ucf)).videos.map(scoredFrames);
    const oracle = constantPerVideo(videos);
    expect(microAuc(oracle)).toBeCloseTo(0.816, 3);
    expect(averagePrecision(oracle)).toBeCloseTo(0.182, 3);
    expect(abnormalAuc(oracle)).toBe(0.5);
    expect(microAuc(delayedTruth(videos, 64))).toBeCloseTo(0.937, 3);
    // right videos with a triangle in them, which still saw nothing
    const triangles = centrePrior(videos).map((video, i) => (hasAnomaly(video) ? video : (oracle[i] ?? video)));
    expect(microAuc(triangles)).toBeCloseTo(0.865, 2);
    expect(abnormalAuc(centrePrior(videos))).toBeCloseTo(0.634, 3);
    const delays = { 16: 0.984, 32: 0.968, 150: 0.869, 300: 0.794 };
    for (const [frames, expected] of Object.entries(delays))
      expect(microAuc(delayedTruth(videos, Number(frames)))).toBeCloseTo(expected, 2);
  });
});
