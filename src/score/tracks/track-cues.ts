import type { CueDefinition } from '../cue-head.ts';
import type { Judgement } from './part-references.ts';

export type TrackCueName = 'track-speed' | 'track-course' | 'track-agitation' | 'track-place';

export interface TrackCue extends CueDefinition {
  readonly name: TrackCueName;
  /** What of a part's judgement is followed. */
  readonly of: 'speed' | 'course' | 'agitation' | 'place';
  /** The most that one segment says: so that it takes several. */
  readonly ceiling: number;
  /** Share of the newest segment in the running mean along a path while it rises. */
  readonly newestShare: number;
  /** The same while it falls: what has left the picture must not echo in those who were near it. */
  readonly fallingShare: number;
}

/** Two and a half and seven and a half minutes: a track lasts several seconds, so fewer hold too few of them. */
const MATURITY = { from: 300, full: 900 } as const;

/**
 * What is followed along paths. Weights, ceilings and shares were chosen on generated streets and on normal recordings left out of learning
 * (docs/detection.md): agitation and place change so slowly that a recording is hardly more than one look, and what a few recordings show
 * would make their tails too thin, hence `leastExcess`; for the same reason they count fully only from seven minutes of
 * remembered history on.
 */
export const TRACK_CUES: readonly TrackCue[] = [
  {
    name: 'track-speed',
    of: 'speed',
    weight: 0.08,
    maturity: MATURITY,
    evidence: 'extrapolated',
    ceiling: 5,
    newestShare: 0.4,
    fallingShare: 0.7,
  },
  {
    name: 'track-course',
    of: 'course',
    weight: 0.1,
    maturity: MATURITY,
    evidence: 'extrapolated',
    ceiling: 8,
    newestShare: 0.4,
    fallingShare: 0.7,
  },
  {
    name: 'track-agitation',
    of: 'agitation',
    weight: 0.02,
    maturity: MATURITY,
    evidence: 'extrapolated',
    leastExcess: 0.3,
    ceiling: 5,
    newestShare: 0.15,
    fallingShare: 0.4,
  },
  {
    name: 'track-place',
    of: 'place',
    weight: 0.02,
    maturity: MATURITY,
    evidence: 'extrapolated',
    leastExcess: 0.5,
    ceiling: 8,
    newestShare: 0.15,
    fallingShare: 0.4,
  },
];

export const judged = (cue: TrackCue, judgement: Judgement): number => Math.min(cue.ceiling, judgement[cue.of]);

/**
 * All of it together, along the best path: what is odd in two ways at once is odder than in each. Nobody is odd in all four, so it adds
 * up what each part says beyond the ordinary, and is calibrated as a whole, whatever hangs together.
 */
export const TRACK_CUE: CueDefinition & { readonly name: 'track' } = {
  name: 'track',
  weight: 0.1,
  maturity: MATURITY,
  evidence: 'extrapolated',
};
/** What happens once in five segments adds nothing, nats. */
export const TRACK_PART_ORDINARY = 1.5;
/** The most that one part adds, nats. */
export const TRACK_PART_CEILING = 10;
