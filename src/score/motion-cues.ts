import type { CueDefinition } from './cue-head.ts';
import type { ExcessOptions } from './excess-table.ts';

export interface MotionCue extends CueDefinition, ExcessOptions {
  readonly name: PlaceCueName;
}

/** Cues that compare a quantity with what is usual in its place. */
export type PlaceCueName =
  | 'speed'
  | 'rush'
  | 'activity'
  | 'agitation'
  | 'presence'
  | 'appearance'
  | 'body'
  | 'course'
  | 'gait';

export type MotionCueName = PlaceCueName | 'mover';

/**
 * Noise, blocks of a cheap encoder and headlights move fast too: a net that knows figures, and is struck by fast ones of any kind, must be
 * left with odds of 1 to 7 at least that something is strange.
 */
const BY_A_FIGURE = { cue: 'figure', from: -2 } as const;

/**
 * The views on a segment that compare a quantity with what is usual in its place. Floors are in the quantity's unit: pixels a frame
 * for speed, rush and body, brightness (0 to 1) for activity, agitation and presence, standard deviations for appearance, course and
 * gait. Weights were chosen on normal clips into which movers had been pasted (docs/detection.md), speed and what it is part of first.
 */
export const PLACE_CUES: readonly MotionCue[] = [
  {
    name: 'speed',
    weight: 0.35,
    floor: 0.15,
    countEmpty: false,
    priorSamples: 20,
    evidence: 'extrapolated',
    confirmedBy: BY_A_FIGURE,
  },
  {
    name: 'rush',
    weight: 0.05,
    floor: 0.3,
    countEmpty: false,
    priorSamples: 20,
    evidence: 'extrapolated',
    confirmedBy: BY_A_FIGURE,
  },
  { name: 'activity', weight: 0.03, floor: 0.01, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'agitation', weight: 0.03, floor: 0.01, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'presence', weight: 0.01, floor: 0.01, countEmpty: true, priorSamples: 30, evidence: 'counted' },
  { name: 'appearance', weight: 0.01, floor: 0.2, countEmpty: false, priorSamples: 20, evidence: 'counted' },
  { name: 'body', weight: 0.02, floor: 0.15, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'course', weight: 0.01, floor: 0.2, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'gait', weight: 0.01, floor: 0.2, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
];

/**
 * What moves, taken as a whole: mean surprise of the speed of a cell and of a moving shape, as a running mean over about a second. A rider at walking speed is a little odd in each, for as long as he is there, and very odd in none.
 */
export const MOVER_CUE: CueDefinition & { readonly name: 'mover' } = {
  name: 'mover',
  weight: 0.5,
  evidence: 'extrapolated',
};

/** Cues that `mover` is made of. */
export const MOVER_PARTS: readonly PlaceCueName[] = ['speed', 'body'];
/** One part alone says no more than this, nats: `mover` is about agreement, and what was extreme must not echo when it has gone. */
export const MOVER_PART_CEILING = 4;
/** Share of the newest segment in the running mean while it rises; when it falls, the newest counts alone. */
export const MOVER_NEWEST_SHARE = 0.6;
