import { channelIndex, MOTION_GRID_CHANNELS, type MotionGridChannel } from '../../../src/score/motion-grid-channels.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import type { SegmentFeatures } from '../../../src/score/segment-features.ts';

export const ROWS = 10;
export const COLUMNS = 15;
export const SEGMENT_MS = 500;
const CHANNELS = MOTION_GRID_CHANNELS.length;

/** Features of a made-up pavement (rows 4 to 6) with walkers at about one pixel a frame and nothing anywhere else. */
export class SyntheticStreet {
  readonly #random: SeededRandom;
  readonly #walkers: { position: number; readonly row: number; readonly speed: number }[];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#walkers = Array.from({ length: 4 }, () => ({
      position: this.#random.next() * COLUMNS,
      row: 4 + this.#random.below(3),
      speed: (0.7 + 0.5 * this.#random.next()) * (this.#random.next() < 0.5 ? -1 : 1),
    }));
  }

  segment(sequence: number, epoch = 1_000, extra: (values: Float32Array) => void = () => {}): SegmentFeatures {
    const values = new Float32Array(ROWS * COLUMNS * CHANNELS);
    for (let cell = 0; cell < ROWS * COLUMNS; cell++) {
      write(values, cell, 'speedMean', 0.03 * this.#random.next());
      write(values, cell, 'temporalEnergyMean', 0.002 + 0.001 * this.#random.next());
      // houses and kerbs: every place has edges of its own, by which the camera's view is known
      const edges = 0.03 + 0.04 * (((cell * 7_919) % 13) / 13);
      write(values, cell, 'gradientHorizontal', edges + 0.002 * this.#random.next());
      write(values, cell, 'gradientVertical', edges + 0.002 * this.#random.next());
      write(values, cell, 'intensityMean', 0.5);
      write(values, cell, 'intensityDeviation', 0.1);
    }
    for (const walker of this.#walkers) {
      walker.position = (walker.position + walker.speed * 0.3 + COLUMNS) % COLUMNS;
      const jitter = 0.9 + 0.2 * this.#random.next();
      putMover(values, walker.row, Math.floor(walker.position), walker.speed * jitter);
    }
    extra(values);
    const startMs = epoch + sequence * SEGMENT_MS;
    return { epoch, sequence, startMs, endMs: startMs + 400, rows: ROWS, columns: COLUMNS, channels: CHANNELS, values };
  }
}

/** Something in one cell that moves `speed` pixels a frame to the right. */
export function putMover(values: Float32Array, row: number, column: number, speed: number): void {
  const cell = row * COLUMNS + column;
  write(values, cell, 'speedMean', Math.abs(speed));
  write(values, cell, 'speedCoarseMean', Math.abs(speed) * 0.9);
  write(values, cell, 'velocityX', speed);
  write(values, cell, 'temporalEnergyMean', 0.03);
  write(values, cell, 'temporalEnergyMax', 0.05);
  write(values, cell, 'secondDifferenceMax', 0.03);
}

function write(values: Float32Array, cell: number, channel: MotionGridChannel, value: number): void {
  values[cell * CHANNELS + channelIndex(channel)] = value;
}
