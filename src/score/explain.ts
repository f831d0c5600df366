import type { AnyCueHead, Reading } from './cue-head.ts';
import type { NormalityModel } from './normality-model.ts';

/** Nats of surprise below which there is nothing to explain: once in fifty segments. */
const WORTH_EXPLAINING = Math.log(50);

/** @param surprise of a segment, nats */
export function isWorthExplaining(surprise: number): boolean {
  return surprise >= WORTH_EXPLAINING;
}

/**
 * One sentence on the cue that carries the score: "motion 4.1 times faster than anything seen here". Null while the segment is ordinary.
 *
 * @param readings per cue, in the order of `cuesOf`
 * @param strongest the cue that weighs most (`strongestCue`)
 * @param surprise of the segment, nats
 */
export function explain(
  heads: readonly AnyCueHead[],
  model: NormalityModel,
  readings: readonly Reading[],
  strongest: number,
  surprise: number,
): string | null {
  if (!isWorthExplaining(surprise)) return null;
  return describeCue(heads, model, readings, strongest);
}

/** How the reading of one cue, counted over all heads, compares with what is usual. */
export function describeCue(
  heads: readonly AnyCueHead[],
  model: NormalityModel,
  readings: readonly Reading[],
  cue: number,
): string | null {
  let first = 0;
  for (const [index, head] of heads.entries()) {
    const own = head.cues[cue - first];
    const reading = readings[cue];
    if (own && reading) return head.describe(model.heads[index]?.model, own.name, reading);
    first += head.cues.length;
  }
  return null;
}
