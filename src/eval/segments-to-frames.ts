/** Score of one segment and where its frames begin and end on the recording's clock, seconds since the first picture. */
export interface TimedScore {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly score: number;
}

/**
 * Gives each native frame the score of the segment it lies in (the field's convention). A segment reaches from its
 * first sampled frame to the first one of the next segment; frames before the first segment belong to it, frames
 * after the last complete segment to that one.
 * @param frameSeconds native frame times, not decreasing, on the clock of the segments
 * @param segments in order
 * @returns one score a frame; zeros when there is no segment
 */
export function scoreFrames(frameSeconds: ArrayLike<number>, segments: readonly TimedScore[]): Float64Array {
  const scores = new Float64Array(frameSeconds.length);
  // Containers round times (Matroska to milliseconds), so a frame within half a frame of a boundary is at it.
  const tolerance = medianStep(frameSeconds) / 2;
  let at = 0;
  for (let frame = 0; frame < frameSeconds.length; frame++) {
    const time = (frameSeconds[frame] ?? 0) + tolerance;
    for (let next = segments[at + 1]; next && next.startSeconds <= time; next = segments[at + 1]) at++;
    scores[frame] = segments[at]?.score ?? 0;
  }
  return scores;
}

function medianStep(times: ArrayLike<number>): number {
  const steps = Float64Array.from(
    { length: Math.max(0, times.length - 1) },
    (_, i) => (times[i + 1] ?? 0) - (times[i] ?? 0),
  ).sort();
  return steps[steps.length >> 1] ?? 0;
}
