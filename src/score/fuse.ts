/**
 * Weighted harmonic mean of the cues' probabilities (Wilson, PNAS 2019), as ln sum(w / p): unlike Fisher's sum it holds for
 * dependent cues, and one very surprising cue is enough. The result is a statistic that is calibrated afterwards, not a probability.
 *
 * @param surprises -ln p per cue, nats
 * @param weights per cue, sum 1
 */
export function fuseSurprises(surprises: readonly number[], weights: readonly number[]): number {
  const largest = Math.max(...surprises);
  let sum = 0;
  surprises.forEach((surprise, index) => {
    sum += (weights[index] ?? 0) * Math.exp(surprise - largest);
  });
  return largest + Math.log(sum);
}

/**
 * Causal smoothing: rises as the mean of the last two segments, so that one odd segment alone says half, and falls at once, so that
 * what has left the picture does not echo. The first of an epoch, and the first after a gap, stands alone.
 */
export function smooth(previous: number | null, current: number): number {
  return previous === null || current < previous ? current : (previous + current) / 2;
}

/**
 * For the calibration of the fused statistic, nats: it is made of surprises, whose tail falls by one nat a nat where they are calibrated, and
 * a little faster once smoothed. A history that falls faster still was lucky, and what goes by it calls common things impossible.
 */
export const FUSED_TAIL = { tailExcess: 0.9 } as const;

/** Nats at which the score is one half: once in a thousand segments. */
const HALF_SURPRISE = Math.log(1000);

/** Strictly rising map of surprise (nats, at least 0) into 0 to 1 that never saturates. */
export function scoreOf(surprise: number): number {
  return surprise / (surprise + HALF_SURPRISE);
}
