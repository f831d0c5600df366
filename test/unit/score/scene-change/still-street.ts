import type { HistorySample } from '../../../../src/score/cue-head.ts';
import {
  channelIndex,
  MOTION_GRID_CHANNELS,
  type MotionGridChannel,
} from '../../../../src/score/motion-grid-channels.ts';
import { SeededRandom } from '../../../../src/score/random.ts';

export const SHAPE = { rows: 10, columns: 15, channels: MOTION_GRID_CHANNELS.length } as const;
const CELLS = SHAPE.rows * SHAPE.columns;
const EDGES = ['gradientHorizontal', 'gradientVertical', 'gradientRising', 'gradientFalling'] as const;
const SEGMENT_MS = 500;

/** How one cell looks. */
export interface CellLook {
  brightness: number;
  /** Edge strength over brightness, in four directions. */
  readonly edges: number[];
  /** Whether something moves in it. */
  moving?: boolean;
}

/** Grids of a made-up place: every cell has a look of its own, and a little noise. */
export class StillStreet {
  readonly #looks: readonly CellLook[];
  readonly #random: SeededRandom;

  constructor(seed: number) {
    const layout = new SeededRandom(99);
    this.#random = new SeededRandom(seed);
    this.#looks = Array.from({ length: CELLS }, () => ({
      brightness: 0.3 + 0.4 * layout.next(),
      edges: EDGES.map(() => 0.03 + 0.12 * layout.next()),
    }));
  }

  /** One segment; `change` may alter the looks of this segment, `light` multiplies all brightness. */
  sample(
    sequence: number,
    options: { readonly change?: (looks: CellLook[]) => void; readonly light?: number; readonly fold?: number } = {},
  ): HistorySample {
    const looks = this.#looks.map((look) => ({ ...look, edges: [...look.edges] }));
    options.change?.(looks);
    const values = new Float32Array(CELLS * SHAPE.channels);
    const write = (cell: number, channel: MotionGridChannel, value: number) => {
      values[cell * SHAPE.channels + channelIndex(channel)] = value;
    };
    const noisy = (value: number) => value * (1 + 0.03 * (this.#random.next() - 0.5));
    looks.forEach(({ brightness, edges, moving = false }, cell) => {
      const own = brightness * (options.light ?? 1);
      const strength = (edges[0] ?? 0) + (edges[1] ?? 0);
      EDGES.forEach((channel, index) => {
        write(cell, channel, noisy((edges[index] ?? 0) * own));
      });
      write(cell, 'gradientMax', noisy(1.5 * strength * own));
      write(cell, 'intensityMean', noisy(own));
      write(cell, 'intensityDeviation', noisy(0.7 * strength * own));
      write(cell, 'temporalEnergyMean', moving ? 0.03 : noisy(0.003));
      write(cell, 'temporalEnergyMax', moving ? 0.06 : noisy(0.006));
    });
    const startMs = 1_000_000 + sequence * SEGMENT_MS;
    return {
      epoch: 1_000_000,
      sequence,
      startMs,
      endMs: startMs + 400,
      values,
      blobs: new Float32Array(0),
      objects: null,
      fold: options.fold ?? 0,
    };
  }

  /** `seconds` of ordinary life in eight folds: nothing changes, now and then somebody walks along row 6. */
  history(seconds: number, alter?: (sequence: number, looks: CellLook[]) => void): readonly HistorySample[] {
    const count = seconds * 2;
    return Array.from({ length: count }, (_, sequence) =>
      this.sample(sequence, {
        fold: Math.floor((sequence * 8) / count),
        change: (looks) => {
          walk(looks, sequence);
          alter?.(sequence, looks);
        },
      }),
    );
  }
}

/** Somebody walks along row 6, two cells wide. */
export function walk(looks: CellLook[], sequence: number): void {
  const column = sequence % 40;
  for (const at of [column, column + 1]) {
    const look = at < SHAPE.columns ? looks[6 * SHAPE.columns + at] : undefined;
    if (look === undefined) continue;
    look.moving = true;
    look.edges.fill(0.3);
  }
}

/** A bag stands in the cell: many edges where there were few, and darker. */
export function putBag(looks: CellLook[], cell: number): void {
  const look = looks[cell];
  if (look === undefined) return;
  look.brightness *= 0.6;
  look.edges.forEach((edge, index) => {
    look.edges[index] = 0.3 + edge;
  });
}

/** What stood in the cell is gone: bare ground. */
export function takeAway(looks: CellLook[], cell: number): void {
  looks[cell]?.edges.fill(0.012);
}
