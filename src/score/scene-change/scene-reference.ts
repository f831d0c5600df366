import type { GridShape } from '../cue-head.ts';
import { type Background, backgroundAt, backgroundOf } from './background.ts';
import { selectAt } from './select.ts';
import { EDGE_DIMENSIONS, LOOK_DIMENSIONS, type StillLook } from './still-look.ts';

/** Least deviation of each look dimension that history may claim: a short one knows little of weather and light. */
const LEAST_SPREAD = Float32Array.of(0.16, 0.16, 0.16, 0.16, 0.2, 0.14, 0.07);
/** One dimension alone says no more than 8 deviations. */
const LARGEST_SQUARE = 64;
/** Looks of a cell farther apart than this are different looks. */
const SAME_LOOK = 2.5;
const MAXIMUM_LOOKS = 3;
/** Looks that begin a list of a cell's; the rarer ones are dropped in the end. */
const MAXIMUM_LEADERS = 12;
/** Share of a cell's still segments that a look must hold. */
const LOOK_SHARE = 0.03;
/** Neighbouring segments look alike: so many of the history are enough. */
const MAXIMUM_LEARNED = 300;
/** The background at the history's end is a mean over about so many of them. */
const LATEST_LOOKS = 12;
/** Overall change of a dimension (haze, noise, exposure) is taken off up to this, logarithm. */
const LARGEST_SHIFT = 0.7;
/** The shift is read from every so manyth cell. */
const SHIFT_STRIDE = 2;

/** What history says about how the camera's picture looks where nothing moves. */
export interface SceneReference {
  readonly cells: number;
  readonly columns: number;
  /** cells x MAXIMUM_LOOKS x LOOK_DIMENSIONS: the looks of each cell, the commonest first. */
  readonly means: Float32Array;
  /** cells x LOOK_DIMENSIONS: deviation around the commonest look. */
  readonly spreads: Float32Array;
  /** Looks known of each cell, 0 where it was never still. */
  readonly counts: Uint8Array;
  /** How each cell looked at the history's end. */
  readonly latest: Background;
  /** UTC ms of that end. */
  readonly endMs: number;
}

/** A look, and when it was. */
export interface TimedLook {
  readonly look: StillLook;
  /** UTC ms. */
  readonly endMs: number;
}

/** Deviation of a cell from its background: root mean square over the dimensions, in deviations. `shift` is taken off first. */
export function backgroundDistance(
  look: Float32Array,
  cell: number,
  background: Background,
  spreads: Float32Array,
  shift: Float32Array,
): number {
  let sum = 0;
  const from = cell * LOOK_DIMENSIONS;
  for (let k = 0; k < LOOK_DIMENSIONS; k++) {
    const place = from + k;
    const difference = (look[place] as number) - (shift[k] as number) - backgroundAt(background, place);
    const z = difference / (spreads[place] as number);
    sum += Math.min(z * z, LARGEST_SQUARE);
  }
  return Math.sqrt(sum / LOOK_DIMENSIONS);
}

/**
 * The same from the nearest of the cell's other looks (a door, a sign that blinks): the background changed by what lies between two
 * known looks, so that it holds in any light. Infinite for a cell with one look.
 */
export function otherLookDistance(
  look: Float32Array,
  cell: number,
  background: Background,
  { means, spreads, counts }: SceneReference,
  shift: Float32Array,
): number {
  let least = Number.POSITIVE_INFINITY;
  const count = counts[cell] ?? 0;
  for (let from = 0; from < count; from++) {
    for (let to = 0; to < count; to++) {
      if (from === to) continue;
      let sum = 0;
      for (let k = 0; k < LOOK_DIMENSIONS; k++) {
        const place = cell * LOOK_DIMENSIONS + k;
        const between = (means[lookAt(cell, to) + k] ?? 0) - (means[lookAt(cell, from) + k] ?? 0);
        const difference = (look[place] ?? 0) - (shift[k] ?? 0) - backgroundAt(background, place) - between;
        const z = difference / (spreads[place] ?? 1);
        sum += Math.min(z * z, LARGEST_SQUARE);
      }
      least = Math.min(least, Math.sqrt(sum / LOOK_DIMENSIONS));
    }
  }
  return least;
}

/** Place of a cell's look in `means`. */
function lookAt(cell: number, look: number): number {
  return (cell * MAXIMUM_LOOKS + look) * LOOK_DIMENSIONS;
}

/**
 * By how much each dimension changed over the picture as a whole: median over cells that are still, bounded.
 *
 * @param known 0 for cells whose background is not known
 */
export function overallShift(look: StillLook, background: Background, known: Uint8Array): Float32Array {
  const { values, still } = look;
  const cells = still.length;
  const shift = new Float32Array(LOOK_DIMENSIONS);
  const differences = new Float32Array(Math.ceil(cells / SHIFT_STRIDE));
  for (let k = 0; k < LOOK_DIMENSIONS; k++) {
    let count = 0;
    for (let cell = 0; cell < cells; cell += SHIFT_STRIDE) {
      if (still[cell] !== 1 || known[cell] === 0) continue;
      const place = cell * LOOK_DIMENSIONS + k;
      differences[count] = (values[place] as number) - backgroundAt(background, place);
      count += 1;
    }
    if (count === 0) return shift;
    const middle = selectAt(differences, count, count >> 1);
    shift[k] = Math.max(-LARGEST_SHIFT, Math.min(LARGEST_SHIFT, middle));
  }
  return shift;
}

