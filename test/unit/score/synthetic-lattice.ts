import { latticeChannelIndex, MOTION_LATTICE_CHANNELS } from '../../../src/score/motion-grid-channels.ts';
import type { Lattice } from '../../../src/score/segment-features.ts';

const ROWS = 40;
const COLUMNS = 60;

export interface Shape {
  /** Lattice places. */
  readonly row: number;
  readonly column: number;
  readonly height: number;
  readonly width: number;
  /** Pixels a frame. */
  readonly velocityX: number;
  readonly velocityY?: number;
  /** Second difference and unexplained change, brightness; those of a body whose limbs swing unless told. */
  readonly limbs?: number;
}

export function emptyLattice(): Lattice {
  const channels = MOTION_LATTICE_CHANNELS.length;
  return { rows: ROWS, columns: COLUMNS, channels, values: new Float32Array(ROWS * COLUMNS * channels) };
}

/** Something that moves, as the pack would show it. */
export function putShape(lattice: Lattice, shape: Shape): void {
  const { velocityX, velocityY = 0, limbs = 0.03 } = shape;
  const entries = {
    velocityX,
    velocityY,
    energy: 0.05,
    change: 0.05,
    secondDifference: limbs,
    residual: limbs,
    brightness: 0.3,
    edges: 0.08,
  } as const;
  for (let row = shape.row; row < Math.min(ROWS, shape.row + shape.height); row++) {
    for (let column = shape.column; column < Math.min(COLUMNS, shape.column + shape.width); column++) {
      for (const name of MOTION_LATTICE_CHANNELS) {
        lattice.values[(row * COLUMNS + column) * lattice.channels + latticeChannelIndex(name)] = entries[name];
      }
    }
  }
}
