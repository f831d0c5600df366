import type { FigureJudge } from './figure-net.ts';
import { FIGURE_FIELDS, figureIndex } from './figure-parts.ts';
import { VIEW_FIELDS, VIEW_LENGTH } from './figure-paths.ts';
import { type FigureReferences, type JudgementField, ratiosToUsual } from './figure-references.ts';

type Reason = 'speed' | 'course' | 'gait' | 'place' | 'shape' | 'standing' | 'stays' | 'look';

/** What a reason rests on; what was gathered along the path goes with it. */
const QUANTITIES: Readonly<Record<Reason, readonly JudgementField[]>> = {
  speed: ['speed', 'logSpeed'],
  course: ['course'],
  gait: ['agitation', 'limbs', 'residual'],
  place: ['place', 'known'],
  shape: ['shape', 'height', 'width', 'area', 'logHeight'],
  standing: ['standing'],
  stays: ['stays', 'seconds'],
  look: ['brighter', 'sharper'],
};
/** What stands has no speed, course or gait, though its path may have had. */
const REASONS = {
  moving: ['speed', 'course', 'gait', 'place', 'shape'],
  standing: ['place', 'shape', 'standing', 'stays', 'look'],
} as const satisfies Readonly<Record<string, readonly Reason[]>>;

/** Places of a view that go with a reason. */
function placesOf(reason: Reason): readonly number[] {
  return VIEW_FIELDS.flatMap((name, place) =>
    QUANTITIES[reason].some((quantity) => name === quantity || name.endsWith(`-${quantity}`)) ? [place] : [],
  );
}

/**
 * Why a figure is strange: what it would be least strange without (each quantity in turn taken to be as usual), in words.
 *
 * @param detail the figure's numbers and its view; empty where there was none
 */
export function wordsFor(references: FigureReferences, detail: Float32Array, judge: FigureJudge): string {
  if (detail.length < FIGURE_FIELDS.length + VIEW_LENGTH) return 'something is there that is not usually there';
  const figure = detail.subarray(0, FIGURE_FIELDS.length);
  const view = detail.subarray(FIGURE_FIELDS.length);
  const stands = (figure[figureIndex('still')] as number) > 0;
  const whole = judge.strangeness(view, 0);
  let reason: Reason = stands ? 'standing' : 'course';
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of stands ? REASONS.standing : REASONS.moving) {
    const drop = whole - judge.strangeness(view, 0, placesOf(candidate));
    if (drop <= most) continue;
    most = drop;
    reason = candidate;
  }
  return SENTENCES[reason](ratiosToUsual(references, figure), figure, view);
}

type Ratios = ReturnType<typeof ratiosToUsual>;

const SENTENCES: Readonly<Record<Reason, (ratios: Ratios, figure: Float32Array, view: Float32Array) => string>> = {
  speed: ({ speed }) => `something moves ${times(speed, 'faster', 'slower')} than what is usual for its place and size`,
  course: () => 'something moves with a speed and in a direction that are unusual for its place and size',
  gait: ({ agitation }, _, view) =>
    (view[VIEW_FIELDS.indexOf('path-residual')] as number) < 0 && agitation < 1.5
      ? 'something moves more rigidly than what is usual for its place and size'
      : `movement ${times(agitation, 'more abrupt', 'calmer')} than what is usual for its place and size`,
  place: (_, figure) =>
    (figure[figureIndex('still')] as number) > 0
      ? 'something stands where hardly anything ever is'
      : 'something moves where hardly anything ever does',
  shape: ({ height, width }) =>
    Math.abs(Math.log(height)) >= Math.abs(Math.log(width))
      ? `a figure ${times(height, 'taller', 'lower')} than what is usual in its place`
      : `a figure ${times(width, 'wider', 'narrower')} than what is usual in its place`,
  standing: () => 'something stands where nothing usually stands',
  stays: (_, figure) =>
    `something has stood for ${Math.round(figure[figureIndex('still')] as number)} s, longer than what is usual here`,
  look: () => 'something stands here that was not here before',
};

function times(ratio: number, more: string, less: string): string {
  if (ratio >= 1.05) return `${ratio.toFixed(1)} times ${more}`;
  return ratio <= 0.95 ? `${(1 / Math.max(ratio, 1e-3)).toFixed(1)} times ${less}` : `slightly ${more}`;
}
