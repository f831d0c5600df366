import { latticeChannelIndex } from './motion-grid-channels.ts';
import type { Lattice } from './segment-features.ts';

/**
 * What is known of a moving shape, in order. Box: 0 to 1 of the picture. Speed (75 % quantile over its moving places) and velocity
 * (mean, weighted with the square of the change) in pixels of the 240x160 picture a frame; area in lattice places (4x4 pixels);
 * energy: root mean square change of brightness; agitation and residual: second difference, and change that the velocity does not explain, over energy.
 */
export const BLOB_FIELDS = [
  'left',
  'top',
  'right',
  'bottom',
  'area',
  'speed',
  'velocityX',
  'velocityY',
  'energy',
  'agitation',
  'residual',
] as const;

export type BlobField = (typeof BLOB_FIELDS)[number];

/** Position of a field in a blob's numbers. */
export function blobIndex(field: BlobField): number {
  return BLOB_FIELDS.indexOf(field);
}

export const MAXIMUM_BLOBS = 24;
/** Brightness change of a place that counts as moving, and of a peak worth a blob. */
const MOVING_CHANGE = 0.015;
const PEAK_CHANGE = 0.02;
/** Half of the window that a blob's motion is measured in: 3 places wide, 5 high, about the body of one person in the middle distance. */
const HALF_WIDTH = 1;
const HALF_HEIGHT = 2;
/** Other peaks so near belong to the same body, lattice places. */
const APART_COLUMNS = 2;
const APART_ROWS = 3;
/** How far outlines are followed from the peak, lattice places. */
const REACH = 14;

const VELOCITY_X = latticeChannelIndex('velocityX');
const VELOCITY_Y = latticeChannelIndex('velocityY');
const ENERGY = latticeChannelIndex('energy');
const CHANGE = latticeChannelIndex('change');
const SECOND = latticeChannelIndex('secondDifference');
const RESIDUAL = latticeChannelIndex('residual');

/**
 * Moving shapes: the strongest peaks of brightness change, person-sized windows apart, so that a crowd gives several and one body one.
 *
 * @returns count x BLOB_FIELDS numbers, strongest first, at most 24 blobs
 */
export function extractBlobs(lattice: Lattice): Float32Array {
  const { rows, columns, channels, values } = lattice;
  const sums = changeSums(lattice);
  const taken = new Uint8Array(rows * columns);
  const peaks = peaksOf(sums, rows, columns);
  const blobs: number[] = [];
  let count = 0;
  for (const peak of peaks) {
    if (count >= MAXIMUM_BLOBS) break;
    if (taken[peak] === 1) continue;
    const row = Math.floor(peak / columns);
    const column = peak - row * columns;
    for (let r = Math.max(0, row - APART_ROWS); r <= Math.min(rows - 1, row + APART_ROWS); r++) {
      const from = r * columns + Math.max(0, column - APART_COLUMNS);
      taken.fill(1, from, r * columns + Math.min(columns - 1, column + APART_COLUMNS) + 1);
    }
    measure(values, rows, columns, channels, row, column, blobs);
    count += 1;
  }
  return Float32Array.from(blobs);
}

/** Sum of squared change in the window around each place. */
function changeSums({ rows, columns, channels, values }: Lattice): Float32Array {
  const across = new Float32Array(rows * columns);
  const sums = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = -HALF_WIDTH; column < columns; column++) {
      const entering = column + HALF_WIDTH;
      const leaving = column - HALF_WIDTH - 1;
      if (entering < columns) sum += (values[(row * columns + entering) * channels + CHANGE] ?? 0) ** 2;
      if (leaving >= 0) sum -= (values[(row * columns + leaving) * channels + CHANGE] ?? 0) ** 2;
      if (column >= 0) across[row * columns + column] = sum;
    }
  }
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (let row = -HALF_HEIGHT; row < rows; row++) {
      const entering = row + HALF_HEIGHT;
      const leaving = row - HALF_HEIGHT - 1;
      if (entering < rows) sum += across[entering * columns + column] ?? 0;
      if (leaving >= 0) sum -= across[leaving * columns + column] ?? 0;
      if (row >= 0) sums[row * columns + column] = sum;
    }
  }
  return sums;
}

