import type { HistorySample } from '../cue-head.ts';
import { SeededRandom } from '../random.ts';
import { PART_FIELDS, partIndex } from './moving-parts.ts';

/** Numbers of a reference: where and how large, what speed and which way, how agitated. */
const DIMENSIONS = 7;
const MAXIMUM_REFERENCES = 900;
/** How far a reference lends strength, one deviation: pixels across and down (perspective), and in the logarithm of the area. */
const REACH_X = 20;
const REACH_Y = 12;
const REACH_AREA = 0.5;
/** References farther than three deviations lend none. */
const FARTHEST_SQUARE = 9;
/** Velocities are compared as asinh(v / 0.5), so that direction counts for what is slow and ratio for what is fast; with this width. */
const VELOCITY_UNIT = 0.5;
const VELOCITY_WIDTH = 0.3;
/** Added before the logarithm: slower, and calmer, is all the same. Pixels a frame, brightness. */
const LEAST_SPEED = 0.3;
const LEAST_AGITATION = 0.008;
const LEAST_AREA = 4;
/** The whole picture's level counts as so many references of the place itself. */
const PRIOR = 2;
/** Deviation that speed and agitation have at least (logarithm). */
const LEAST_DEVIATION = 0.12;
/** Density of a velocity never seen, as if a place had one reference. */
const UNSEEN_VELOCITY = 0.02;
/** References that stand for a place never seen. */
const UNSEEN_PLACE = 0.3;

const X = partIndex('x');
const Y = partIndex('y');
const VELOCITY_X = partIndex('velocityX');
const VELOCITY_Y = partIndex('velocityY');
const AREA = partIndex('area');
const AGITATION = partIndex('agitation');

const [LOG_SPEED, WAY_X, WAY_Y, LOG_AGITATION] = [3, 4, 5, 6];

/** A random choice of what moved while learning; plain data. */
export interface PartReferences {
  /** count x 7 numbers, by rising place across. */
  readonly values: Float64Array;
  readonly folds: Uint8Array;
  /** Mean and deviation of ln speed and of ln agitation over the whole picture. */
  readonly speed: readonly [mean: number, deviation: number];
  readonly agitation: readonly [mean: number, deviation: number];
  /** Segments of the history for each reference kept, for all of it and without each fold. */
  readonly segments: number;
  readonly segmentsWithout: readonly number[];
}

/** How a part compares with what moved about the same place and was about as large. */
export interface Judgement {
  /** Deviations above the usual speed. */
  readonly speed: number;
  /** Times the usual speed. */
  readonly speedRatio: number;
  /** -ln of the density of its velocity. */
  readonly course: number;
  /** Deviations above the usual agitation. */
  readonly agitation: number;
  readonly agitationRatio: number;
  /** -ln of how often anything of its size is there, a segment. */
  readonly place: number;
}

/** Leaves no fold out. */
export const WHOLE_HISTORY = -1;

export function collectPartReferences(history: readonly HistorySample[], seed: number): PartReferences {
  const random = new SeededRandom(seed);
  const chosen: { readonly row: readonly number[]; readonly fold: number }[] = [];
  let seen = 0;
  for (const { parts, fold } of history) {
    if (parts === undefined) continue;
    for (let offset = 0; offset < parts.length; offset += PART_FIELDS.length) {
      seen += 1;
      const place = chosen.length < MAXIMUM_REFERENCES ? chosen.length : random.below(seen);
      if (place < MAXIMUM_REFERENCES) chosen[place] = { row: describePart(parts, offset), fold };
    }
  }
  chosen.sort((a, b) => (a.row[0] ?? 0) - (b.row[0] ?? 0));
  const share = Math.min(1, MAXIMUM_REFERENCES / Math.max(1, seen));
  const folds = Math.max(...history.map(({ fold }) => fold)) + 1;
  return {
    values: Float64Array.from(chosen.flatMap(({ row }) => row)),
    folds: Uint8Array.from(chosen, ({ fold }) => fold),
    speed: spreadOf(chosen.map(({ row }) => row[LOG_SPEED] ?? 0)),
    agitation: spreadOf(chosen.map(({ row }) => row[LOG_AGITATION] ?? 0)),
    segments: share * history.length,
    segmentsWithout: Array.from(
      { length: folds },
      (_, fold) => share * history.filter((sample) => sample.fold !== fold).length,
    ),
  };
}

