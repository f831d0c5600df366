import type { HistorySample } from '../cue-head.ts';
import { lowerBound } from '../lower-bound.ts';
import { Reservoir } from '../reservoir.ts';
import { FIGURE_FIELDS, figureIndex } from './figure-parts.ts';

const MAXIMUM_MOVING_REFERENCES = 1000;
const MAXIMUM_STANDING_REFERENCES = 400;
/** How far a reference lends strength, one deviation: pixels across and down (perspective), and in the logarithm of the area. */
const REACH_X = 20;
const REACH_FOOT = 10;
const REACH_AREA = 0.5;
/** References farther than three deviations lend none. */
const FARTHEST_SQUARE = 9;
/** Widths in which heights and widths (logarithms) are alike. */
const HEIGHT_WIDTH = 0.25;
const WIDTH_WIDTH = 0.35;
/** Velocities are compared as asinh(v / 0.5), so that direction counts for what is slow and ratio for what is fast; with this width. */
const VELOCITY_UNIT = 0.5;
const VELOCITY_WIDTH = 0.3;
/** Added before the logarithm: slower, calmer, smaller is all the same. Pixels a frame, brightness, lattice places, pixels. */
const LEAST_SPEED = 0.3;
const LEAST_AGITATION = 0.008;
const LEAST_AREA = 4;
const LEAST_LENGTH = 4;
/** The whole picture's level counts as so many references of the place itself. */
const PRIOR = 2;
/** Deviation that any quantity has at least. */
const LEAST_DEVIATION = 0.12;
/** Density of a velocity or a shape never seen, as if a place had one reference. */
const UNSEEN = 0.02;
/** References that stand for a place never seen. */
const UNSEEN_PLACE = 0.3;

/** What of a figure is compared with other figures, in order: see `measuresOf`. */
export const MEASURES = [
  'x',
  'foot',
  'logArea',
  'logHeight',
  'logWidth',
  'logSpeed',
  'wayX',
  'wayY',
  'logAgitation',
  'limbs',
  'residual',
] as const;

export type Measure = (typeof MEASURES)[number];

/** Numbers of a moving reference. */
const MOVING_DIMENSIONS = MEASURES.length;

const [X, FOOT, LOG_AREA, LOG_HEIGHT, LOG_WIDTH, LOG_SPEED, WAY_X, WAY_Y, LOG_AGITATION, LIMBS, RESIDUAL] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
] as const;

const FIELDS = FIGURE_FIELDS.length;
const field = {
  x: figureIndex('x'),
  foot: figureIndex('foot'),
  area: figureIndex('area'),
  height: figureIndex('height'),
  width: figureIndex('width'),
  velocityX: figureIndex('velocityX'),
  velocityY: figureIndex('velocityY'),
  agitation: figureIndex('agitation'),
  limbs: figureIndex('limbs'),
  residual: figureIndex('residual'),
  still: figureIndex('still'),
  brighter: figureIndex('brighter'),
  sharper: figureIndex('sharper'),
} as const;

/** Quantities of which the usual mean and deviation are known, by their place in a reference. */
const MEASURED = [LOG_SPEED, LOG_AGITATION, LIMBS, RESIDUAL, LOG_HEIGHT, LOG_WIDTH, LOG_AREA] as const;

/** A random choice of the figures that were there while learning; plain data. */
export interface FigureReferences {
  /** count x 11 numbers, by rising place across. */
  readonly moving: Float32Array;
  readonly movingFolds: Uint8Array;
  /** count x 3 numbers (place across, foot, seconds), by rising place across. */
  readonly standing: Float32Array;
  readonly standingFolds: Uint8Array;
  /** Mean and deviation of each of MEASURED over the whole picture. */
  readonly overall: Float32Array;
  /** Share of all figures that was kept. */
  readonly movingShare: number;
  readonly standingShare: number;
  /** Segments of the history, all of it and without each fold. */
  readonly segments: number;
  readonly segmentsWithout: readonly number[];
}

