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

/** What is followed along paths. Weights, ceilings and shares were chosen on generated streets (docs/detection.md). */
export const TRACK_CUES: readonly TrackCue[] = [
  {
    name: 'track-speed',
    of: 'speed',
    weight: 0.12,
    evidence: 'extrapolated',
    ceiling: 5,
    newestShare: 0.4,
    fallingShare: 0.7,
  },
  {
    name: 'track-course',
    of: 'course',
    weight: 0.1,
    evidence: 'extrapolated',
    ceiling: 8,
    newestShare: 0.4,
    fallingShare: 0.7,
  },
  {
    name: 'track-agitation',
    of: 'agitation',
    weight: 0.02,
    evidence: 'extrapolated',
    ceiling: 5,
    newestShare: 0.15,
    fallingShare: 0.4,
  },
  {
    name: 'track-place',
    of: 'place',
    weight: 0.02,
    evidence: 'extrapolated',
    ceiling: 8,
    newestShare: 0.15,
    fallingShare: 0.4,
  },
];

export const judged = (cue: TrackCue, judgement: Judgement): number => Math.min(cue.ceiling, judgement[cue.of]);
