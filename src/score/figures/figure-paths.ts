import { follows } from '../follows.ts';
import { FIGURE_FIELDS, figureIndex } from './figure-parts.ts';
import {
  type FigureReferences,
  JUDGEMENT_FIELDS,
  type JudgementField,
  judgeFigure,
  judgementIndex,
} from './figure-references.ts';

/** What is gathered along paths, as running means. */
const GATHERED: readonly JudgementField[] = [
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
  'brighter',
  'sharper',
];
/** What lasts longer than two people pass each other by: the same as slow running means. */
const LASTING: readonly JudgementField[] = ['speed', 'course', 'agitation', 'limbs', 'residual', 'place', 'shape'];
const PLACES = [...GATHERED, ...LASTING].map(judgementIndex);
const JUDGED = JUDGEMENT_FIELDS.length;
const FIELDS = FIGURE_FIELDS.length;

/** What the strangeness of a figure is judged by, in order: its judgement, what was gathered along its path, how long it has been followed. */
export const VIEW_FIELDS = [
  ...JUDGEMENT_FIELDS,
  ...GATHERED.map((name) => `path-${name}`),
  ...LASTING.map((name) => `lasting-${name}`),
  'age',
  'arrived',
] as const;
export const VIEW_LENGTH = VIEW_FIELDS.length;
const AGE = JUDGED + PLACES.length;
const ARRIVED = AGE + 1;

/** A part may be the one of the segment before where it stands so near to where that one was heading: pixels, and a share of the way. */
const NEAR_PIXELS = 14;
const NEAR_SHARE = 0.6;
/** Between standing and moving. */
const STOP_PIXELS = 12;
const FRAMES = 5;
/** Share of the newest segment in a running mean while it rises, and while it falls. */
const RISING_SHARE = 0.35;
const FALLING_SHARE = 0.5;
const LASTING_RISING_SHARE = 0.12;
const LASTING_FALLING_SHARE = 0.25;
/** Ten seconds; longer is all the same. */
const LONGEST_AGE = 20;

const X = figureIndex('x');
const Y = figureIndex('y');
const VELOCITY_X = figureIndex('velocityX');
const VELOCITY_Y = figureIndex('velocityY');
const STILL = figureIndex('still');

/** The last segment's figures, and what was gathered along the best path to each; a few kB. */
export interface PathState {
  readonly epoch: number | null;
  readonly sequence: number;
  readonly figures: Float32Array;
  /** Figures x VIEW_LENGTH. */
  readonly views: Float32Array;
}

export const NO_PATHS: PathState = {
  epoch: null,
  sequence: 0,
  figures: new Float32Array(0),
  views: new Float32Array(0),
};

/**
 * Follows figures from segment to segment: what each judgement says is gathered along the best path that leads to the figure (track before
 * detect: none need be told from its neighbours in every segment).
 *
 * @param judge writes the judgement of the figure at `offset` into a view
 */
export function followFigures(
  earlier: PathState,
  moment: { readonly epoch: number; readonly sequence: number; readonly figures: Float32Array },
  judge: (figures: Float32Array, offset: number, target: Float32Array, at: number) => void,
): PathState {
  const { epoch, sequence, figures } = moment;
  const last = follows(earlier, moment) ? earlier : NO_PATHS;
  const count = figures.length / FIELDS;
  const views = new Float32Array(count * VIEW_LENGTH);
  for (let figure = 0; figure < count; figure++) {
    const at = figure * VIEW_LENGTH;
    const offset = figure * FIELDS;
    judge(figures, offset, views, at);
    for (let index = 0; index < PLACES.length; index++)
      views[at + JUDGED + index] = views[at + (PLACES[index] as number)] as number;
    join(views, at, figures, offset, last);
  }
  return { epoch, sequence, figures, views };
}

/** `followFigures` by what a camera knows. @param fold whose references are left out */
export function followJudged(
  references: FigureReferences,
  fold: number,
  earlier: PathState,
  moment: Parameters<typeof followFigures>[1],
): PathState {
  return followFigures(earlier, moment, (figures, offset, target, at) =>
    judgeFigure(references, figures, offset, fold, target, at),
  );
}

/** Of each gathered quantity the most that a figure of the segment before which may have come here brings along. */
function join(views: Float32Array, at: number, figures: Float32Array, offset: number, last: PathState): void {
  const velocityX = figures[offset + VELOCITY_X] as number;
  const velocityY = figures[offset + VELOCITY_Y] as number;
  const speed = Math.sqrt(velocityX * velocityX + velocityY * velocityY);
  const stands = (figures[offset + STILL] as number) > 0;
  const carried = new Float64Array(PLACES.length).fill(Number.NEGATIVE_INFINITY);
  let [age, arrived, movingAge] = [0, 0, 0];
  let isFollowed = false;
  let stood = false;
  for (let from = 0, view = 0; from < last.figures.length; from += FIELDS, view += VIEW_LENGTH) {
    const otherX = last.figures[from + VELOCITY_X] as number;
    const otherY = last.figures[from + VELOCITY_Y] as number;
    const dx =
      (figures[offset + X] as number) - (last.figures[from + X] as number) - (FRAMES * (velocityX + otherX)) / 2;
    const dy =
      (figures[offset + Y] as number) - (last.figures[from + Y] as number) - (FRAMES * (velocityY + otherY)) / 2;
    const way = FRAMES * Math.max(speed, Math.sqrt(otherX * otherX + otherY * otherY));
    const apart = Math.sqrt(dx * dx + dy * dy);
    const otherStands = (last.figures[from + STILL] as number) > 0;
    if (apart > NEAR_PIXELS + NEAR_SHARE * way || (stands !== otherStands && apart > STOP_PIXELS)) continue;
    isFollowed = true;
    const its = last.views[view + AGE] as number;
    age = Math.max(age, its);
    if (otherStands) {
      stood = true;
      arrived = Math.max(arrived, last.views[view + ARRIVED] as number);
    } else movingAge = Math.max(movingAge, its);
    for (let index = 0; index < PLACES.length; index++) {
      carried[index] = Math.max(carried[index] as number, last.views[view + JUDGED + index] as number);
    }
  }
  if (!isFollowed) return;
  for (let index = 0; index < PLACES.length; index++) {
    const before = carried[index] as number;
    const now = views[at + JUDGED + index] as number;
    const lasts = index >= GATHERED.length;
    const rising = lasts ? LASTING_RISING_SHARE : RISING_SHARE;
    const falling = lasts ? LASTING_FALLING_SHARE : FALLING_SHARE;
    views[at + JUDGED + index] = before + (now > before ? rising : falling) * (now - before);
  }
  views[at + AGE] = Math.log(1 + Math.min(LONGEST_AGE, Math.exp(age)));
  // what stands: how long somebody had been followed who stopped here, or put it here
  views[at + ARRIVED] = stands ? (stood ? Math.max(arrived, 0) : movingAge) : 0;
}