/** What a part's judgement consists of, in order; see `judgeFigure`. */
export const JUDGEMENT_FIELDS = [
  'speed',
  'course',
  'agitation',
  'limbs',
  'residual',
  'place',
  'shape',
  'height',
  'width',
  'area',
  'standing',
  'stays',
  'seconds',
  'known',
  'logSpeed',
  'logHeight',
  'border',
  'brighter',
  'sharper',
] as const;

export type JudgementField = (typeof JUDGEMENT_FIELDS)[number];

export function judgementIndex(name: JudgementField): number {
  return JUDGEMENT_FIELDS.indexOf(name);
}

/** Leaves no fold out. */
export const WHOLE_HISTORY = -1;

export function collectFigureReferences(history: readonly HistorySample[], seed: number): FigureReferences {
  const moving = new Reservoir<Kept>(MAXIMUM_MOVING_REFERENCES, seed);
  const standing = new Reservoir<Kept>(MAXIMUM_STANDING_REFERENCES, seed + 1);
  for (const { figures, fold } of history) {
    if (figures === undefined) continue;
    for (let offset = 0; offset < figures.length; offset += FIELDS) {
      const seconds = figures[offset + field.still] as number;
      if (seconds > 0) {
        const x = (figures[offset + field.x] as number) / REACH_X;
        const foot = (figures[offset + field.foot] as number) / REACH_FOOT;
        standing.offer(() => ({ row: [x, foot, seconds], fold }));
      } else moving.offer(() => ({ row: measuresOf(figures, offset), fold }));
    }
  }
  const rows = byFirst(moving);
  const folds = history.reduce((most, { fold }) => Math.max(most, fold), 0) + 1;
  const stood = byFirst(standing);
  return {
    moving: Float32Array.from(rows.flatMap(({ row }) => row)),
    movingFolds: Uint8Array.from(rows, ({ fold }) => fold),
    standing: Float32Array.from(stood.flatMap(({ row }) => row)),
    standingFolds: Uint8Array.from(stood, ({ fold }) => fold),
    overall: Float32Array.from(MEASURED.flatMap((index) => spreadOf(rows.map(({ row }) => row[index] ?? 0)))),
    movingShare: moving.share,
    standingShare: standing.share,
    segments: history.length,
    segmentsWithout: Array.from(
      { length: folds },
      (_, fold) => history.filter((sample) => sample.fold !== fold).length,
    ),
  };
}

/**
 * How a figure's part compares with what the camera knows, into `target` in the order of JUDGEMENT_FIELDS.
 *
 * Of what moves: deviations of speed, agitation, limbs and residual from what moves about its foot and is about as large; -ln of the density
 * of its velocity there. Of all: -ln of how often anything moves there (a segment), and of the density of its height and width among
 * that; deviations of height, width and area. Of what stands: -ln of how often anything stands there, and for so long; the
 * logarithm of the seconds. Then the logarithm of the references about it, of its speed and height, its distance from the picture's
 * border (0 at it, 1 from 40 pixels on), and its contrast with the backdrop.
 *
 * @param fold whose references are left out
 */
