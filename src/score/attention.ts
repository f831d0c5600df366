import { MOVER_CUE, PLACE_CUES } from './motion-cues.ts';
import type { SegmentScore } from './segment-score.ts';

/** When a costly pack looks at a camera: while its motion is surprised, and for a while after. */
export interface AttentionRule {
  readonly cue: 'motion';
  /** Nats from which on the pack runs: 2.3 is once in ten segments of normal life, 4.6 once in a hundred. */
  readonly surprise: number;
  readonly holdSeconds: number;
}

/** Plain data; UTC ms up to which a pack goes on looking. */
export interface AttentionState {
  readonly untilMs: number;
}

export const UNATTENDED: AttentionState = { untilMs: 0 };

const MOTION = new Set<string>([...PLACE_CUES.map(({ name }) => name), MOVER_CUE.name]);
/** While a camera learns nothing is surprising yet: the pack sees six seconds of every twenty-four, so that its cue has a history too. */
const LEARNING_BLOCK_SEGMENTS = 12;
const LEARNING_BLOCKS = 4;

/** The largest -ln p of the motion cues, nats; 0 where there are none. */
export function motionSurprise({ cues }: Pick<SegmentScore, 'cues'>): number {
  let largest = 0;
  for (const { name, probability } of cues) if (MOTION.has(name)) largest = Math.max(largest, -Math.log(probability));
  return largest;
}

/** The state after a scored segment. Causal: says whether the pack looks at the segments that come. */
export function attend(
  rule: AttentionRule,
  state: AttentionState,
  score: Pick<SegmentScore, 'cues' | 'endMs'>,
): AttentionState {
  return motionSurprise(score) < rule.surprise ? state : { untilMs: score.endMs + rule.holdSeconds * 1_000 };
}

/** Whether the pack looks at the segment after the one that ended at `endMs`. */
export function isAttending(state: AttentionState, endMs: number): boolean {
  return endMs <= state.untilMs;
}

/** The same while the camera learns, by the number of segments it has taken in. */
export function isAttendingWhileLearning(observedSegments: number): boolean {
  return Math.floor(observedSegments / LEARNING_BLOCK_SEGMENTS) % LEARNING_BLOCKS === 0;
}