/** Places whose window holds more change than those of the eight around it, most first. */
function peaksOf(sums: Float32Array, rows: number, columns: number): readonly number[] {
  const least = PEAK_CHANGE ** 2 * (2 * HALF_WIDTH + 1);
  const peaks: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const place = row * columns + column;
      const own = sums[place] ?? 0;
      if (own < least) continue;
      let highest = true;
      for (let r = Math.max(0, row - 1); highest && r <= Math.min(rows - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
          if ((sums[r * columns + c] ?? 0) > own) highest = false;
        }
      }
      if (highest) peaks.push(place);
    }
  }
  return peaks.sort((a, b) => (sums[b] ?? 0) - (sums[a] ?? 0) || a - b);
}

function measure(
  values: Float32Array,
  rows: number,
  columns: number,
  channels: number,
  row: number,
  column: number,
  blobs: number[],
): void {
  let [energy, second, residual, x, y, area] = [1e-9, 0, 0, 0, 0, 0];
  const speeds: number[] = [];
  const top = Math.max(0, row - HALF_HEIGHT);
  const bottom = Math.min(rows - 1, row + HALF_HEIGHT);
  const left = Math.max(0, column - HALF_WIDTH);
  const right = Math.min(columns - 1, column + HALF_WIDTH);
  for (let r = top; r <= bottom; r++) {
    for (let c = left; c <= right; c++) {
      const at = (r * columns + c) * channels;
      const own = (values[at + ENERGY] ?? 0) ** 2;
      const vx = values[at + VELOCITY_X] ?? 0;
      const vy = values[at + VELOCITY_Y] ?? 0;
      energy += own;
      second += (values[at + SECOND] ?? 0) ** 2;
      residual += (values[at + RESIDUAL] ?? 0) ** 2;
      x += own * vx;
      y += own * vy;
      if ((values[at + CHANGE] ?? 0) < MOVING_CHANGE) continue;
      area += 1;
      speeds.push(Math.sqrt(vx * vx + vy * vy));
    }
  }
  speeds.sort((a, b) => a - b);
  const places = (bottom - top + 1) * (right - left + 1);
  const speed = speeds[Math.floor(speeds.length * 0.75)] ?? 0;
  const extent = outline(values, rows, columns, channels, { row, column, top, bottom, left, right });
  blobs.push(
    extent.left / columns,
    extent.top / rows,
    (extent.right + 1) / columns,
    (extent.bottom + 1) / rows,
    area,
    speed,
    x / energy,
    y / energy,
    Math.sqrt(energy / places),
    Math.sqrt(second / energy),
    Math.sqrt(residual / energy),
  );
}

/** Follows the moving shape from its window outwards: a row or column belongs to it while a third of the window's breadth moves in it. */
function outline(
  values: Float32Array,
  rows: number,
  columns: number,
  channels: number,
  window: { row: number; column: number; top: number; bottom: number; left: number; right: number },
): { top: number; bottom: number; left: number; right: number } {
  const moves = (r: number, c: number) => (values[(r * columns + c) * channels + CHANGE] ?? 0) >= MOVING_CHANGE;
  const rowMoves = (r: number) => {
    let moving = 0;
    for (let c = window.left; c <= window.right; c++) if (moves(r, c)) moving += 1;
    return moving * 3 >= window.right - window.left + 1;
  };
  const columnMoves = (c: number) => {
    let moving = 0;
    for (let r = window.top; r <= window.bottom; r++) if (moves(r, c)) moving += 1;
    return moving * 3 >= window.bottom - window.top + 1;
  };
  const follow = (from: number, step: number, last: number, belongs: (index: number) => boolean) => {
    let at = from;
    while (at !== last && Math.abs(at + step - from) <= REACH && belongs(at + step)) at += step;
    return at;
  };
  return {
    top: follow(window.row, -1, 0, rowMoves),
    bottom: follow(window.row, 1, rows - 1, rowMoves),
    left: follow(window.column, -1, 0, columnMoves),
    right: follow(window.column, 1, columns - 1, columnMoves),
  };
}
