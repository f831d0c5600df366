import type { AnyCueHead, CueDefinition, GridShape, HistorySample, Reading } from './cue-head.ts';
import { tailsByHour } from './day-part.ts';
import { dependenceLength } from './dependence.ts';
import { strangestThing } from './feedback/describe.ts';
import { type OrdinaryThing, ordinaryThings } from './feedback/ordinary-things.ts';
import { followsInRecording } from './follows.ts';
import { FUSED_TAIL, smooth } from './fuse.ts';
import type { Sample } from './learning-memory.ts';
import { cueSurprises, cuesOf, fuseCues, type NormalityModel } from './normality-model.ts';
import { sharpness } from './picture-quality.ts';
import { calibrateTail, SILENT_TAIL } from './tail.ts';

const MAXIMUM_FOLDS = 16;
const MINIMUM_RECORDINGS = 4;
const TIME_BLOCKS = 8;

/**
 * Boils learning samples down to the camera's model. Every calibrated number comes from leaving one recording out (or,
 * with fewer than four recordings, one of eight stretches of time), so that a segment is never compared with itself or its neighbours.
 *
 * @param samples in order of time, at least one
 */
export function learnNormality(
  samples: readonly Sample[],
  heads: readonly AnyCueHead[],
  shape: GridShape,
  seed: number,
): NormalityModel {
  const history = assignFolds(samples);
  const cues = cuesOf(heads);
  const learned = heads.map((head) => head.learn(history, shape, seed));
  const readings: readonly (readonly Reading[])[] = history.map((_, place) =>
    learned.flatMap((head) => head.readings[place] ?? []),
  );
  const tails = cues.map((cue, index) => {
    const own = readings.map((reading) => reading[index]);
    const looked = history.filter((_, place) => own[place]?.silent !== true);
    const raws = own.flatMap((reading) => (reading?.silent === true ? [] : (reading?.raw ?? 0)));
    const dependence = dependenceLength(runsOf(looked, raws).map((run) => run.values));
    const calibrated = [...raws, ...(cue.prior ?? []).slice(raws.length)];
    return calibrated.length === 0 ? SILENT_TAIL : calibrateTail(calibrated, dependence, leastOf(cue));
  });

  const smoothed: number[] = [];
  const things: OrdinaryThing[] = [];
  let previous: number | null = null;
  history.forEach((sample, place) => {
    const own = readings[place] ?? [];
    const surprises = cueSurprises(cues, own, tails, samples.length);
    const statistic = fuseCues(cues, surprises);
    things.push({ statistic, descriptor: strangestThing(sample, shape, cues, own, surprises)?.descriptor ?? null });
    if (place > 0 && !followsInRecording(history[place - 1], sample)) previous = null;
    smoothed.push(smooth(previous, statistic));
    previous = statistic;
  });
  const runs = runsOf(history, smoothed);
  const dependenceSegments = dependenceLength(runs.map((run) => run.values));
  const sharpnesses = history.map((sample) => sharpness(sample.values, shape)).sort((a, b) => a - b);
  return {
    shape,
    heads: heads.map(({ name }, index) => ({ name, model: learned[index]?.model })),
    tails,
    fused: calibrateTail(smoothed, dependenceSegments, FUSED_TAIL),
    fusedByHour: tailsByHour(runs),
    dependenceSegments,
    learnedSegments: samples.length,
    ordinary: ordinaryThings(things),
    usualSharpness: sharpnesses[sharpnesses.length >> 1] ?? 0,
  };
}

function leastOf({ leastExcess }: CueDefinition): { readonly meanExcess?: number } {
  return leastExcess === undefined ? {} : { meanExcess: leastExcess };
}

type FoldedSample = Sample & HistorySample;

function assignFolds(samples: readonly Sample[]): readonly FoldedSample[] {
  const recordings = [...new Set(samples.map((sample) => sample.recording))];
  if (recordings.length >= MINIMUM_RECORDINGS) {
    const order = new Map(recordings.map((recording, index) => [recording, index % MAXIMUM_FOLDS]));
    return samples.map((sample) => ({ ...sample, fold: order.get(sample.recording) ?? 0 }));
  }
  return samples.map((sample, index) => ({ ...sample, fold: Math.floor((index * TIME_BLOCKS) / samples.length) }));
}

interface Run {
  readonly values: number[];
  readonly timesMs: number[];
}

function runsOf(samples: readonly Sample[], values: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  samples.forEach((sample, place) => {
    if (place === 0 || !followsInRecording(samples[place - 1], sample)) runs.push({ values: [], timesMs: [] });
    runs.at(-1)?.values.push(values[place] ?? 0);
    runs.at(-1)?.timesMs.push(sample.startMs);
  });
  return runs;
}