export function judgeFigure(
  references: FigureReferences,
  figures: Float32Array,
  offset: number,
  fold: number,
  target: Float32Array,
  at: number,
): void {
  const { moving, movingFolds, overall, movingShare } = references;
  const own = measuresOf(figures, offset);
  const x = own[X] as number;
  const foot = own[FOOT] as number;
  const area = own[LOG_AREA] as number;
  const height = own[LOG_HEIGHT] as number;
  const width = own[LOG_WIDTH] as number;
  const wayX = own[WAY_X] as number;
  const wayY = own[WAY_Y] as number;
  const seconds = figures[offset + field.still] as number;
  const stands = seconds > 0;
  let [near, alike, similar, velocities] = [0, 0, 0, 0];
  const sums = new Float64Array(MEASURED.length * 2);
  const reach = Math.sqrt(FARTHEST_SQUARE);
  for (
    let index = lowerBound(moving, MOVING_DIMENSIONS, movingFolds.length, x - reach);
    index < movingFolds.length;
    index++
  ) {
    const from = index * MOVING_DIMENSIONS;
    const dx = (moving[from + X] as number) - x;
    if (dx > reach) break;
    const dFoot = (moving[from + FOOT] as number) - foot;
    const square = dx * dx + dFoot * dFoot;
    if (square > FARTHEST_SQUARE || movingFolds[index] === fold) continue;
    const there = Math.exp(-0.5 * square);
    const dArea = ((moving[from + LOG_AREA] as number) - area) / REACH_AREA;
    const size = there * Math.exp(-0.5 * dArea * dArea);
    near += there;
    similar += size;
    const dHeight = ((moving[from + LOG_HEIGHT] as number) - height) / HEIGHT_WIDTH;
    const dWidth = ((moving[from + LOG_WIDTH] as number) - width) / WIDTH_WIDTH;
    alike += there * Math.exp(-0.5 * (dHeight * dHeight + dWidth * dWidth));
    const ex = ((moving[from + WAY_X] as number) - wayX) / VELOCITY_WIDTH;
    const ey = ((moving[from + WAY_Y] as number) - wayY) / VELOCITY_WIDTH;
    velocities += size * Math.exp(-0.5 * (ex * ex + ey * ey));
    for (let k = 0; k < MEASURED.length; k++) {
      const value = moving[from + (MEASURED[k] as number)] as number;
      const share = k < 4 ? size : there;
      sums[2 * k] = (sums[2 * k] as number) + share * value;
      sums[2 * k + 1] = (sums[2 * k + 1] as number) + share * value * value;
    }
  }
  const deviation = (k: number) => {
    const weight = (k < 4 ? similar : near) + PRIOR;
    const mean0 = overall[2 * k] as number;
    const spread0 = overall[2 * k + 1] as number;
    const mean = ((sums[2 * k] as number) + PRIOR * mean0) / weight;
    const variance = ((sums[2 * k + 1] as number) + PRIOR * (mean0 * mean0 + spread0 * spread0)) / weight - mean * mean;
    const value = own[MEASURED[k] as number] as number;
    return (value - mean) / Math.sqrt(Math.max(0, variance) + LEAST_DEVIATION * LEAST_DEVIATION);
  };
  const segments = references.segmentsWithout[fold] ?? references.segments;
  const { stood, stayed } = stands ? countStanding(references, x, foot, seconds, fold) : { stood: 0, stayed: 0 };
  target[at] = stands ? 0 : deviation(0);
  target[at + 1] = stands ? 0 : -Math.log((velocities + UNSEEN) / (similar + 1));
  target[at + 2] = stands ? 0 : deviation(1);
  target[at + 3] = stands ? 0 : deviation(2);
  target[at + 4] = stands ? 0 : deviation(3);
  const rarity = (seen: number, share: number) => -Math.log((seen / share + UNSEEN_PLACE) / (segments + 1));
  target[at + 5] = rarity(near, movingShare);
  target[at + 6] = -Math.log((alike + UNSEEN) / (near + 1));
  target[at + 7] = deviation(4);
  target[at + 8] = deviation(5);
  target[at + 9] = deviation(6);
  target[at + 10] = stands ? rarity(stood, references.standingShare) : 0;
  target[at + 11] = stands ? rarity(stayed, references.standingShare) : 0;
  target[at + 12] = stands ? Math.log(1 + seconds) : 0;
  target[at + 13] = Math.log(near + 0.1);
  target[at + 14] = own[LOG_SPEED] as number;
  target[at + 15] = height;
  target[at + 16] = Math.min(1, Math.max(0, Math.min(x * REACH_X, 240 - x * REACH_X, 160 - foot * REACH_FOOT)) / 40);
  target[at + 17] = figures[offset + field.brighter] as number;
  target[at + 18] = figures[offset + field.sharper] as number;
}

