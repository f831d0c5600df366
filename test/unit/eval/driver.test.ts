import { describe, expect, it } from 'vitest';
import type { Dataset, SceneDataset } from '../../../src/eval/dataset.ts';
import { evaluate } from '../../../src/eval/driver.ts';
import { clipScorerOf } from '../../../src/eval/head-scorer.ts';
import type { EvalProgress } from '../../../src/eval/progress.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { FakePath, frames } from './fake-path.ts';

type Ranges = [number, number][];

function scene(normal: string[], test: Record<string, Ranges>): SceneDataset {
  return {
    kind: 'scene',
    name: 'made-up',
    cameras: [
      {
        id: 'gate',
        field: 'cameras[0]',
        normal,
        test: Object.entries(test).map(([file, anomalous], i) => ({
          file,
          name: file,
          anomalous,
          field: `cameras[0].test[${i}]`,
        })),
      },
    ],
  };
}

async function run(dataset: Dataset, path: FakePath) {
  const progress: EvalProgress[] = [];
  const clock = new ManualClock();
  const onProgress = (one: EvalProgress) => {
    clock.advance(1000);
    progress.push(one);
  };
  const report = await evaluate(dataset, { file: 'set.json', path, clock, onProgress });
  return { report, progress };
}

async function runScene(dataset: SceneDataset, path: FakePath) {
  const { report, progress } = await run(dataset, path);
  if (report.kind !== 'scene') throw new Error('not a scene');
  return { report, progress };
}

const NORMAL = { 'n1.mp4': frames([20, 5]), 'n2.mp4': frames([20, 6]) };
/** Ten quiet seconds, four anomalous ones, ten quiet ones. */
const EVENT = frames([100, 10], [40, 90], [100, 10]);

