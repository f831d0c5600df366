import { latticeChannelIndex, MOTION_LATTICE_CHANNELS } from '../../../../src/score/motion-grid-channels.ts';
import type { Lattice } from '../../../../src/score/segment-features.ts';

export const [ROWS, COLUMNS] = [40, 60];
const CHANNELS = MOTION_LATTICE_CHANNELS.length;

/** Something rectangular before a plain backdrop: lattice places, pixels a frame. */
export interface Figure {
  readonly column: number;
  readonly row: number;
  readonly width: number;
  readonly height: number;
  /** 0 where it stands. */
  readonly velocityX?: number;
  readonly velocityY?: number;
  readonly agitation?: number;
  /** Of the backdrop 0.5. */
  readonly brightness?: number;
}

/** A lattice with figures on it, in a light of its own. */
export function latticeOf(figures: readonly Figure[], light = 1): Lattice {
  const values = new Float32Array(ROWS * COLUMNS * CHANNELS);
  for (let place = 0; place < ROWS * COLUMNS; place++) {
    values[place * CHANNELS + latticeChannelIndex('brightness')] = 0.5 * light;
    values[place * CHANNELS + latticeChannelIndex('edges')] = 0.02 * light;
  }
  for (const {
    column,
    row,
    width,
    height,
    velocityX = 0,
    velocityY = 0,
    agitation = 0.02,
    brightness = 0.2,
  } of figures) {
    const moves = velocityX !== 0 || velocityY !== 0;
    for (let r = Math.max(0, row); r < Math.min(ROWS, row + height); r++) {
      for (let c = Math.max(0, column); c < Math.min(COLUMNS, column + width); c++) {
        const change = moves ? 0.05 : 0;
        const own = [velocityX, velocityY, change, change, moves ? agitation : 0, moves ? 0.01 : 0];
        values.set([...own, brightness * light, 0.06 * light], (r * COLUMNS + c) * CHANNELS);
      }
    }
  }
  return { rows: ROWS, columns: COLUMNS, channels: CHANNELS, values };
}