/** How many times a figure's speed, agitation, height and width are those usual about its place (by size: the first two). */
export function ratiosToUsual(
  { moving, movingFolds, overall }: FigureReferences,
  figure: Float32Array,
): Readonly<Record<'speed' | 'agitation' | 'height' | 'width', number>> {
  const own = measuresOf(figure, 0);
  const ratio = (measured: number, bySize: boolean) => {
    let weight = PRIOR;
    let sum = PRIOR * (overall[2 * MEASURED.indexOf(measured as (typeof MEASURED)[number])] as number);
    for (let index = 0; index < movingFolds.length; index++) {
      const from = index * MOVING_DIMENSIONS;
      const dx = (moving[from + X] as number) - (own[X] as number);
      const dFoot = (moving[from + FOOT] as number) - (own[FOOT] as number);
      const dArea = bySize ? ((moving[from + LOG_AREA] as number) - (own[LOG_AREA] as number)) / REACH_AREA : 0;
      const share = Math.exp(-0.5 * (dx * dx + dFoot * dFoot + dArea * dArea));
      weight += share;
      sum += share * (moving[from + measured] as number);
    }
    return Math.exp((own[measured] as number) - sum / weight);
  };
  return {
    speed: ratio(LOG_SPEED, true),
    agitation: ratio(LOG_AGITATION, true),
    height: ratio(LOG_HEIGHT, false),
    width: ratio(LOG_WIDTH, false),
  };
}

/** References that stood about a place, and those that stood there for at least so long. */
function countStanding(
  { standing, standingFolds }: FigureReferences,
  x: number,
  foot: number,
  seconds: number,
  fold: number,
): { readonly stood: number; readonly stayed: number } {
  let [stood, stayed] = [0, 0];
  for (let index = 0; index < standingFolds.length; index++) {
    if (standingFolds[index] === fold) continue;
    const dx = (standing[index * 3] as number) - x;
    const dFoot = (standing[index * 3 + 1] as number) - foot;
    const square = dx * dx + dFoot * dFoot;
    if (square > FARTHEST_SQUARE) continue;
    const there = Math.exp(-0.5 * square);
    stood += there;
    if ((standing[index * 3 + 2] as number) >= seconds) stayed += there;
  }
  return { stood, stayed };
}

/**
 * A figure as figures are compared with one another, in the order of MEASURES: place across in units of 20 pixels and foot of 10, ratios as
 * logarithms, velocity by direction where it is slow and by ratio where it is fast.
 *
 * @param figures numbers in the order of FIGURE_FIELDS, the figure's own from `offset` on
 */
export function measuresOf(figures: ArrayLike<number>, offset = 0): readonly number[] {
  const velocityX = figures[offset + field.velocityX] as number;
  const velocityY = figures[offset + field.velocityY] as number;
  return [
    (figures[offset + field.x] as number) / REACH_X,
    (figures[offset + field.foot] as number) / REACH_FOOT,
    Math.log((figures[offset + field.area] as number) + LEAST_AREA),
    Math.log((figures[offset + field.height] as number) + LEAST_LENGTH),
    Math.log((figures[offset + field.width] as number) + LEAST_LENGTH),
    Math.log(Math.sqrt(velocityX * velocityX + velocityY * velocityY) + LEAST_SPEED),
    Math.asinh(velocityX / VELOCITY_UNIT),
    Math.asinh(velocityY / VELOCITY_UNIT),
    Math.log((figures[offset + field.agitation] as number) + LEAST_AGITATION),
    figures[offset + field.limbs] as number,
    figures[offset + field.residual] as number,
  ];
}

interface Kept {
  readonly row: readonly number[];
  readonly fold: number;
}

function byFirst({ chosen }: Reservoir<Kept>): readonly Kept[] {
  return chosen.toSorted((a, b) => (a.row[0] ?? 0) - (b.row[0] ?? 0));
}

function spreadOf(values: readonly number[]): readonly [mean: number, deviation: number] {
  const count = Math.max(1, values.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count)];
}
