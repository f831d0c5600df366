import { agitationMap, energyMap } from '../cell-descriptors.ts';
import type { CueDefinition, GridShape, Reading } from '../cue-head.ts';
import type { Box } from '../detected-object.ts';
import { FIGURE_FIELDS, figureIndex, PICTURE_HEIGHT, PICTURE_WIDTH } from '../figures/figure-parts.ts';
import { channelIndex } from '../motion-grid-channels.ts';
import type { Observation } from '../observation.ts';
import { CUES, coarseClassOf, FIGURE, LAYOUT, VERSION } from './descriptor.ts';

/** Cue surprise, weighted as in the fusion, from which a segment has something strange in it, nats. */
const STRANGE = Math.log(6);
/** A cell belongs to the thing while it changes at least this share as much as the thing's strangest cell. */
const SHARE_OF_ENERGY = 0.35;
const LEAST_ENERGY = 0.008;
/** Cells that a thing may reach away from its strangest one: no crowd becomes one thing. */
const REACH = 3;
/** A figure farther from the middle of the thing's box is another one, in box heights and widths. */
const FIGURE_WITHIN = 1;
/** A cue's box may be as small as its window: at least this share of the picture counts for its height and width. */
const LEAST_BOX = 0.05;

const X = figureIndex('x');
const Y = figureIndex('y');

export interface Thing {
  /** See `LAYOUT`: 14 numbers, those of a figure, and one for each cue. */
  readonly descriptor: readonly number[];
  /** For each cue, whether it is about this thing. */
  readonly involved: readonly boolean[];
}

/**
 * The strangest thing of a segment: what moves about the cell, or stands in the box, of the cue that weighs most.
 *
 * @param readings, surprises (-ln p, nats) per cue, before any feedback
 * @returns null where no cue is surprised enough to speak of a thing
 */
export function strangestThing(
  observation: Observation,
  shape: GridShape,
  cues: readonly CueDefinition[],
  readings: readonly Reading[],
  surprises: readonly number[],
): Thing | null {
  let strongest = -1;
  let best = Number.NEGATIVE_INFINITY;
  cues.forEach((cue, index) => {
    const weighted = (surprises[index] ?? 0) + Math.log(cue.weight);
    if ((surprises[index] ?? 0) >= STRANGE && weighted > best) {
      best = weighted;
      strongest = index;
    }
  });
  const reading = readings[strongest];
  if (reading === undefined) return null;
  const { rows, columns, channels } = shape;
  const { values } = observation;
  const energy = energyMap(values, rows * columns, channels);
  const cells = cellsOfThing(energy, reading.cell, shape);
  const box = reading.box ?? boxOf(cells, shape);
  const agitation = agitationMap(values, rows * columns, channels);

  const descriptor = new Array<number>(CUES + cues.length).fill(0);
  descriptor[LAYOUT.version] = VERSION;
  descriptor[LAYOUT.y] = (box.top + box.bottom) / 2;
  descriptor[LAYOUT.x] = (box.left + box.right) / 2;
  descriptor[LAYOUT.height] = box.bottom - box.top;
  descriptor[LAYOUT.width] = box.right - box.left;
  descriptor[LAYOUT.speed] = meanOf(values, cells, energy, channels, channelIndex('speedMean'));
  descriptor[LAYOUT.velocityX] = meanOf(values, cells, energy, channels, channelIndex('velocityX'));
  descriptor[LAYOUT.velocityY] = meanOf(values, cells, energy, channels, channelIndex('velocityY'));
  descriptor[LAYOUT.agitation] = Math.max(...cells.map((cell) => agitation[cell] ?? 0));
  const object = observation.objects?.find((one) => overlap(one.box, box) > 0.3);
  if (object) descriptor[coarseClassOf(object.label)] = object.confidence;

  (nearestFigure(observation.figures, box) ?? []).forEach((value, index) => {
    descriptor[FIGURE + index] = value;
  });

  const involved = cues.map((_, index) => {
    const own = readings[index];
    return own !== undefined && isWithin(own, box, shape);
  });
  involved.forEach((own, index) => {
    if (own) descriptor[CUES + index] = surprises[index] ?? 0;
  });
  return { descriptor: descriptor.map((value) => Math.round(value * 1e4) / 1e4), involved };
}