/** Learns how the camera looks where nothing moves. Pure; the same looks in the same order give the same reference. */
export function learnSceneReference(history: readonly TimedLook[], { rows, columns }: GridShape): SceneReference {
  const cells = rows * columns;
  const stride = Math.max(1, Math.ceil(history.length / MAXIMUM_LEARNED));
  const looks = history.filter((_, place) => (history.length - 1 - place) % stride === 0).map(({ look }) => look);
  const means = new Float32Array(cells * MAXIMUM_LOOKS * LOOK_DIMENSIONS);
  const spreads = new Float32Array(cells * LOOK_DIMENSIONS);
  const latest = new Float32Array(cells * LOOK_DIMENSIONS);
  const counts = new Uint8Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const { leaders, last } = cellLooks(looks, cell);
    counts[cell] = leaders.length;
    latest.set(last, cell * LOOK_DIMENSIONS);
    leaders.forEach((leader, index) => {
      for (let k = 0; k < LOOK_DIMENSIONS; k++) means[lookAt(cell, index) + k] = (leader.sum[k] ?? 0) / leader.count;
    });
    for (let k = 0; k < LOOK_DIMENSIONS; k++) {
      spreads[cell * LOOK_DIMENSIONS + k] = Math.hypot(LEAST_SPREAD[k] ?? 1, deviationOf(leaders[0], k));
    }
  }
  return { cells, columns, means, spreads, counts, latest: backgroundOf(latest), endMs: history.at(-1)?.endMs ?? 0 };
}

interface Leader {
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  count: number;
}

function deviationOf(leader: Leader | undefined, k: number): number {
  if (leader === undefined) return 0;
  const mean = (leader.sum[k] ?? 0) / leader.count;
  return Math.sqrt(Math.max(0, (leader.squares[k] ?? 0) / leader.count - mean * mean));
}

/** The looks of one cell while it was still: each joins the nearest known one, or founds another. Commonest first; and how it looked last. */
function cellLooks(
  looks: readonly StillLook[],
  cell: number,
): { readonly leaders: readonly Leader[]; readonly last: Float32Array } {
  const leaders: Leader[] = [];
  const last = new Float32Array(LOOK_DIMENSIONS);
  let seen = 0;
  for (const { values, still } of looks) {
    if (still[cell] !== 1) continue;
    seen += 1;
    let best: Leader | undefined;
    let bestDistance = SAME_LOOK;
    for (const leader of leaders) {
      const distance = leaderDistance(values, cell, leader);
      if (distance < bestDistance) {
        best = leader;
        bestDistance = distance;
      }
    }
    if (best === undefined && leaders.length < MAXIMUM_LEADERS) {
      best = { sum: new Float64Array(LOOK_DIMENSIONS), squares: new Float64Array(LOOK_DIMENSIONS), count: 0 };
      leaders.push(best);
    }
    const share = 1 / Math.min(seen, LATEST_LOOKS);
    if (best !== undefined) best.count += 1;
    for (let k = 0; k < LOOK_DIMENSIONS; k++) {
      const value = values[cell * LOOK_DIMENSIONS + k] ?? 0;
      last[k] = (last[k] ?? 0) + (value - (last[k] ?? 0)) * share;
      if (best === undefined) continue;
      best.sum[k] = (best.sum[k] ?? 0) + value;
      best.squares[k] = (best.squares[k] ?? 0) + value * value;
    }
  }
  const common = leaders
    .filter((leader) => leader.count >= LOOK_SHARE * seen)
    .sort((a, b) => b.count - a.count)
    .slice(0, MAXIMUM_LOOKS);
  return { leaders: common, last };
}

function leaderDistance(look: Float32Array, cell: number, { sum, count }: Leader): number {
  let total = 0;
  for (let k = 0; k < LOOK_DIMENSIONS; k++) {
    const difference = (look[cell * LOOK_DIMENSIONS + k] as number) - (sum[k] as number) / count;
    const z = difference / (LEAST_SPREAD[k] as number);
    total += Math.min(z * z, LARGEST_SQUARE);
  }
  return Math.sqrt(total / LOOK_DIMENSIONS);
}

/** Mean change of the edges of a cell against its background, logarithm: above 0 where something was added. */
export function edgeChange(look: Float32Array, cell: number, background: Background, shift: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < EDGE_DIMENSIONS; k++) {
    const place = cell * LOOK_DIMENSIONS + k;
    sum += (look[place] ?? 0) - (shift[k] ?? 0) - backgroundAt(background, place);
  }
  return sum / EDGE_DIMENSIONS;
}
