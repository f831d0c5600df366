import { latticeChannelIndex } from '../motion-grid-channels.ts';
import type { Lattice } from '../segment-features.ts';
import type { Foreground } from './backdrop.ts';

/**
 * What is known of a part of a figure, in order; lengths in pixels of the 240x160 picture. Place: middle of its window. Velocity: mean over
 * the window, weighted with the square of the change, pixels a frame. Area: of the whole region it belongs to, lattice places (4x4
 * pixels). Foot, height and width: of the foreground about the window. Agitation: root mean square second difference of brightness. Limbs and
 * residual: logarithms of second difference, and of what the velocity does not explain, over the change. Still: seconds for which it
 * has stood without moving, 0 of what moves. Brighter, sharper: its mean difference from the backdrop in brightness and in edges, nats.
 */
export const FIGURE_FIELDS = [
  'x',
  'y',
  'velocityX',
  'velocityY',
  'area',
  'foot',
  'height',
  'width',
  'agitation',
  'limbs',
  'residual',
  'still',
  'brighter',
  'sharper',
] as const;

export type FigureField = (typeof FIGURE_FIELDS)[number];

/** Position of a field in a part's numbers. */
export function figureIndex(field: FigureField): number {
  return FIGURE_FIELDS.indexOf(field);
}

export const PICTURE_WIDTH = 240;
export const PICTURE_HEIGHT = 160;
export const MAXIMUM_MOVING = 24;
export const MAXIMUM_STANDING = 8;
/** A group of people has several fast parts, and so has a car. */
const PARTS_OF_A_REGION = 3;
/** Smaller regions are noise, or too far away to say anything of, lattice places. */
const LEAST_MOVING_AREA = 6;
const LEAST_STANDING_AREA = 2;
/** Segments for which a place must have stood still before it is a standing figure. */
const STANDING_SEGMENTS = 2;
const SEGMENT_SECONDS = 0.5;
/** Half of the window that a part's motion is measured in, lattice places: one person in the middle distance. */
const HALF_WIDTH = 1;
const HALF_HEIGHT = 2;
/** Half of the window of its agitation. */
const HALF_AGITATED = 2;
/** Windows of one region are so far apart, lattice places. */
const APART_COLUMNS = 5;
const APART_ROWS = 7;
/** A window with a smaller share of the change in the region's liveliest one is its fringe, where velocity is a guess. */
const LEAST_SHARE = 0.25;
/** Weight of no movement at all in the mean velocity, brightness^2. */
const STILL_ENERGY = 1e-6;

const VELOCITY_X = latticeChannelIndex('velocityX');
const VELOCITY_Y = latticeChannelIndex('velocityY');
const ENERGY = latticeChannelIndex('energy');
const SECOND = latticeChannelIndex('secondDifference');
const RESIDUAL = latticeChannelIndex('residual');

/**
 * The figures before the backdrop: of each moving region its fastest parts (who runs through a group shows, and a car's parts know how large
 * the whole is), and each region that stands still. Largest regions first.
 *
 * @returns count x FIGURE_FIELDS numbers, at most 24 moving and 8 standing parts
 */
