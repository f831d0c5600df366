import { CUES } from './cue-definitions.ts';
import { dependenceLength } from './dependence.ts';
import { type ExcessTable, learnExcess } from './excess-table.ts';
import { smooth } from './fuse.ts';
import type { Sample } from './learning-memory.ts';
import {
  type CueReading,
  cueSurprises,
  fuseCues,
  type NormalityModel,
  quantityMaps,
  strangestCell,
} from './normality-model.ts';
import { sharpness } from './picture-quality.ts';
import { collectAppearanceReferences, collectMotionReferences, type GridShape } from './reference-sets.ts';
import { calibrateTail } from './tail.ts';

const MAXIMUM_FOLDS = 16;
const MINIMUM_RECORDINGS = 4;
const TIME_BLOCKS = 8;

/**
 * Boils learning samples down to the camera's model. Every calibrated number comes from leaving one recording out (or,
 * with fewer than four recordings, one of eight stretches of time), so that a segment is never compared with itself or its neighbours.
 *
 * @param samples in order of time, at least one
 */
export function learnNormality(samples: readonly Sample[], shape: GridShape, seed: number): NormalityModel {
  const folded = assignFolds(samples);
  const folds = Math.max(...folded.map((sample) => sample.fold)) + 1;
  const sets = {
    motion: collectMotionReferences(folded, shape, seed),
    appearance: collectAppearanceReferences(folded, shape),
  };
  const maps = folded.map((sample) => quantityMaps(sample.values, shape, sets, sample.fold));

  const tables: ExcessTable[] = [];
  const readings: CueReading[][] = folded.map(() => []);
  CUES.forEach((cue, index) => {
    const own = folded.map((sample, place) => ({
      fold: sample.fold,
      values: maps[place]?.[index] ?? new Float32Array(),
    }));
    const { full, withoutFold } = learnExcess(own, { ...shape, folds }, cue);
    tables.push(full);
    own.forEach((map, place) => {
      readings[place]?.push(strangestCell(map.values, withoutFold[map.fold] ?? full, cue.floor));
    });
  });
  const tails = CUES.map((_, index) => {
    const raws = readings.map((reading) => reading[index]?.raw ?? 0);
    return calibrateTail(raws, dependenceLength(runsOf(folded, raws)));
  });

  const smoothed: number[] = [];
  let previous: number | null = null;
  folded.forEach((sample, place) => {
    const statistic = fuseCues(cueSurprises(readings[place] ?? [], tails, samples.length));
    if (place > 0 && !follows(folded[place - 1], sample)) previous = null;
    smoothed.push(smooth(previous, statistic));
    previous = statistic;
  });
  const dependenceSegments = dependenceLength(runsOf(folded, smoothed));
  const sharpnesses = folded.map((sample) => sharpness(sample.values, shape)).sort((a, b) => a - b);
  return {
    shape,
    ...sets,
    tables,
    tails,
    fused: calibrateTail(smoothed, dependenceSegments),
    dependenceSegments,
    learnedSegments: samples.length,
    usualSharpness: sharpnesses[sharpnesses.length >> 1] ?? 0,
  };
}

type FoldedSample = Sample & { readonly fold: number };

function assignFolds(samples: readonly Sample[]): readonly FoldedSample[] {
  const recordings = [...new Set(samples.map((sample) => sample.recording))];
  if (recordings.length >= MINIMUM_RECORDINGS) {
    const order = new Map(recordings.map((recording, index) => [recording, index % MAXIMUM_FOLDS]));
    return samples.map((sample) => ({ ...sample, fold: order.get(sample.recording) ?? 0 }));
  }
  return samples.map((sample, index) => ({ ...sample, fold: Math.floor((index * TIME_BLOCKS) / samples.length) }));
}

function follows(before: Sample | undefined, after: Sample): boolean {
  return (
    before !== undefined &&
    before.recording === after.recording &&
    before.epoch === after.epoch &&
    before.sequence + 1 === after.sequence
  );
}

function runsOf(samples: readonly Sample[], values: readonly number[]): number[][] {
  const runs: number[][] = [];
  samples.forEach((sample, place) => {
    if (place === 0 || !follows(samples[place - 1], sample)) runs.push([]);
    runs[runs.length - 1]?.push(values[place] ?? 0);
  });
  return runs;
}
