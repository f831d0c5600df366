import { LOOK_DIMENSIONS } from './still-look.ts';

/** Looks are kept in a byte a number: steps of so much (logarithm) from the least upwards. */
export const BACKGROUND_STEP = 0.03;
const LEAST = -5.6;

/** How each cell looks now while nothing is there: cells x LOOK_DIMENSIONS, a byte each. Absolute, so that it outlives relearning. */
export type Background = Uint8Array;

/** Cells nobody has seen still stay 0. */
export function backgroundOf(looks: Float32Array): Background {
  const background = new Uint8Array(looks.length);
  for (let place = 0; place < looks.length; place++) background[place] = toByte(looks[place] ?? 0);
  return background;
}

export function backgroundAt(background: Background, place: number): number {
  return LEAST + BACKGROUND_STEP * (background[place] as number);
}

/** A cell's look becomes its background. */
export function settleCell(background: Background, cell: number, look: Float32Array): void {
  for (let place = cell * LOOK_DIMENSIONS; place < (cell + 1) * LOOK_DIMENSIONS; place++) {
    background[place] = toByte(look[place] ?? 0);
  }
}

/** Moves a cell's background towards what is seen, by so many steps at most. */
export function followCell(background: Background, cell: number, look: Float32Array, steps: number): void {
  for (let place = cell * LOOK_DIMENSIONS; place < (cell + 1) * LOOK_DIMENSIONS; place++) {
    const before = background[place] ?? 0;
    const difference = toByte(look[place] ?? 0) - before;
    background[place] = before + Math.max(-steps, Math.min(steps, difference));
  }
}

/** Moves a cell's background by what the whole picture moves, by so many steps at most: what is held there stays held. */
export function shiftCell(background: Background, cell: number, shift: Float32Array, steps: number): void {
  for (let k = 0; k < LOOK_DIMENSIONS; k++) {
    const place = cell * LOOK_DIMENSIONS + k;
    const step = Math.max(-steps, Math.min(steps, Math.trunc((shift[k] ?? 0) / BACKGROUND_STEP)));
    background[place] = Math.max(0, Math.min(255, (background[place] ?? 0) + step));
  }
}

function toByte(value: number): number {
  return Math.max(0, Math.min(255, Math.round((value - LEAST) / BACKGROUND_STEP)));
}
