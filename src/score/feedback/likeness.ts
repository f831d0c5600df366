import { CLASSES, CUES, LAYOUT } from './descriptor.ts';

/** Up to this distance two things are taken for the same, beyond the other one for different; in between by degrees. */
const SAME = 0.9;
const DIFFERENT = 1.55;

/** A distance of 1 in each respect: shares of the picture, ratios (as logarithms), speed on a scale that is linear below 0.5 px a frame. */
const PLACE_Y = 0.1;
const PLACE_X = 0.1;
const SIZE = 0.6;
const SPEED = 0.5;
const VELOCITY = 0.6;
const AGITATION = 0.5;
const CLASS = 0.3;

/** Where a descriptor stands among others: Euclidean distances are what likeness goes by. NaN: unknown, not compared. */
type Point = readonly number[];

/**
 * A dismissed thing is bound to its place and its way of moving there: runners on the pavement are fine, on the lawn they are not.
 * A confirmed kind is wanted wherever it shows; only the row counts a little, since things farther off look smaller and slower.
 */
export function pointOf(descriptor: readonly number[], verdict: 'confirmed' | 'dismissed'): Point {
  const at = (index: number) => descriptor[index] ?? 0;
  const pace = (index: number) => Math.asinh(at(index) / 0.5);
  const height = Math.log(at(LAYOUT.height) + 0.05) / SIZE;
  const width = Math.log(at(LAYOUT.width) + 0.05) / SIZE;
  const agitation = Math.log(at(LAYOUT.agitation) + 0.02) / AGITATION;
  const speed = pace(LAYOUT.speed) / SPEED;
  // a detector looks now and then: where it did not, the class is not compared
  const named = CLASSES.some((index) => at(index) > 0);
  const classes = CLASSES.map((index) => (named ? at(index) / CLASS : Number.NaN));
  if (verdict === 'confirmed') {
    return [at(LAYOUT.y) / (2.5 * PLACE_Y), height, width, speed, agitation, ...classes];
  }
  const velocity = [pace(LAYOUT.velocityX) / VELOCITY, pace(LAYOUT.velocityY) / VELOCITY];
  return [at(LAYOUT.y) / PLACE_Y, at(LAYOUT.x) / PLACE_X, height, width, speed, ...velocity, agitation, ...classes];
}

/** Whether both move so much alike that what lies between is the same movement: not there and back, nor a velocity misread once. */
export function moveAlike(one: readonly number[], other: readonly number[]): boolean {
  return [LAYOUT.velocityX, LAYOUT.velocityY].every(
    (index) =>
      Math.abs(Math.asinh((one[index] ?? 0) / 0.5) - Math.asinh((other[index] ?? 0) / 0.5)) < DIFFERENT * VELOCITY,
  );
}

/** 1 for the same thing, 0 for another, falling in a straight line in between. */
export function likenessAt(distance: number): number {
  return Math.min(1, Math.max(0, (DIFFERENT - distance) / (DIFFERENT - SAME)));
}

/** One moment of a reference, and the next one of the same passage where there is one: the way between counts as seen. */
export interface Stretch {
  readonly from: Point;
  readonly to: Point | null;
  /** -ln p of each cue at both ends, nats. */
  readonly fromSurprises: readonly number[];
  readonly toSurprises: readonly number[];
}

export function stretchOf(
  from: readonly number[],
  to: readonly number[] | null,
  verdict: 'confirmed' | 'dismissed',
): Stretch {
  return {
    from: pointOf(from, verdict),
    to: to && pointOf(to, verdict),
    fromSurprises: from.slice(CUES),
    toSurprises: (to ?? from).slice(CUES),
  };
}

/** Distance of a point to the nearest place of a stretch, and where on it that is, 0 (`from`) to 1 (`to`). */
export function nearestOn(stretch: Stretch, point: Point): { readonly distance: number; readonly share: number } {
  const { from, to } = stretch;
  let share = 0;
  if (to !== null) {
    let along = 0;
    let length = 0;
    from.forEach((value, index) => {
      const step = (to[index] ?? 0) - value;
      if (Number.isNaN(step + (point[index] ?? 0))) return;
      along += ((point[index] ?? 0) - value) * step;
      length += step * step;
    });
    share = length > 0 ? Math.min(1, Math.max(0, along / length)) : 0;
  }
  let squared = 0;
  from.forEach((value, index) => {
    const other = to?.[index] ?? value;
    const here = Number.isNaN(other) ? value : Number.isNaN(value) ? other : value + share * (other - value);
    const away = (point[index] ?? 0) - here;
    if (!Number.isNaN(away)) squared += away ** 2;
  });
  return { distance: Math.sqrt(squared), share };
}
