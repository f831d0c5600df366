import type { HistorySample } from '../../../../src/score/cue-head.ts';
import { type BackdropState, stepBackdrop } from '../../../../src/score/figures/backdrop.ts';
import { figureParts } from '../../../../src/score/figures/figure-parts.ts';
import { SeededRandom } from '../../../../src/score/random.ts';
import { COLUMNS, type Figure, latticeOf } from './figure-scene.ts';

export const PAVEMENT_ROW = 10;
export const ROAD_ROW = 26;

export const person = (column: number, velocityX: number, more: Partial<Figure> = {}): Figure => ({
  column: Math.round(column),
  row: PAVEMENT_ROW,
  width: 2,
  height: 6,
  velocityX,
  ...more,
});

/** A pavement on which people walk both ways and now and then stand, and a road on which cars drive to the right, four times as fast. */
export function streetLife(sequence: number, random: SeededRandom): readonly Figure[] {
  const along = (period: number) => (sequence * period) % COLUMNS;
  const noise = () => 1 + 0.3 * (random.next() - 0.5);
  const car: Figure = { column: Math.round(along(5)), row: ROAD_ROW, width: 12, height: 7, velocityX: 4 * noise() };
  return [
    person(along(1.25), noise(), { velocityY: 0.1 * (random.next() - 0.5) }),
    person(COLUMNS - 1 - along(1.25), -noise(), { row: PAVEMENT_ROW + 1 }),
    ...(sequence % 24 < 12 ? [car] : []),
    ...(sequence % 90 < 8 ? [person(45, 0)] : []),
  ];
}

/** Watches figures with one backdrop, as a camera does. */
export class Watcher {
  #backdrop: BackdropState | null = null;
  #sequence = 0;

  sample(figures: readonly Figure[], fold = 0): HistorySample {
    const lattice = latticeOf(figures);
    const step = stepBackdrop(this.#backdrop, lattice, 1);
    this.#backdrop = step.state;
    const sequence = this.#sequence++;
    return {
      epoch: 1,
      sequence,
      startMs: sequence * 500,
      endMs: sequence * 500 + 400,
      values: new Float32Array(10 * 15 * 16),
      blobs: new Float32Array(0),
      figures: figureParts(lattice, step.foreground),
      objects: null,
      fold,
    };
  }

  /** So many segments of ordinary life, in eight folds. */
  life(segments: number, seed = 1): readonly HistorySample[] {
    const random = new SeededRandom(seed);
    return Array.from({ length: segments }, (_, sequence) =>
      this.sample(streetLife(sequence, random), Math.floor((sequence * 8) / segments)),
    );
  }
}