/** The numbers of the figure nearest to the middle of the box; null where none is about it. */
function nearestFigure(figures: Float32Array | undefined, box: Box): Float32Array | null {
  if (figures === undefined) return null;
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const width = Math.max(LEAST_BOX, box.right - box.left);
  const height = Math.max(LEAST_BOX, box.bottom - box.top);
  let nearest: Float32Array | null = null;
  let least = FIGURE_WITHIN;
  for (let offset = 0; offset < figures.length; offset += FIGURE_FIELDS.length) {
    const figure = figures.subarray(offset, offset + FIGURE_FIELDS.length);
    const away = Math.hypot(
      ((figure[X] as number) / PICTURE_WIDTH - x) / width,
      ((figure[Y] as number) / PICTURE_HEIGHT - y) / height,
    );
    if (away <= least) {
      least = away;
      nearest = figure;
    }
  }
  return nearest;
}

/** Cells about `start` that change with it, `start` first. */
function cellsOfThing(energy: Float32Array, start: number, { rows, columns }: GridShape): readonly number[] {
  const least = Math.max(LEAST_ENERGY, SHARE_OF_ENERGY * (energy[start] ?? 0));
  const startRow = Math.floor(start / columns);
  const startColumn = start - startRow * columns;
  const found = [start];
  const seen = new Set(found);
  for (const cell of found) {
    const row = Math.floor(cell / columns);
    const column = cell - row * columns;
    for (const [r, c] of [
      [row - 1, column],
      [row + 1, column],
      [row, column - 1],
      [row, column + 1],
    ] as const) {
      const next = r * columns + c;
      if (r < 0 || c < 0 || r >= rows || c >= columns || seen.has(next)) continue;
      if (Math.abs(r - startRow) > REACH || Math.abs(c - startColumn) > REACH) continue;
      seen.add(next);
      if ((energy[next] ?? 0) >= least) found.push(next);
    }
  }
  return found;
}

function boxOf(cells: readonly number[], { rows, columns }: GridShape): Box {
  const cellRows = cells.map((cell) => Math.floor(cell / columns));
  const cellColumns = cells.map((cell) => cell % columns);
  return {
    left: Math.min(...cellColumns) / columns,
    right: (Math.max(...cellColumns) + 1) / columns,
    top: Math.min(...cellRows) / rows,
    bottom: (Math.max(...cellRows) + 1) / rows,
  };
}

function meanOf(
  values: Float32Array,
  cells: readonly number[],
  energy: Float32Array,
  channels: number,
  channel: number,
): number {
  let sum = 0;
  let weight = 0;
  for (const cell of cells) {
    sum += (energy[cell] ?? 0) * (values[cell * channels + channel] ?? 0);
    weight += energy[cell] ?? 0;
  }
  return weight > 0 ? sum / weight : 0;
}

/** Whether the cue's cell lies in the thing's box, or one cell beside it. */
function isWithin(reading: Reading, box: Box, { rows, columns }: GridShape): boolean {
  const y = (Math.floor(reading.cell / columns) + 0.5) / rows;
  const x = ((reading.cell % columns) + 0.5) / columns;
  const besideY = 1 / rows;
  const besideX = 1 / columns;
  return y > box.top - besideY && y < box.bottom + besideY && x > box.left - besideX && x < box.right + besideX;
}

/** Intersection over the smaller box. */
function overlap(one: Box, other: Box): number {
  const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box.right - box.left) * (box.bottom - box.top);
  return (width * height) / Math.min(area(one), area(other));
}