describe('evaluating a scene', () => {
  it('learns from each normal recording, then watches the test videos in order, each a later epoch', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': EVENT, 'b.mp4': EVENT });
    await runScene(scene(['n1.mp4', 'n2.mp4'], { 'a.mp4': [[100, 139]], 'b.mp4': [[100, 139]] }), path);
    expect(path.log).toEqual([
      'camera recordings',
      'open n1.mp4',
      'end of recording',
      'open n2.mp4',
      'end of recording',
      'learned 8',
      'open a.mp4',
      'open b.mp4',
    ]);
    expect([...path.epochs].sort((a, b) => a - b)).toEqual(path.epochs);
    expect(new Set(path.epochs).size).toBe(4);
  });

  it('prints the figures of a detector that is right', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': EVENT, 'n.mp4': frames([240, 10]) });
    const { report } = await runScene(scene(['n1.mp4', 'n2.mp4'], { 'a.mp4': [[100, 139]], 'n.mp4': [] }), path);
    expect(report).toMatchObject({
      kind: 'scene',
      name: 'made-up',
      packs: [{ id: 'motion-grid', version: '1.0.0' }],
      frameAuc: 1,
      frameAucMacro: 1,
      aucAbnormal: 1,
      ap: 1,
      eventRecall: 1,
      falseAlertsPerCameraDay: { value: 0, low: 0 },
      panel: { videos: 2, macroVideos: 1, frames: 480, anomalousFrames: 40, events: 1, alerts: 1, duplicateAlerts: 0 },
    });
    expect(report.pate).toBeCloseTo(1, 12);
    // The event begins at frame 100 (10 s); the alert leaves at the end of the segment of frames 100 to 104.
    expect(report.timeToDetectSeconds.p50).toBeCloseTo(0.4, 9);
    expect(report.timeToDetectSeconds.p95).toBeCloseTo(0.4, 9);
    // Two videos of 24 s: no alert in them bounds the rate by 3.0 over that time.
    expect(report.falseAlertsPerCameraDay.cameraDays).toBeCloseTo((2 * 23.9) / 86_400, 9);
    expect(report.falseAlertsPerCameraDay.high).toBeCloseTo((2.9957 * 86_400) / (2 * 23.9), -2);
    expect(report.notes.join('\n')).toMatch(/read its interval/);
    // 520 sampled frames over the four seconds that the clock saw.
    expect(report.framesPerSecond).toBeGreaterThan(0);
  });

  it('counts a miss as infinite and a stray alert as false', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': frames([100, 90], [200, 10]) });
    const { report } = await runScene(scene(['n1.mp4', 'n2.mp4'], { 'a.mp4': [[250, 270]] }), path);
    expect(report.eventRecall).toBe(0);
    expect(report.timeToDetectSeconds).toEqual({ p50: null, p95: null });
    expect(report.panel).toMatchObject({ alerts: 1, falseAlerts: 1 });
    expect(report.falseAlertsPerCameraDay.value).toBeCloseTo(86_400 / 29.9, 6);
    expect(report.notes.join('\n')).toMatch(/timeToDetectSeconds.p50 is null: too many events were missed/);
  });

  it('counts what is for review apart: neither found nor a false alert, until it is promoted', async () => {
    const dataset = scene(['n1.mp4', 'n2.mp4'], { 'a.mp4': [[100, 139]] });
    const recordings = { ...NORMAL, 'a.mp4': EVENT };
    const path = new FakePath(recordings);
    path.decide = () => 'review';
    const { report } = await runScene(dataset, path);
    expect(report.eventRecall).toBe(0);
    expect(report.panel).toMatchObject({ alerts: 0, falseAlerts: 0, reviews: 1 });
    const late = new FakePath(recordings);
    let alarms = 0;
    late.decide = () => (++alarms > 2 ? 'alert' : 'review');
    const promoted = (await runScene(dataset, late)).report;
    expect(promoted.panel).toMatchObject({ alerts: 1, falseAlerts: 0, reviews: 0 });
    // two segments later than the first alarm
    expect(promoted.timeToDetectSeconds.p50).toBeCloseTo(1.4, 9);
  });

  it('lets no incident reach from one video into the next', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': frames([100, 10], [40, 90]), 'b.mp4': frames([40, 90], [60, 10]) });
    const dataset = scene(['n1.mp4', 'n2.mp4'], { 'a.mp4': [[100, 139]], 'b.mp4': [[0, 39]] });
    const { report } = await runScene(dataset, path);
    expect(report.eventRecall).toBe(1);
    expect(report.panel).toMatchObject({ alerts: 2, falseAlerts: 0 });
  });

  it('without normal recordings learns from the first moments, which score 0 and are not monitored', async () => {
    const path = new FakePath({ 'a.mp4': EVENT }, 4);
    const { report } = await runScene(scene([], { 'a.mp4': [[100, 139]] }), path);
    expect(path.log).toEqual(['camera live', 'open a.mp4']);
    expect(report.frameAuc).toBe(1);
    expect(report.falseAlertsPerCameraDay.cameraDays).toBeCloseTo((23.9 - 2) / 86_400, 9);
    expect(report.notes).toContain('camera gate learned from the first 4 of 48 test segments; their frames score 0');
  });

  it('says so when a camera never finished learning', async () => {
    const path = new FakePath({ 'a.mp4': EVENT }, 1000);
    const { report } = await runScene(scene([], { 'a.mp4': [[100, 139]] }), path);
    expect(report.frameAuc).toBe(0.5);
    expect(report.falseAlertsPerCameraDay).toEqual({ value: null, low: null, high: null, cameraDays: 0 });
    expect(report.notes.join('\n')).toMatch(/still learning when its videos ended/);
    expect(JSON.stringify(report)).not.toMatch(/NaN|Infinity/);
  });

  it('refuses normal recordings that are too short to learn from', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': EVENT }, 50);
    await expect(run(scene(['n1.mp4'], { 'a.mp4': [[100, 139]] }), path)).rejects.toMatchObject({
      code: 'VDT_DATASET_INVALID',
      values: { field: 'cameras[0].normal' },
      message: expect.stringContaining('too short to learn from'),
    });
  });

  it('gives frames of an unfinished last segment the score of the last whole one', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': [...frames([20, 10], [5, 90]), ...frames([3, 0])] });
    const { report } = await runScene(scene(['n1.mp4'], { 'a.mp4': [[20, 27]] }), path);
    expect(report.frameAuc).toBe(1);
    expect(report.panel.frames).toBe(28);
  });

  it('does not score differently for what comes later', async () => {
    const whole = frames([30, 10], [20, 90], [25, 40], [25, 80]);
    const score = async (recording: number[]) => {
      const path = new FakePath({ ...NORMAL, 'a.mp4': recording });
      const { CameraRun } = await import('../../../src/eval/camera-run.ts');
      const camera = new CameraRun(path, 'gate', 'recordings', () => {});
      await camera.learn('n1.mp4');
      camera.finishLearning();
      return camera.test('a.mp4');
    };
    const all = await score(whole);
    for (const length of [12, 30, 47, 75]) {
      const cut = await score(whole.slice(0, length));
      expect(cut.segments).toEqual(all.segments.slice(0, cut.segments.length));
    }
  });

  it('refuses an anomaly wholly past the end before anything is scored, and cuts one that reaches past it', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': EVENT });
    await expect(run(scene(['n1.mp4'], { 'a.mp4': [[240, 250]] }), path)).rejects.toMatchObject({
      code: 'VDT_DATASET_INVALID',
      values: { file: 'set.json', field: 'cameras[0].test[0].anomalous' },
    });
    expect(path.log).toEqual([]);
    const { report } = await runScene(scene(['n1.mp4'], { 'a.mp4': [[200, 250]] }), path);
    expect(report.panel.anomalousFrames).toBe(40);
    expect(report.notes.join('\n')).toMatch(/reaches to frame 250 of 240/);
  });

  it('tells its progress after each recording', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': EVENT });
    const { progress } = await runScene(scene(['n1.mp4', 'n2.mp4'], { 'a.mp4': [[100, 139]] }), path);
    expect(progress.map(({ done, total, phase, file }) => [done, total, phase, file])).toEqual([
      [1, 3, 'learning', 'n1.mp4'],
      [2, 3, 'learning', 'n2.mp4'],
      [3, 3, 'testing', 'a.mp4'],
    ]);
  });

  it('passes on what the path throws', async () => {
    const path = new FakePath({ ...NORMAL, 'a.mp4': EVENT });
    path.extract = async (segment) => {
      throw new Error(`segment ${segment.sequence} cannot be read`);
    };
    await expect(run(scene(['n1.mp4'], { 'a.mp4': [] }), path)).rejects.toThrow('segment 0 cannot be read');
  });
});

