import type { GridShape } from '../cue-head.ts';
import { EDGE_DIMENSIONS, LOOK_DIMENSIONS, type StillLook } from './still-look.ts';

/** Least deviation of each look dimension that history may claim: a short one knows little of weather and light. */
const LEAST_SPREAD = [0.16, 0.16, 0.16, 0.16, 0.2, 0.14, 0.07] as const;
/** One dimension alone says no more than so many deviations. */
const LARGEST_DEVIATION = 8;
/** Looks of a cell farther apart than this are different looks. */
const SAME_LOOK = 2.5;
/** Pictures whose middle cell lies farther from every known picture than this are another mode of the camera (infrared night, snow). */
const SAME_PICTURE = 2.5;
const MAXIMUM_PICTURES = 3;
const MAXIMUM_LOOKS = 3;
/** Share of the history that a mode must hold, and of a cell's still segments that a look must hold. */
const PICTURE_SHARE = 0.05;
const LOOK_SHARE = 0.03;
/** Overall change of a dimension (haze, noise, exposure) is taken off up to this, logarithm. */
const LARGEST_SHIFT = 0.7;
/** The shift is read from every so manyth cell. */
const SHIFT_STRIDE = 2;

/** One way the camera's picture looks as a whole: day, infrared night, snow. */
export interface PictureReference {
  /** cells x looks x LOOK_DIMENSIONS; the first look of each cell is its commonest. */
  readonly means: Float32Array;
  /** cells x LOOK_DIMENSIONS: deviation around the commonest look. */
  readonly spreads: Float32Array;
  /** Looks known of each cell, 0 where it was never still. */
  readonly counts: Uint8Array;
}

/** The camera's references; `pictures` is empty where the history held nothing still. */
export interface SceneReference {
  readonly cells: number;
  readonly columns: number;
  readonly pictures: readonly PictureReference[];
}

/** Deviation of a cell from one look: root mean square over the dimensions, in deviations. `shift` is taken off first. */
export function lookDistance(
  look: Float32Array,
  cell: number,
  means: ArrayLike<number>,
  meanAt: number,
  spreads: Float32Array,
  shift: Float32Array,
): number {
  let sum = 0;
  for (let k = 0; k < LOOK_DIMENSIONS; k++) {
    const place = cell * LOOK_DIMENSIONS + k;
    const z = ((look[place] ?? 0) - (shift[k] ?? 0) - (means[meanAt + k] ?? 0)) / (spreads[place] ?? 1);
    sum += Math.min(z * z, LARGEST_DEVIATION * LARGEST_DEVIATION);
  }
  return Math.sqrt(sum / LOOK_DIMENSIONS);
}

/** Place of a cell's look in `means`. */
export function lookAt(cell: number, look: number): number {
  return (cell * MAXIMUM_LOOKS + look) * LOOK_DIMENSIONS;
}

/** By how much each dimension changed over the picture as a whole: median over the still cells, bounded. Writes LOOK_DIMENSIONS numbers. */
export function overallShift(look: StillLook, picture: PictureReference, cells: number, shift: Float32Array): void {
  const differences = new Float32Array(Math.ceil(cells / SHIFT_STRIDE));
  for (let k = 0; k < LOOK_DIMENSIONS; k++) {
    let count = 0;
    for (let cell = 0; cell < cells; cell += SHIFT_STRIDE) {
      if (look.still[cell] !== 1 || picture.counts[cell] === 0) continue;
      differences[count] = (look.values[cell * LOOK_DIMENSIONS + k] ?? 0) - (picture.means[lookAt(cell, 0) + k] ?? 0);
      count += 1;
    }
    const middle = count === 0 ? 0 : (differences.subarray(0, count).sort()[count >> 1] ?? 0);
    shift[k] = Math.max(-LARGEST_SHIFT, Math.min(LARGEST_SHIFT, middle));
  }
}

/** Learns how the camera looks where nothing moves. Pure; the same looks in the same order give the same reference. */
export function learnSceneReference(looks: readonly StillLook[], { rows, columns }: GridShape): SceneReference {
  const cells = rows * columns;
  const groups = groupPictures(looks, cells);
  return { cells, columns, pictures: groups.map((group) => learnPicture(group, cells)) };
}

/** Sorts the looks by mode of the picture, the commonest first. Passing states of the picture are dropped. */
function groupPictures(looks: readonly StillLook[], cells: number): readonly (readonly StillLook[])[] {
  const groups: { readonly members: StillLook[]; readonly seed: PictureReference }[] = [];
  const shift = new Float32Array(LOOK_DIMENSIONS);
  for (const look of looks) {
    let best = -1;
    let bestDistance = SAME_PICTURE;
    groups.forEach(({ seed }, index) => {
      overallShift(look, seed, cells, shift);
      const distance = middleDistance(look, seed, cells, shift);
      if (distance < bestDistance) {
        best = index;
        bestDistance = distance;
      }
    });
    const group = groups[best];
    if (group !== undefined) group.members.push(look);
    else if (groups.length < 4 * MAXIMUM_PICTURES) groups.push({ members: [look], seed: seedOf(look, cells) });
  }
  return groups
    .map(({ members }) => members)
    .filter((members, index) => members.length >= PICTURE_SHARE * looks.length || (index === 0 && groups.length === 1))
    .sort((a, b) => b.length - a.length)
    .slice(0, MAXIMUM_PICTURES);
}

