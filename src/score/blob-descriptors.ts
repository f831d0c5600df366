import { BLOB_FIELDS, blobIndex } from './blobs.ts';
import { cellAt } from './cell-at.ts';
import type { GridShape } from './cue-head.ts';

const LEFT = blobIndex('left');
const RIGHT = blobIndex('right');
const TOP = blobIndex('top');
const BOTTOM = blobIndex('bottom');
const SPEED = blobIndex('speed');
const VELOCITY_X = blobIndex('velocityX');
const VELOCITY_Y = blobIndex('velocityY');
const AGITATION = blobIndex('agitation');
const RESIDUAL = blobIndex('residual');

/** One view on a blob: where it is in the picture counts softly, the rest in standard deviations. */
export interface BlobView {
  /** Numbers of the descriptor; the first is the row. */
  readonly dimensions: number;
  write(blobs: Float32Array, offset: number, target: Float32Array, at: number): void;
}

/** Standard deviations that the whole height of the picture is worth. */
const HEIGHT_WEIGHT = 5;

function row(blobs: Float32Array, offset: number): number {
  return (((blobs[offset + TOP] ?? 0) + (blobs[offset + BOTTOM] ?? 0)) / 2) * HEIGHT_WEIGHT;
}

/** Speed and direction at this height of the picture. */
export const COURSE_VIEW: BlobView = {
  dimensions: 4,
  write(blobs, offset, target, at) {
    target[at] = row(blobs, offset);
    target[at + 1] = Math.log((blobs[offset + SPEED] ?? 0) + 0.3);
    target[at + 2] = Math.asinh((blobs[offset + VELOCITY_X] ?? 0) / 0.3);
    target[at + 3] = Math.asinh((blobs[offset + VELOCITY_Y] ?? 0) / 0.3);
  },
};

/** How it moves for its speed: what rolls has few moving limbs, what fights has many. */
export const GAIT_VIEW: BlobView = {
  dimensions: 4,
  write(blobs, offset, target, at) {
    target[at] = row(blobs, offset);
    target[at + 1] = Math.log((blobs[offset + SPEED] ?? 0) + 0.3);
    target[at + 2] = Math.log((blobs[offset + AGITATION] ?? 0) + 0.05);
    target[at + 3] = Math.log((blobs[offset + RESIDUAL] ?? 0) + 0.05);
  },
};

/** The grid cell under a blob's middle. */
export function cellOfBlob(blobs: Float32Array, offset: number, shape: GridShape): number {
  const x = ((blobs[offset + LEFT] ?? 0) + (blobs[offset + RIGHT] ?? 0)) / 2;
  const y = ((blobs[offset + TOP] ?? 0) + (blobs[offset + BOTTOM] ?? 0)) / 2;
  return cellAt(x, y, shape);
}

/** The largest value of a quantity among the blobs of each cell; 0 where there is none. */
export function paintBlobs(
  blobs: Float32Array,
  shape: GridShape,
  quantity: (blobs: Float32Array, offset: number) => number,
): Float32Array {
  const map = new Float32Array(shape.rows * shape.columns);
  for (let offset = 0; offset < blobs.length; offset += BLOB_FIELDS.length) {
    const cell = cellOfBlob(blobs, offset, shape);
    map[cell] = Math.max(map[cell] ?? 0, quantity(blobs, offset));
  }
  return map;
}

/** Length of a blob's mean velocity, pixels a frame: legs that swing to and fro cancel out, a body that rolls does not. */
export function blobSpeed(blobs: Float32Array, offset: number): number {
  return Math.hypot(blobs[offset + VELOCITY_X] ?? 0, blobs[offset + VELOCITY_Y] ?? 0);
}
