import type { GridShape } from './cue-head.ts';
import { widenedAt } from './halved.ts';
import type { KeptSample } from './learning-memory.ts';
import type { Observation } from './observation.ts';
import type { NormalMoment } from './segment-score.ts';

/** Two moments closer together show the same passer-by. */
const APART_MS = 60_000;

/**
 * The remembered normal moments most like this one at and around a cell, nearest first: what an operator compares an incident with.
 *
 * @param cell row-major index of the strangest cell
 * @returns at most `count` moments, at least a minute apart; distance is the root mean square difference over the cells' channels, each divided
 *   by its spread over the moments
 */
export function nearestNormal(
  memory: readonly Pick<KeptSample, 'endMs' | 'values'>[],
  observation: Observation,
  shape: GridShape,
  cell: number,
  count: number,
): readonly NormalMoment[] {
  const places = placesAround(shape, cell);
  const spread = spreadOf(memory, places, shape.channels);
  const ranked = memory
    .map((moment) => ({
      atMs: moment.endMs,
      distance: distanceOf(moment, observation, places, shape.channels, spread),
    }))
    .sort((a, b) => a.distance - b.distance);
  const nearest: NormalMoment[] = [];
  for (const moment of ranked) {
    if (nearest.length >= count) break;
    if (nearest.every(({ atMs }) => Math.abs(atMs - moment.atMs) >= APART_MS)) nearest.push(moment);
  }
  return nearest;
}

/** Offsets of the 3x3 cells around a cell, those within the picture. */
function placesAround({ rows, columns, channels }: GridShape, cell: number): readonly number[] {
  const row = Math.floor(cell / columns);
  const column = cell - row * columns;
  const places: number[] = [];
  for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
    for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
      places.push((r * columns + c) * channels);
    }
  }
  return places;
}

function spreadOf(
  memory: readonly Pick<KeptSample, 'values'>[],
  places: readonly number[],
  channels: number,
): Float64Array {
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (const { values } of memory) {
    for (const place of places) {
      for (let channel = 0; channel < channels; channel++) {
        const value = widenedAt(values, place + channel);
        sum[channel] = (sum[channel] ?? 0) + value;
        squares[channel] = (squares[channel] ?? 0) + value * value;
      }
    }
  }
  const count = Math.max(1, memory.length * places.length);
  return sum.map((total, channel) => {
    const mean = total / count;
    return Math.sqrt(Math.max(0, (squares[channel] ?? 0) / count - mean * mean)) + 1e-6;
  });
}

function distanceOf(
  moment: Pick<KeptSample, 'values'>,
  { values }: Observation,
  places: readonly number[],
  channels: number,
  spread: Float64Array,
): number {
  let sum = 0;
  for (const place of places) {
    for (let channel = 0; channel < channels; channel++) {
      const difference =
        (widenedAt(moment.values, place + channel) - (values[place + channel] ?? 0)) / (spread[channel] ?? 1);
      sum += difference * difference;
    }
  }
  return Math.sqrt(sum / (places.length * channels));
}