function seedOf(look: StillLook, cells: number): PictureReference {
  const means = new Float32Array(cells * MAXIMUM_LOOKS * LOOK_DIMENSIONS);
  const counts = new Uint8Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    if (look.still[cell] !== 1) continue;
    counts[cell] = 1;
    means.set(look.values.subarray(cell * LOOK_DIMENSIONS, (cell + 1) * LOOK_DIMENSIONS), lookAt(cell, 0));
  }
  return { means, spreads: leastSpreads(cells), counts };
}

export function middleDistance(look: StillLook, picture: PictureReference, cells: number, shift: Float32Array): number {
  const distances = new Float32Array(cells);
  let count = 0;
  for (let cell = 0; cell < cells; cell++) {
    if (look.still[cell] !== 1 || picture.counts[cell] === 0) continue;
    distances[count] = lookDistance(look.values, cell, picture.means, lookAt(cell, 0), picture.spreads, shift);
    count += 1;
  }
  return count === 0 ? Number.POSITIVE_INFINITY : (distances.subarray(0, count).sort()[count >> 1] ?? 0);
}

function leastSpreads(cells: number): Float32Array {
  return Float32Array.from(
    { length: cells * LOOK_DIMENSIONS },
    (_, place) => LEAST_SPREAD[place % LOOK_DIMENSIONS] ?? 1,
  );
}

function learnPicture(looks: readonly StillLook[], cells: number): PictureReference {
  const means = new Float32Array(cells * MAXIMUM_LOOKS * LOOK_DIMENSIONS);
  const counts = new Uint8Array(cells);
  const spreads = leastSpreads(cells);
  const least = leastSpreads(cells);
  const none = new Float32Array(LOOK_DIMENSIONS);
  for (let cell = 0; cell < cells; cell++) {
    const leaders = cellLooks(looks, cell, least, none);
    leaders.forEach((leader, index) => {
      for (let k = 0; k < LOOK_DIMENSIONS; k++) means[lookAt(cell, index) + k] = (leader.sum[k] ?? 0) / leader.count;
    });
    counts[cell] = leaders.length;
    const commonest = leaders[0];
    if (commonest === undefined) continue;
    for (let k = 0; k < LOOK_DIMENSIONS; k++) {
      const mean = (commonest.sum[k] ?? 0) / commonest.count;
      const variance = Math.max(0, (commonest.squares[k] ?? 0) / commonest.count - mean * mean);
      const place = cell * LOOK_DIMENSIONS + k;
      spreads[place] = Math.hypot(least[place] ?? 0, Math.sqrt(variance));
    }
  }
  return { means, spreads, counts };
}

interface Leader {
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  count: number;
}

/** The looks of one cell while it was still: each joins the nearest known one, or founds another. Commonest first. */
function cellLooks(
  looks: readonly StillLook[],
  cell: number,
  least: Float32Array,
  none: Float32Array,
): readonly Leader[] {
  const leaders: Leader[] = [];
  let seen = 0;
  for (const { values, still } of looks) {
    if (still[cell] !== 1) continue;
    seen += 1;
    let best: Leader | undefined;
    let bestDistance = SAME_LOOK;
    for (const leader of leaders) {
      const mean = leader.sum.map((sum) => sum / leader.count);
      const distance = lookDistance(values, cell, mean, 0, least, none);
      if (distance < bestDistance) {
        best = leader;
        bestDistance = distance;
      }
    }
    if (best === undefined) {
      if (leaders.length >= 4 * MAXIMUM_LOOKS) continue;
      best = { sum: new Float64Array(LOOK_DIMENSIONS), squares: new Float64Array(LOOK_DIMENSIONS), count: 0 };
      leaders.push(best);
    }
    best.count += 1;
    for (let k = 0; k < LOOK_DIMENSIONS; k++) {
      const value = values[cell * LOOK_DIMENSIONS + k] ?? 0;
      best.sum[k] = (best.sum[k] ?? 0) + value;
      best.squares[k] = (best.squares[k] ?? 0) + value * value;
    }
  }
  return leaders
    .filter((leader) => leader.count >= LOOK_SHARE * seen)
    .sort((a, b) => b.count - a.count)
    .slice(0, MAXIMUM_LOOKS);
}

/** Mean change of the edges of a cell against its commonest look, logarithm: above 0 where something was added. */
export function edgeChange(look: Float32Array, cell: number, means: Float32Array, shift: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < EDGE_DIMENSIONS; k++) {
    sum += (look[cell * LOOK_DIMENSIONS + k] ?? 0) - (shift[k] ?? 0) - (means[lookAt(cell, 0) + k] ?? 0);
  }
  return sum / EDGE_DIMENSIONS;
}