describe('evaluating clips', () => {
  const clips: Dataset = {
    kind: 'clips',
    name: 'fights',
    clips: [
      { file: 'f1.mp4', name: 'f1.mp4', label: 'fight', group: 'a' },
      { file: 'f2.mp4', name: 'f2.mp4', label: 'fight', group: 'b' },
      { file: 'n1.mp4', name: 'n1.mp4', label: 'normal', group: 'a' },
      { file: 'n2.mp4', name: 'n2.mp4', label: 'normal', group: 'c' },
    ],
  };
  const recordings = {
    'f1.mp4': frames([10, 20], [5, 80], [5, 20]),
    'f2.mp4': frames([20, 40]),
    'n1.mp4': frames([20, 50]),
    'n2.mp4': frames([20, 10]),
  };
  /** The features are the brightness. */
  const brightness = {
    name: 'brightness-head',
    threshold: 60,
    startClip: () => ({
      observe: (_: unknown, features: { readonly values: Float32Array } | null) => features?.values[0] ?? 0,
    }),
  };

  it('scores each by its highest segment, against its label and the deployed threshold', async () => {
    const { report } = await run(clips, new FakePath(recordings, 2, brightness));
    expect(report).toMatchObject({
      kind: 'clips',
      name: 'fights',
      auc: 0.75,
      accuracy: 0.75,
      packs: [{ id: 'motion-grid', version: '1.0.0' }],
      panel: { clips: 4, anomalousClips: 2, groups: 3, scorer: 'brightness-head', threshold: 60 },
      notes: [],
    });
  });

  it('without a head that can, says so and falls back to frame difference, without a made-up accuracy', async () => {
    const path = new FakePath({ ...recordings, 'f2.mp4': [0, 9, 0, 9, 0] });
    const { report } = await run(clips, path);
    expect(report).toMatchObject({ kind: 'clips', auc: 0.75, accuracy: null, panel: { scorer: 'frame-difference' } });
    expect(report.notes.join('\n')).toMatch(/normality head would have to learn that camera first/);
    expect(report.notes.join('\n')).toMatch(/accuracy is null/);
  });

  it('with a head takes its scores, and counts the clips that it never judged apart from those that are too short', async () => {
    const path = new FakePath({ ...recordings, 'n2.mp4': [1, 2] }, 2, clipScorerOf([{ id: 'dark', threshold: 0.3 }]));
    const plain = path.extract.bind(path);
    path.extract = async (segment) => {
      const features = await plain(segment);
      const level = (features.values[0] ?? 0) / 100;
      // a head that looks at dark pictures only
      const heads = level < 0.5 ? { dark: { score: level, experts: [] } } : {};
      return { ...features, learned: { embeddings: {}, heads } };
    };
    const { report } = await run(clips, path);
    expect(report).toMatchObject({
      auc: 1, // f1 0.2 and f2 0.4 against two clips without a score
      accuracy: 0.75,
      panel: { scorer: 'dark', threshold: 0.3 },
      notes: [
        'n2.mp4 is shorter than one segment; it scores below all others',
        'dark judged nothing in 1 of 4 clips; they score below all others',
      ],
    });
    expect(report.panel).toHaveProperty('frameDifferenceAuc', expect.any(Number));
  });

  it('says that figures on the data a pack was trained on are no test; of scenes too', async () => {
    const trained = [{ id: 'motion-grid', version: '1.0.0', trainedOn: 'fights and made-up' }];
    const note = (name: string) => `motion-grid was trained on ${name}: these figures are not a test`;
    const path = Object.assign(new FakePath(recordings, 2, brightness), { packs: trained });
    const { report } = await run(clips, path);
    expect(report.notes).toEqual([note('fights')]);
    expect(report.packs).toEqual([{ id: 'motion-grid', version: '1.0.0' }]);
    const watching = Object.assign(new FakePath({ ...NORMAL, 'a.mp4': EVENT }), { packs: trained });
    const seen = await runScene(scene(['n1.mp4'], { 'a.mp4': [[100, 139]] }), watching);
    expect(seen.report.notes).toContain(note('made-up'));
  });

  it('notes a clip shorter than one segment', async () => {
    const { report } = await run(clips, new FakePath({ ...recordings, 'n2.mp4': [1, 2] }, 2, brightness));
    expect(report.notes).toEqual(['n2.mp4 is shorter than one segment; it scores below all others']);
  });
});
