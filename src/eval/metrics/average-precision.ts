import { type ScoredVideo, type ScoreTally, tallyScores } from './score-tally.ts';

/**
 * Step-wise average precision: Σ (R_k − R_{k−1}) P_k over the distinct scores going down, samples of one score
 * entering together. Not the trapezoid under the precision-recall points, which is another (higher) number.
 * @returns 0 to 1; the floor of a score without information is the share of positives. NaN without positives.
 */
export function averagePrecisionOfTally(tally: ScoreTally): number {
  let hits = 0;
  let predicted = 0;
  let sum = 0;
  for (let i = 0; i < tally.scores.length; i++) {
    const positives = tally.positives[i] ?? 0;
    hits += positives;
    predicted += positives + (tally.negatives[i] ?? 0);
    if (positives > 0) sum += positives * (hits / predicted);
  }
  return hits > 0 ? sum / hits : Number.NaN;
}

/** Step-wise average precision over all samples of all videos. */
export function averagePrecision(videos: readonly ScoredVideo[]): number {
  return averagePrecisionOfTally(tallyScores(videos));
}