/** @param fold whose references are left out */
export function judgePart(references: PartReferences, parts: Float32Array, offset: number, fold: number): Judgement {
  const { values, folds } = references;
  const own = describePart(parts, offset);
  const [x = 0, y = 0, area = 0, speed = 0, wayX = 0, wayY = 0, agitation = 0] = own;
  let [weight, velocities] = [0, 0];
  let [speeds, speedSquares, agitations, agitationSquares] = [0, 0, 0, 0];
  const reach = Math.sqrt(FARTHEST_SQUARE);
  for (let index = firstAtLeast(values, x - reach); index < folds.length; index++) {
    const at = index * DIMENSIONS;
    const dx = (values[at] as number) - x;
    if (dx > reach) break;
    const dy = (values[at + 1] as number) - y;
    const dArea = (values[at + 2] as number) - area;
    const square = dx * dx + dy * dy + dArea * dArea;
    if (square > FARTHEST_SQUARE || folds[index] === fold) continue;
    const share = Math.exp(-0.5 * square);
    weight += share;
    const itsSpeed = values[at + LOG_SPEED] as number;
    speeds += share * itsSpeed;
    speedSquares += share * itsSpeed * itsSpeed;
    const itsAgitation = values[at + LOG_AGITATION] as number;
    agitations += share * itsAgitation;
    agitationSquares += share * itsAgitation * itsAgitation;
    const ex = ((values[at + WAY_X] as number) - wayX) / VELOCITY_WIDTH;
    const ey = ((values[at + WAY_Y] as number) - wayY) / VELOCITY_WIDTH;
    velocities += share * Math.exp(-0.5 * (ex * ex + ey * ey));
  }
  const bySpeed = excess(speed, weight, speeds, speedSquares, references.speed);
  const byAgitation = excess(agitation, weight, agitations, agitationSquares, references.agitation);
  const segments = references.segmentsWithout[fold] ?? references.segments;
  return {
    speed: bySpeed.deviations,
    speedRatio: bySpeed.ratio,
    course: -Math.log((velocities + UNSEEN_VELOCITY) / (weight + 1)),
    agitation: byAgitation.deviations,
    agitationRatio: byAgitation.ratio,
    place: -Math.log((weight + UNSEEN_PLACE) / (segments + 1)),
  };
}

function describePart(parts: Float32Array, offset: number): readonly number[] {
  const velocityX = parts[offset + VELOCITY_X] as number;
  const velocityY = parts[offset + VELOCITY_Y] as number;
  return [
    (parts[offset + X] as number) / REACH_X,
    (parts[offset + Y] as number) / REACH_Y,
    Math.log((parts[offset + AREA] as number) + LEAST_AREA) / REACH_AREA,
    Math.log(Math.sqrt(velocityX * velocityX + velocityY * velocityY) + LEAST_SPEED),
    Math.asinh(velocityX / VELOCITY_UNIT),
    Math.asinh(velocityY / VELOCITY_UNIT),
    Math.log((parts[offset + AGITATION] as number) + LEAST_AGITATION),
  ];
}

/** A value against the weighted mean and deviation of the references, drawn towards the whole picture's where there are few. */
function excess(
  value: number,
  weight: number,
  sum: number,
  squares: number,
  [mean0, deviation0]: readonly [number, number],
): { readonly deviations: number; readonly ratio: number } {
  const total = weight + PRIOR;
  const mean = (sum + PRIOR * mean0) / total;
  const variance = (squares + PRIOR * (mean0 * mean0 + deviation0 * deviation0)) / total - mean * mean;
  const deviation = Math.sqrt(Math.max(0, variance) + LEAST_DEVIATION * LEAST_DEVIATION);
  return { deviations: (value - mean) / deviation, ratio: Math.exp(value - mean) };
}

function spreadOf(values: readonly number[]): readonly [number, number] {
  const count = Math.max(1, values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count)];
}

function firstAtLeast(values: Float64Array, x: number): number {
  let low = 0;
  let high = values.length / DIMENSIONS;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle * DIMENSIONS] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
