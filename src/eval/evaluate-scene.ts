import { problem, VedetteError } from '../platform/errors.ts';
import { CameraRun } from './camera-run.ts';
import type { SceneCamera, SceneDataset, TestVideo } from './dataset.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import type { EvaluatedVideo } from './evaluated-video.ts';
import { frameLabels } from './frame-labels.ts';
import { Notes } from './printable.ts';
import { reportScene, type SceneReport } from './scene-report.ts';
import { scoreFrames } from './segments-to-frames.ts';
import { trainingNotes } from './training-notes.ts';

/**
 * Runs fixed cameras through the live path: each learns from its normal recordings, then watches its test videos in
 * order, each a new epoch.
 * @throws VDT_DATASET_INVALID when an anomaly lies wholly past its video's end, before anything is scored
 */
export async function evaluateScene(dataset: SceneDataset, options: EvaluateOptions): Promise<SceneReport> {
  const { path, clock, onProgress } = options;
  const notes = new Notes();
  for (const note of trainingNotes(dataset.name, path.packs)) notes.add(note);
  const frameTimes = await readFrameTimes(dataset, options, notes);
  const total = dataset.cameras.reduce((sum, camera) => sum + camera.normal.length + camera.test.length, 0);
  const beginMs = clock.monotonicMs();
  let frames = 0;
  let done = 0;
  const framesPerSecond = () => frames / Math.max(1e-3, (clock.monotonicMs() - beginMs) / 1000);
  const advance = (phase: 'learning' | 'testing', file: string) =>
    onProgress?.({ done: ++done, total, phase, file, framesPerSecond: framesPerSecond() });

  const videos: EvaluatedVideo[] = [];
  for (const camera of dataset.cameras) {
    const run = new CameraRun(path, camera.id, camera.normal.length > 0 ? 'recordings' : 'live', (count) => {
      frames += count;
    });
    for (const file of camera.normal) {
      await run.learn(file);
      advance('learning', file);
    }
    if (camera.normal.length > 0) finishLearning(run, camera, options.file);
    const results: EvaluatedVideo[] = [];
    for (const video of camera.test) {
      const recording = await run.test(video.file);
      results.push(toEvaluated(camera, video, recording, frameTimes.get(video) ?? new Float64Array()));
      advance('testing', video.file);
    }
    noteLearning(camera, results, notes);
    videos.push(...results);
  }
  options.onEvidence?.({ kind: 'scene', videos });
  return reportScene({ name: dataset.name, packs: path.packs, framesPerSecond: framesPerSecond(), videos, notes });
}

function finishLearning(run: CameraRun, camera: SceneCamera, file: string): void {
  try {
    run.finishLearning();
  } catch (thrown) {
    if (!(thrown instanceof VedetteError) || thrown.code !== 'VDT_LEARNING_TOO_SHORT') throw thrown;
    throw problem(
      'VDT_DATASET_INVALID',
      { file, field: `${camera.field}.normal`, reason: `is too short to learn from: ${thrown.message}` },
      {
        hint: 'Give longer recordings of normal life, or an empty list to let the camera learn while it is watched.',
        cause: thrown,
      },
    );
  }
}

function toEvaluated(
  camera: SceneCamera,
  video: TestVideo,
  recording: EvaluatedVideo['recording'],
  frameSeconds: Float64Array,
): EvaluatedVideo {
  return {
    cameraId: camera.id,
    name: video.name,
    frameSeconds,
    scores: scoreFrames(frameSeconds, recording.segments),
    labels: frameLabels(frameSeconds.length, video.anomalous),
    recording,
  };
}

function noteLearning(camera: SceneCamera, results: readonly EvaluatedVideo[], notes: Notes): void {
  const learning = results.reduce((sum, { recording }) => sum + recording.learningSegments, 0);
  const segments = results.reduce((sum, { recording }) => sum + recording.segments.length, 0);
  if (segments === 0)
    notes.add(`camera ${camera.id}: its test videos are shorter than one segment; their frames score 0`);
  else if (learning === segments)
    notes.add(`camera ${camera.id} was still learning when its videos ended; all their frames score 0`);
  else if (learning > 0)
    notes.add(
      `camera ${camera.id} learned from the first ${learning} of ${segments} test segments; their frames score 0`,
    );
}

/** Native frame times of every test video, from 0 at the first frame. Read before the long work, to refuse early. */
async function readFrameTimes(dataset: SceneDataset, { file, path }: EvaluateOptions, notes: Notes) {
  const times = new Map<TestVideo, Float64Array>();
  for (const video of dataset.cameras.flatMap((camera) => camera.test)) {
    const native = await path.frameTimes(video.file);
    const origin = native[0] ?? 0;
    if (native.length === 0)
      throw problem(
        'VDT_DATASET_INVALID',
        { file, field: `${video.field}.file`, reason: `${video.name} holds no pictures` },
        { hint: 'Check that it plays; it may be an audio file or cut short.' },
      );
    for (const [first, last] of video.anomalous) {
      if (first >= native.length)
        throw problem(
          'VDT_DATASET_INVALID',
          {
            file,
            field: `${video.field}.anomalous`,
            reason: `begins at frame ${first} of ${video.name}, which has ${native.length} frames`,
          },
          { hint: `Frames count from 0; the last one is ${native.length - 1}.` },
        );
      if (last >= native.length)
        notes.add(
          `${video.name}: an anomaly reaches to frame ${last} of ${native.length} frames and was cut at the end`,
        );
    }
    times.set(
      video,
      Float64Array.from(native, (seconds) => seconds - origin),
    );
  }
  return times;
}
