import { MEASURES, type Measure, measuresOf } from '../figures/figure-references.ts';
import { CLASSES, figureOf, LAYOUT, surprisesOf } from './descriptor.ts';

/** Up to this distance two things are taken for the same, by their cells or by their figures; in between by degrees. */
const SAME = { cells: 0.9, figure: 0.7 } as const;
/** From this distance on they are different. */
const DIFFERENT = 1.55;

/**
 * A distance of 1 in each respect, of what moves in the cells: shares of the picture, ratios (as logarithms), speed on a scale that is linear
 * below 0.5 px a frame.
 */
const CELLS = { x: 0.1, y: 0.1, size: 0.6, speed: 0.5, velocity: 0.6, agitation: 0.5 } as const;
/** The same for figures, of each measure that is compared (decision 0021): what keeps a kind apart from another kind in the same place. */
const FIGURE: Partial<Record<Measure, number>> = {
  x: 1.8,
  foot: 0.96,
  wayX: 1.6,
  wayY: 1.6,
  logSpeed: 0.6,
  logHeight: 1.2,
  logWidth: 0.9,
  limbs: 0.145,
  residual: 0.5,
};
const CLASS = 0.3;

/** Euclidean distances are what likeness goes by. NaN: unknown, not compared. */
type Coordinates = readonly number[];

/** Where a descriptor stands among others. */
export interface Point {
  readonly cells: Coordinates;
  /** Compared instead of the cells where both have it; null where no figure was seen. */
  readonly figure: Coordinates | null;
}

/**
 * A dismissed thing is bound to its place and its way of moving there: runners on the pavement are fine, on the lawn they are not.
 * A confirmed kind is wanted wherever it shows; only the row counts a little, since things farther off look smaller and slower.
 */
export function pointOf(descriptor: readonly number[], verdict: 'confirmed' | 'dismissed'): Point {
  return verdict === 'confirmed'
    ? { cells: kindOf(descriptor), figure: null }
    : { cells: cellsOf(descriptor), figure: figureCoordinates(descriptor) };
}

function kindOf(descriptor: readonly number[]): Coordinates {
  return [(descriptor[LAYOUT.y] ?? 0) / (2.5 * CELLS.y), ...lookOf(descriptor), ...classesOf(descriptor)];
}

function cellsOf(descriptor: readonly number[]): Coordinates {
  const at = (index: number) => descriptor[index] ?? 0;
  const place = [at(LAYOUT.y) / CELLS.y, at(LAYOUT.x) / CELLS.x];
  const velocity = [LAYOUT.velocityX, LAYOUT.velocityY].map((index) => pace(at(index)) / CELLS.velocity);
  return [...place, ...lookOf(descriptor), ...velocity, ...classesOf(descriptor)];
}

/** Size, speed and agitation. */
function lookOf(descriptor: readonly number[]): Coordinates {
  const at = (index: number) => descriptor[index] ?? 0;
  return [
    Math.log(at(LAYOUT.height) + 0.05) / CELLS.size,
    Math.log(at(LAYOUT.width) + 0.05) / CELLS.size,
    pace(at(LAYOUT.speed)) / CELLS.speed,
    Math.log(at(LAYOUT.agitation) + 0.02) / CELLS.agitation,
  ];
}

function figureCoordinates(descriptor: readonly number[]): Coordinates | null {
  const figure = figureOf(descriptor);
  if (figure === null) return null;
  const measures = measuresOf(figure);
  const compared = MEASURES.flatMap((measure, index) => {
    const width = FIGURE[measure];
    return width === undefined ? [] : (measures[index] ?? 0) / width;
  });
  return [...compared, ...classesOf(descriptor)];
}

/** A detector looks now and then: where it did not, the class is not compared. */
function classesOf(descriptor: readonly number[]): Coordinates {
  const named = CLASSES.some((index) => (descriptor[index] ?? 0) > 0);
  return CLASSES.map((index) => (named ? (descriptor[index] ?? 0) / CLASS : Number.NaN));
}

/** A velocity on a scale on which direction counts for what is slow, and ratio for what is fast. */
function pace(velocity: number): number {
  return Math.asinh(velocity / 0.5);
}

/** Whether both move so much alike that what lies between is the same movement: not there and back, nor a velocity misread once. */
export function moveAlike(one: readonly number[], other: readonly number[]): boolean {
  return [LAYOUT.velocityX, LAYOUT.velocityY].every(
    (index) => Math.abs(pace(one[index] ?? 0) - pace(other[index] ?? 0)) < DIFFERENT * CELLS.velocity,
  );
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
    fromSurprises: surprisesOf(from),
    toSurprises: surprisesOf(to ?? from),
  };
}

/** A point and the nearest place of a stretch. */
export interface Nearness {
  readonly distance: number;
  /** 1 for the same thing, 0 for another, falling in a straight line in between. */
  readonly likeness: number;
  /** Where on the stretch the place is, 0 (`from`) to 1 (`to`). */
  readonly share: number;
}

export function nearestOn({ from, to }: Stretch, point: Point): Nearness {
  const figures = from.figure !== null && point.figure !== null && (to === null || to.figure !== null);
  const by = figures ? 'figure' : 'cells';
  const of = (one: Point) => one[by] ?? [];
  const { distance, share } = nearestBetween(of(from), to && of(to), of(point));
  const likeness = Math.min(1, Math.max(0, (DIFFERENT - distance) / (DIFFERENT - SAME[by])));
  return { distance, likeness, share };
}

function nearestBetween(from: Coordinates, to: Coordinates | null, point: Coordinates) {
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