export function figureParts(lattice: Lattice, foreground: Foreground): Float32Array {
  const { rows, columns } = lattice;
  const { moving, present, still } = foreground;
  const parts: number[] = [];
  const windows = new MotionWindows(lattice, moving);
  let count = 0;
  for (const region of regionsOf(moving, rows, columns, LEAST_MOVING_AREA)) {
    for (const place of fastestPlaces(region, windows, columns)) {
      if (count >= MAXIMUM_MOVING) break;
      count += 1;
      const shape = shapeAround(present, place, rows, columns);
      const weight = windows.weights[place] as number;
      const lively = livelinessAround(lattice, place);
      parts.push(
        ((shape.column + 0.5) / columns) * PICTURE_WIDTH,
        ((shape.row + 0.5) / rows) * PICTURE_HEIGHT,
        (windows.x[place] as number) / weight,
        (windows.y[place] as number) / weight,
        region.length,
        ...extentsOf(shape, rows, columns),
        lively.agitation,
        lively.limbs,
        lively.residual,
        0,
        ...contrastIn(foreground, insideOf(shape, columns, present)),
      );
    }
  }
  const standing = new Uint8Array(still.length);
  for (let place = 0; place < still.length; place++)
    if ((still[place] as number) >= STANDING_SEGMENTS) standing[place] = 1;
  count = 0;
  for (const region of regionsOf(standing, rows, columns, LEAST_STANDING_AREA)) {
    if (count >= MAXIMUM_STANDING) break;
    count += 1;
    const middle = middleOf(region, columns);
    const shape = boxOf(region, middle, columns);
    const times = region.map((place) => still[place] as number).sort((a, b) => a - b);
    parts.push(
      ((shape.column + 0.5) / columns) * PICTURE_WIDTH,
      ((shape.row + 0.5) / rows) * PICTURE_HEIGHT,
      0,
      0,
      region.length,
      ...extentsOf(shape, rows, columns),
      0,
      0,
      0,
      (times[Math.floor(times.length * 0.7)] as number) * SEGMENT_SECONDS,
      ...contrastIn(foreground, region),
    );
  }
  return Float32Array.from(parts);
}

interface Shape {
  readonly row: number;
  readonly column: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Foot, height and width in pixels. */
function extentsOf({ top, bottom, left, right }: Shape, rows: number, columns: number): readonly number[] {
  return [
    ((bottom + 1) / rows) * PICTURE_HEIGHT,
    ((bottom + 1 - top) / rows) * PICTURE_HEIGHT,
    ((right + 1 - left) / columns) * PICTURE_WIDTH,
  ];
}

/** Places of each connected region of a mask (eight neighbours), largest region first. */
function regionsOf(mask: Uint8Array, rows: number, columns: number, leastArea: number): readonly (readonly number[])[] {
  const left = mask.slice();
  const regions: number[][] = [];
  for (let start = 0; start < left.length; start++) {
    if (left[start] !== 1) continue;
    const region = [start];
    left[start] = 0;
    for (const place of region) {
      const row = Math.floor(place / columns);
      const column = place - row * columns;
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
          const near = r * columns + c;
          if (left[near] !== 1) continue;
          left[near] = 0;
          region.push(near);
        }
      }
    }
    if (region.length >= leastArea) regions.push(region);
  }
  return regions.sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}

function fastestPlaces(region: readonly number[], windows: MotionWindows, columns: number): readonly number[] {
  const { weights, speeds } = windows;
  let most = 0;
  for (const place of region) {
    windows.measure(place);
    most = Math.max(most, weights[place] as number);
  }
  const candidates = region
    .filter((place) => (weights[place] as number) >= LEAST_SHARE * most)
    .sort((a, b) => (speeds[b] as number) - (speeds[a] as number) || a - b);
  const chosen: number[] = [];
  for (const place of candidates) {
    if (chosen.length >= PARTS_OF_A_REGION) break;
    const row = Math.floor(place / columns);
    const column = place - row * columns;
    const isTaken = chosen.some((other) => {
      const otherRow = Math.floor(other / columns);
      return Math.abs(otherRow - row) < APART_ROWS && Math.abs(other - otherRow * columns - column) < APART_COLUMNS;
    });
    if (!isTaken) chosen.push(place);
  }
  return chosen;
}

/** The foreground that hangs together with a place: up and down while a window's breadth holds any of it, then left and right. */
function shapeAround(present: Uint8Array, place: number, rows: number, columns: number): Shape {
  const row = Math.floor(place / columns);
  const column = place - row * columns;
  const from = Math.max(0, column - HALF_WIDTH);
  const to = Math.min(columns - 1, column + HALF_WIDTH);
  const rowHolds = (r: number) => {
    for (let c = from; c <= to; c++) if (present[r * columns + c] === 1) return true;
    return false;
  };
  let top = row;
  while (top > 0 && rowHolds(top - 1)) top -= 1;
  let bottom = row;
  while (bottom < rows - 1 && rowHolds(bottom + 1)) bottom += 1;
  const least = Math.max(1, Math.round((bottom + 1 - top) / 4));
  const columnHolds = (c: number) => {
    let held = 0;
    for (let r = top; r <= bottom; r++) if (present[r * columns + c] === 1) held += 1;
    return held >= least;
  };
  let left = column;
  while (left > 0 && columnHolds(left - 1)) left -= 1;
  let right = column;
  while (right < columns - 1 && columnHolds(right + 1)) right += 1;
  return { row, column, top, bottom, left, right };
}

