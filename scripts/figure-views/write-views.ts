import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NpyWriter } from '../../src/cli/feature-export/npy-writer.ts';
import type { SceneEvent } from '../../src/scene/long-run/anomaly-plan.ts';
import { BLOCK_SEGMENTS, strideMs } from '../../src/score/adaptation.ts';
import { MAXIMUM_REFERENCES } from '../../src/score/camera-scorer.ts';
import type { HistorySample } from '../../src/score/cue-head.ts';
import { type BackdropState, stepBackdrop } from '../../src/score/figures/backdrop.ts';
import {
  followJudged,
  NO_PATHS,
  type PathState,
  VIEW_FIELDS,
  VIEW_LENGTH,
} from '../../src/score/figures/figure-paths.ts';
import {
  collectFigureReferences,
  type FigureReferences,
  WHOLE_HISTORY,
} from '../../src/score/figures/figure-references.ts';
import { LearningMemory } from '../../src/score/learning-memory.ts';
import type { Observation } from '../../src/score/observation.ts';
import { observationOf } from '../../src/score/observe.ts';
import { openFeatures, SEGMENT_SECONDS } from '../bench-alerts/features.ts';
import { type CameraJob, sceneName } from '../bench-alerts/job.ts';

const FOLDS = 8;
/** Learned from so often: the service does so less often once the camera is old, and after each switch of the light. */
const HOUR_SEGMENTS = 3600 / SEGMENT_SECONDS;
const SEGMENT_MS = SEGMENT_SECONDS * 1000;
/** Segments about an event, and after it, that are neither normal nor it, seconds. */
const BEFORE_SECONDS = 2;
const AFTER_SECONDS = 12;
/** Where a segment counts as the event: its end lies so long after the onset, and at most so long after the event's end, seconds. */
const ONSET_SECONDS = 0.3;

export function isWritten(job: CameraJob, folder: string): boolean {
  return existsSync(join(folder, `${sceneName(job)}.json`));
}

/**
 * Plays one generated camera and writes the view of every figure (VIEW_FIELDS), with the truth: `NAME.views.npy` figures x fields,
 * `NAME.segments.npy` segments x 5 (end in seconds, first figure, figures, label, 1 for learning), `NAME.json` names and events. The label is 0 for
 * normal life, the number of the event from 1 on, -1 for what is neither. Segments of learning come first, each by references that never saw
 * its part of the history.
 *
 * @returns a line that says what was written
 */
export async function writeViews(job: CameraJob, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const base = join(folder, sceneName(job));
  const views = await NpyWriter.create(`${base}.views.npy`);
  const segments = await NpyWriter.create(`${base}.segments.npy`);
  const write = async (seconds: number, label: number, learning: number, own: Float32Array): Promise<void> => {
    const count = own.length / VIEW_LENGTH;
    await segments.append(Float32Array.of(seconds, views.rows, count, label, learning));
    for (let figure = 0; figure < count; figure++) {
      await views.append(own.slice(figure * VIEW_LENGTH, (figure + 1) * VIEW_LENGTH));
    }
  };
  const stream = await openFeatures(job);
  const learnSegments = Math.ceil((job.learnMinutes * 60) / SEGMENT_SECONDS);
  const memory = new LearningMemory(MAXIMUM_REFERENCES, 1);
  let references: FigureReferences | null = null;
  let backdrop: BackdropState | null = null;
  let paths = NO_PATHS;
  let block: Observation[] = [];
  let seen = 0;
  for await (const features of stream.segments()) {
    const { lattice, epoch, endMs } = features;
    if (!lattice) throw new Error('the pack gave no lattice');
    const step = stepBackdrop(backdrop, lattice, epoch);
    backdrop = step.state;
    const observation = observationOf(features, [], step.foreground);
    seen += 1;
    if (seen <= learnSegments) {
      memory.add(observation, 0);
      if (seen < learnSegments) continue;
      const history = foldsOf(memory);
      const learned = collectFigureReferences(history, 1);
      references = learned;
      let before = NO_PATHS;
      for (const sample of history) {
        before = follow(learned, before, sample, sample.fold);
        await write((sample.endMs - sample.epoch) / 1000, 0, 1, before.views);
      }
      continue;
    }
    if (references === null) continue;
    paths = follow(references, paths, observation, WHOLE_HISTORY);
    const seconds = (endMs - epoch) / 1000;
    const label = labelOf(stream.events, seconds);
    await write(seconds, label, 0, paths.views);
    block = label === 0 ? [...block, observation] : [];
    if (block.length === BLOCK_SEGMENTS) {
      const stride = strideMs((seen - learnSegments) * SEGMENT_MS) / SEGMENT_MS;
      if (seen % stride < BLOCK_SEGMENTS) memory.admit(block, 0);
      block = [];
    }
    if ((seen - learnSegments) % HOUR_SEGMENTS === 0) references = collectFigureReferences(foldsOf(memory), 1);
  }
  const figures = views.rows;
  await views.finish();
  await segments.finish();
  const { kind, seed, startHour } = job;
  // written last: without it the camera does not count
  await writeFile(
    `${base}.json`,
    JSON.stringify({ kind, seed, startHour, fields: VIEW_FIELDS, events: stream.events }),
  );
  return `${sceneName(job)}: ${seen} segments, ${figures} figures, ${stream.events.length} events`;
}

function follow(
  references: FigureReferences,
  before: PathState,
  { epoch, sequence, figures = new Float32Array(0) }: Observation,
  fold: number,
): PathState {
  return followJudged(references, fold, before, { epoch, sequence, figures });
}

function foldsOf(memory: LearningMemory): readonly HistorySample[] {
  const samples = memory.samples();
  return samples.map((sample, index) => ({ ...sample, fold: Math.floor((index * FOLDS) / samples.length) }));
}

function labelOf(events: readonly SceneEvent[], seconds: number): number {
  const index = events.findIndex(
    ({ startSecond, endSecond }) => seconds >= startSecond + ONSET_SECONDS && seconds <= endSecond + ONSET_SECONDS,
  );
  if (index >= 0) return index + 1;
  const isNear = events.some(
    ({ startSecond, endSecond }) => seconds >= startSecond - BEFORE_SECONDS && seconds <= endSecond + AFTER_SECONDS,
  );
  return isNear ? -1 : 0;
}
