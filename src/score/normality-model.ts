import type { AnyCueHead, CueDefinition, GridShape, Reading } from './cue-head.ts';
import type { Box } from './detected-object.ts';
import { fuseSurprises } from './fuse.ts';
import type { Observation } from './observation.ts';
import { surpriseOf, type Tail } from './tail.ts';

/** Everything that a camera's normal is boiled down to; plain data, never changed after learning. */
export interface NormalityModel {
  readonly shape: GridShape;
  /** What each head has learned, in the order in which the cues stand. */
  readonly heads: readonly { readonly name: string; readonly model: unknown }[];
  /** Per cue of all heads. */
  readonly tails: readonly Tail[];
  readonly fused: Tail;
  /** The fused statistic's tail by hour of the day, UTC; null where the history has too little of that time. */
  readonly fusedByHour: readonly (Tail | null)[];
  readonly dependenceSegments: number;
  readonly learnedSegments: number;
  /** Descriptors of the strangest things of normal life: what a confirmed incident is told from. */
  readonly ordinary: readonly (readonly number[])[];
  /** Median over the history of the picture's mean edge strength, brightness per pixel: what a sharp picture looks like here. */
  readonly usualSharpness: number;
}

/** Six seconds: about how long one passer-by stays, that is, one independent event. */
const EVENT_SEGMENTS = 12;
/** Two boxes touch when they lie no farther apart than this share of the picture: a fraction of a cell. */
const TOUCH_SHARE = 0.03;

/** The cues of all heads, in order; the weights sum to 1. */
export function cuesOf(heads: readonly AnyCueHead[]): readonly CueDefinition[] {
  const cues = heads.flatMap((head) => head.cues);
  const total = cues.reduce((sum, cue) => sum + cue.weight, 0);
  return cues.map((cue) => ({ ...cue, weight: cue.weight / total }));
}

/** What every head makes of one observation, in the order of `cuesOf`, and the heads' states for the next one. */
export function readAll(
  heads: readonly AnyCueHead[],
  model: NormalityModel,
  states: readonly unknown[],
  observation: Observation,
): { readonly readings: readonly Reading[]; readonly states: readonly unknown[] } {
  const outcomes = heads.map((head, index) => head.read(model.heads[index]?.model, states[index], observation));
  return {
    readings: outcomes.flatMap((outcome) => outcome.readings),
    states: outcomes.map((outcome) => outcome.state),
  };
}

/** -ln p of each cue, nats; a counted cue is never more surprising than the history is long, an unconfirmed one not at all. */
export function cueSurprises(
  cues: readonly CueDefinition[],
  readings: readonly Reading[],
  tails: readonly Tail[],
  learnedSegments: number,
): readonly number[] {
  const most = Math.log(1 + learnedSegments / EVENT_SEGMENTS);
  return cues.map((cue, index) => {
    const tail = tails[index];
    const reading = readings[index];
    if (tail === undefined || reading === undefined || reading.silent) return 0;
    if (!isConfirmed(cue, reading, cues, readings, learnedSegments)) return 0;
    const surprise = surpriseOf(tail, reading.raw) * trustIn(cue, learnedSegments);
    return cue.evidence === 'counted' ? Math.min(surprise, most) : surprise;
  });
}

/** How much of its surprise a cue has to say after so long a history, 0 to 1. */
function trustIn({ maturity }: CueDefinition, learnedSegments: number): number {
  if (!maturity) return 1;
  return Math.min(1, Math.max(0, (learnedSegments - maturity.from) / (maturity.full - maturity.from)));
}

function isConfirmed(
  { confirmedBy }: CueDefinition,
  reading: Reading,
  cues: readonly CueDefinition[],
  readings: readonly Reading[],
  learnedSegments: number,
): boolean {
  if (!confirmedBy) return true;
  const index = cues.findIndex(({ name }) => name === confirmedBy.cue);
  const [confirming, other] = [cues[index], readings[index]];
  if (confirming === undefined || other === undefined || other.silent) return true;
  if (trustIn(confirming, learnedSegments) < 1) return true;
  return other.raw >= confirmedBy.from && (!reading.box || !other.box || doTouch(reading.box, other.box));
}

function doTouch(one: Box, other: Box): boolean {
  const apartX = Math.max(one.left, other.left) - Math.min(one.right, other.right);
  const apartY = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
  return apartX <= TOUCH_SHARE && apartY <= TOUCH_SHARE;
}

/** Fused statistic of one segment on its own, before smoothing and calibration. */
export function fuseCues(cues: readonly CueDefinition[], surprises: readonly number[]): number {
  return fuseSurprises(
    surprises,
    cues.map((cue) => cue.weight),
  );
}

/**
 * Calibrated surprise of the smoothed statistic, nats. Where the hour of the day has a history of its own, half of the word is
 * its: what is usual at noon may be odd at night, but an hour's history is thin.
 */
export function calibratedSurprise(model: NormalityModel, statistic: number, timeMs: number): number {
  const overall = surpriseOf(model.fused, statistic);
  const ofHour = model.fusedByHour[new Date(timeMs).getUTCHours()];
  return ofHour ? (overall + surpriseOf(ofHour, statistic)) / 2 : overall;
}

/** The cue that weighs most in the fusion. */
export function strongestCue(cues: readonly CueDefinition[], surprises: readonly number[]): number {
  let best = Number.NEGATIVE_INFINITY;
  let strongest = 0;
  cues.forEach((cue, index) => {
    const weighted = (surprises[index] ?? 0) + Math.log(cue.weight);
    if (weighted > best) {
      best = weighted;
      strongest = index;
    }
  });
  return strongest;
}
