import { cellAt } from '../cell-at.ts';
import { type CueDefinition, type CueHead, type GridShape, ONCE_MUCH_IS_KNOWN, type Reading } from '../cue-head.ts';
import type { Box } from '../detected-object.ts';
import { follows } from '../follows.ts';
import type { Observation } from '../observation.ts';
import { FigureJudge, NOTHING_THERE } from './figure-net.ts';
import { FIGURE_FIELDS, figureIndex, PICTURE_HEIGHT, PICTURE_WIDTH } from './figure-parts.ts';
import { followJudged, NO_PATHS, type PathState, VIEW_LENGTH } from './figure-paths.ts';
import { collectFigureReferences, type FigureReferences, WHOLE_HISTORY } from './figure-references.ts';
import { MOVING_NET, STANDING_NET } from './figure-weights.ts';
import { wordsFor } from './figure-words.ts';

export interface FigureModel {
  readonly shape: GridShape;
  readonly references: FigureReferences;
}

const FIELDS = FIGURE_FIELDS.length;
const STILL = figureIndex('still');
const moving = new FigureJudge(MOVING_NET);
const standing = new FigureJudge(STANDING_NET);

/**
 * Logit below which the standing net says no more than that all is well: how well is no news, but a history that ranges from -8 to -3 would
 * make the step from there to 6 look like an ordinary one.
 */
const ALL_IS_WELL = -3;
/** Share of the newest segment in what is said of what stands: half of it is of the last two seconds. */
const NEWEST_SHARE = 0.15;

/** What stands does so for seconds; passers-by and its own stirring change how it looks at single moments. */
interface Lasting {
  /** Running mean of the strangest standing figure's logit, nats, over what was seen of the stream so far. */
  readonly mean: number;
  /** How much was seen: 0 to 1. */
  readonly weight: number;
  /** The last look at something that stands. */
  readonly seen: Reading;
}

type FigureState = PathState & { readonly lasting?: Lasting };

/** The nets know figures as cameras see them that have learned for half an hour. */
export const FIGURE_CUES: readonly CueDefinition[] = [
  { name: 'figure', weight: 2, evidence: 'extrapolated', leastExcess: 0.6, maturity: ONCE_MUCH_IS_KNOWN },
  { name: 'standing', weight: 0.15, evidence: 'extrapolated', leastExcess: 0.7, maturity: ONCE_MUCH_IS_KNOWN },
];

/**
 * Who is there and how he goes, followed for seconds: each figure before the backdrop is compared with the figures that the camera knows
 * about the same place, and a small net weighs how far it lies from them in speed, course, gait, shape and place, and for how long. The net
 * was trained on generated days (MODEL_CARD.md): it knows how deviations go together, not what this camera sees (ResAD: one detector on
 * residuals for many cameras).
 */
export const figureHead: CueHead<FigureModel, FigureState> = {
  // another name whenever what is learned changes: cameras then learn anew from what they remember
  name: 'figures-4',
  cues: FIGURE_CUES,

  learn(history, shape, seed) {
    const references = collectFigureReferences(history, seed);
    let state: FigureState = NO_PATHS;
    const readings = history.map((sample) => {
      const step = read(references, shape, state, sample, sample.fold);
      state = step.state;
      return step.readings;
    });
    return { model: { shape, references }, readings };
  },

  start: () => NO_PATHS,

  read: ({ references, shape }, state, observation) => read(references, shape, state, observation, WHOLE_HISTORY),

  describe: ({ references }, cue, { detail }) =>
    wordsFor(references, detail ?? new Float32Array(0), cue === 'figure' ? moving : standing),
};

function read(
  references: FigureReferences,
  shape: GridShape,
  before: FigureState,
  { epoch, sequence, figures }: Observation,
  fold: number,
): { readonly readings: readonly Reading[]; readonly state: FigureState } {
  if (figures === undefined || references.movingFolds.length === 0) {
    return { readings: FIGURE_CUES.map(() => ({ raw: 0, cell: 0, value: 0, silent: true })), state: NO_PATHS };
  }
  const state = followJudged(references, fold, before, { epoch, sequence, figures });
  const lasting = lastingAfter(
    follows(before, state) ? before.lasting : undefined,
    strangest(standing, true, figures, state.views, shape),
  );
  const stands = { ...lasting.seen, raw: lasting.mean, value: lasting.mean };
  const moves = strangest(moving, false, figures, state.views, shape);
  return { readings: [moves, stands], state: { ...state, lasting } };
}

/** The figure that a net finds strangest, of those that stand or of the others. */
function strangest(
  net: FigureJudge,
  stand: boolean,
  figures: Float32Array,
  views: Float32Array,
  shape: GridShape,
): Reading {
  let [raw, place] = [NOTHING_THERE, -1];
  for (let figure = 0; figure * FIELDS < figures.length; figure++) {
    if ((figures[figure * FIELDS + STILL] as number) > 0 !== stand) continue;
    const own = net.strangeness(views, figure * VIEW_LENGTH);
    if (own > raw) [raw, place] = [own, figure];
  }
  return readingOf(raw, place, figures, views, shape);
}

/** mean' = mean + S / weight' (logit - mean), weight' = weight + S (1 - weight): of what was seen so far alone, while that is little. */
function lastingAfter(before: Lasting | undefined, now: Reading): Lasting {
  const logit = Math.max(ALL_IS_WELL, now.raw);
  if (before === undefined) return { mean: logit, weight: NEWEST_SHARE, seen: now };
  const weight = before.weight + NEWEST_SHARE * (1 - before.weight);
  const mean = before.mean + (NEWEST_SHARE / weight) * (logit - before.mean);
  return { mean, weight, seen: now.box ? now : before.seen };
}

function readingOf(raw: number, figure: number, figures: Float32Array, views: Float32Array, shape: GridShape): Reading {
  if (figure < 0) return { raw, cell: 0, value: raw };
  const offset = figure * FIELDS;
  const own = figures.subarray(offset, offset + FIELDS);
  const detail = new Float32Array(FIELDS + VIEW_LENGTH);
  detail.set(own);
  detail.set(views.subarray(figure * VIEW_LENGTH, (figure + 1) * VIEW_LENGTH), FIELDS);
  const x = (own[figureIndex('x')] as number) / PICTURE_WIDTH;
  const y = (own[figureIndex('y')] as number) / PICTURE_HEIGHT;
  return { raw, cell: cellAt(x, y, shape), value: raw, box: boxOf(own), detail };
}

function boxOf(figure: Float32Array): Box {
  const half = (figure[figureIndex('width')] as number) / 2;
  const x = figure[figureIndex('x')] as number;
  const bottom = figure[figureIndex('foot')] as number;
  const share = (pixels: number, of: number) => Math.max(0, Math.min(1, pixels / of));
  return {
    left: share(x - half, PICTURE_WIDTH),
    right: share(x + half, PICTURE_WIDTH),
    top: share(bottom - (figure[figureIndex('height')] as number), PICTURE_HEIGHT),
    bottom: share(bottom, PICTURE_HEIGHT),
  };
}