function insideOf({ top, bottom, left, right }: Shape, columns: number, present: Uint8Array): readonly number[] {
  const inside: number[] = [];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      if (present[row * columns + column] === 1) inside.push(row * columns + column);
    }
  }
  return inside;
}

/** Mean difference from the backdrop in brightness and in edges, nats. */
function contrastIn({ brighter, sharper }: Foreground, places: readonly number[]): readonly [number, number] {
  let [bright, sharp] = [0, 0];
  for (const place of places) {
    bright += brighter[place] as number;
    sharp += sharper[place] as number;
  }
  const count = Math.max(1, places.length);
  return [bright / count, sharp / count];
}

function middleOf(region: readonly number[], columns: number): { readonly row: number; readonly column: number } {
  let row = 0;
  let column = 0;
  for (const place of region) {
    row += Math.floor(place / columns);
    column += place % columns;
  }
  return { row: row / region.length, column: column / region.length };
}

function boxOf(region: readonly number[], middle: { row: number; column: number }, columns: number): Shape {
  let [top, bottom, left, right] = [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0];
  for (const place of region) {
    const row = Math.floor(place / columns);
    const column = place - row * columns;
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
    left = Math.min(left, column);
    right = Math.max(right, column);
  }
  return { ...middle, top, bottom, left, right };
}

function livelinessAround({ rows, columns, channels, values }: Lattice, place: number) {
  const row = Math.floor(place / columns);
  const column = place - row * columns;
  let [second, energy, residual] = [0, STILL_ENERGY, STILL_ENERGY];
  for (let r = Math.max(0, row - HALF_AGITATED); r <= Math.min(rows - 1, row + HALF_AGITATED); r++) {
    for (let c = Math.max(0, column - HALF_AGITATED); c <= Math.min(columns - 1, column + HALF_AGITATED); c++) {
      const at = (r * columns + c) * channels;
      second += (values[at + SECOND] as number) ** 2;
      energy += (values[at + ENERGY] as number) ** 2;
      residual += (values[at + RESIDUAL] as number) ** 2;
    }
  }
  return {
    agitation: Math.sqrt(second) / (2 * HALF_AGITATED + 1),
    limbs: Math.log((second + STILL_ENERGY) / energy) / 2,
    residual: Math.log(residual / energy) / 2,
  };
}

/** Squared change, and its products with the velocity, over the window around each place that was measured. */
class MotionWindows {
  readonly weights: Float32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly speeds: Float32Array;
  readonly #lattice: Lattice;
  readonly #moving: Uint8Array;

  constructor(lattice: Lattice, moving: Uint8Array) {
    this.#lattice = lattice;
    this.#moving = moving;
    this.weights = new Float32Array(moving.length);
    this.x = new Float32Array(moving.length);
    this.y = new Float32Array(moving.length);
    this.speeds = new Float32Array(moving.length);
  }

  measure(place: number): void {
    const { rows, columns, channels, values } = this.#lattice;
    const row = Math.floor(place / columns);
    const column = place - row * columns;
    let weight = STILL_ENERGY;
    let x = 0;
    let y = 0;
    for (let r = Math.max(0, row - HALF_HEIGHT); r <= Math.min(rows - 1, row + HALF_HEIGHT); r++) {
      for (let c = Math.max(0, column - HALF_WIDTH); c <= Math.min(columns - 1, column + HALF_WIDTH); c++) {
        if (this.#moving[r * columns + c] !== 1) continue;
        const at = (r * columns + c) * channels;
        const own = (values[at + ENERGY] as number) ** 2;
        weight += own;
        x += own * (values[at + VELOCITY_X] as number);
        y += own * (values[at + VELOCITY_Y] as number);
      }
    }
    this.weights[place] = weight;
    this.x[place] = x;
    this.y[place] = y;
    this.speeds[place] = Math.sqrt(x * x + y * y) / weight;
  }
}
