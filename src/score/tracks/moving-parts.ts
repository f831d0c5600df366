import { latticeChannelIndex } from '../motion-grid-channels.ts';
import type { Lattice } from '../segment-features.ts';

/**
 * What is known of a part of something that moves, in order. Place: middle of its window, pixels of the 240x160 picture. Velocity: mean over
 * the window, weighted with the square of the change, pixels a frame. Area: of the whole moving region it belongs to, lattice places
 * (4x4 pixels). Agitation: root mean square second difference of brightness in the window.
 */
export const PART_FIELDS = ['x', 'y', 'velocityX', 'velocityY', 'area', 'agitation'] as const;

export type PartField = (typeof PART_FIELDS)[number];

/** Position of a field in a part's numbers. */
export function partIndex(field: PartField): number {
  return PART_FIELDS.indexOf(field);
}

export const PICTURE_WIDTH = 240;
export const PICTURE_HEIGHT = 160;
export const MAXIMUM_PARTS = 24;
/** A group of people has several fast parts, and so has a car. */
const PARTS_OF_A_REGION = 3;
/** Brightness change of a place that counts as moving. */
const MOVING_CHANGE = 0.015;
/** Smaller regions are noise, or too far away to say anything of, lattice places. */
const LEAST_AREA = 6;
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
const CHANGE = latticeChannelIndex('change');
const SECOND = latticeChannelIndex('secondDifference');

/**
 * The fastest parts of each moving region of the lattice, largest regions first. Unlike the blobs, which stand where most changes, they stand
 * where motion is fastest: who runs through a group shows, and a car's parts know how large the whole is.
 *
 * @returns count x PART_FIELDS numbers, at most 24 parts
 */
export function movingParts(lattice: Lattice): Float32Array {
  const { rows, columns, channels, values } = lattice;
  const parts: number[] = [];
  const moving = movingPlaces(lattice);
  // regions take what moves away from the map, the windows still need it
  const windows = new MotionWindows(lattice, moving.slice());
  for (const region of movingRegions(moving, rows, columns)) {
    for (const place of fastestPlaces(region, windows, columns)) {
      if (parts.length >= MAXIMUM_PARTS * PART_FIELDS.length) return Float32Array.from(parts);
      const row = Math.floor(place / columns);
      const column = place - row * columns;
      const weight = windows.weights[place] as number;
      parts.push(
        ((column + 0.5) / columns) * PICTURE_WIDTH,
        ((row + 0.5) / rows) * PICTURE_HEIGHT,
        (windows.x[place] as number) / weight,
        (windows.y[place] as number) / weight,
        region.length,
        agitationAround(values, rows, columns, channels, row, column),
      );
    }
  }
  return Float32Array.from(parts);
}

/** 1 for each place in which anything moves. */
function movingPlaces({ rows, columns, channels, values }: Lattice): Uint8Array {
  const moving = new Uint8Array(rows * columns);
  for (let place = 0; place < moving.length; place++) {
    if ((values[place * channels + CHANGE] as number) >= MOVING_CHANGE) moving[place] = 1;
  }
  return moving;
}

/** Places of each connected region in which anything moves (eight neighbours), largest region first; `moving` is used up. */
function movingRegions(moving: Uint8Array, rows: number, columns: number): readonly (readonly number[])[] {
  const regions: number[][] = [];
  for (let start = 0; start < moving.length; start++) {
    if (moving[start] !== 1) continue;
    const region = [start];
    moving[start] = 0;
    for (const place of region) {
      const row = Math.floor(place / columns);
      const column = place - row * columns;
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
          const near = r * columns + c;
          if (moving[near] !== 1) continue;
          moving[near] = 0;
          region.push(near);
        }
      }
    }
    if (region.length >= LEAST_AREA) regions.push(region);
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

function agitationAround(
  values: Float32Array,
  rows: number,
  columns: number,
  channels: number,
  row: number,
  column: number,
): number {
  let sum = 0;
  for (let r = Math.max(0, row - HALF_AGITATED); r <= Math.min(rows - 1, row + HALF_AGITATED); r++) {
    for (let c = Math.max(0, column - HALF_AGITATED); c <= Math.min(columns - 1, column + HALF_AGITATED); c++) {
      sum += (values[(r * columns + c) * channels + SECOND] as number) ** 2;
    }
  }
  return Math.sqrt(sum) / (2 * HALF_AGITATED + 1);
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
