/**
 * How many positive and negative samples carry each distinct score, highest score first. ROC and precision-recall
 * need nothing else, a tally of a million frames is a few thousand rows where scores repeat over segments, and
 * tallies of videos can be added, which makes a bootstrap by video cheap.
 */
export interface ScoreTally {
  /** Distinct scores, strictly descending. */
  readonly scores: Float64Array;
  /** Positive samples at that score; may be fractional after weighting. */
  readonly positives: Float64Array;
  /** Negative samples at that score. */
  readonly negatives: Float64Array;
}

/** One video: a score and a truth value (0 normal, 1 anomalous) for each sample, in time order. */
export interface ScoredVideo {
  readonly name: string;
  readonly scores: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

/**
 * Tallies samples.
 * @param videos each with as many labels as scores; scores are numbers, infinite allowed
 * @throws RangeError when lengths differ or a score is not a number: a sample without a score has no place in a ROC.
 */
export function tallyScores(videos: readonly ScoredVideo[]): ScoreTally {
  let positiveCount = 0;
  let negativeCount = 0;
  for (const video of videos) {
    if (video.scores.length !== video.labels.length)
      throw new RangeError(`${video.name}: ${video.scores.length} scores for ${video.labels.length} labels`);
    for (let i = 0; i < video.labels.length; i++) {
      if (video.labels[i]) positiveCount++;
      else negativeCount++;
      if (Number.isNaN(video.scores[i])) throw new RangeError(`${video.name}: score ${i} is not a number`);
    }
  }
  const positives = new Float64Array(positiveCount);
  const negatives = new Float64Array(negativeCount);
  let p = 0;
  let n = 0;
  for (const video of videos) {
    for (let i = 0; i < video.labels.length; i++) {
      const score = video.scores[i] ?? 0;
      if (video.labels[i]) positives[p++] = score;
      else negatives[n++] = score;
    }
  }
  // The typed-array sort without a comparator is many times faster than sorting indices.
  return merge(positives.sort(), negatives.sort());
}

/** Both inputs ascending. */
function merge(positives: Float64Array, negatives: Float64Array): ScoreTally {
  const scores: number[] = [];
  const positiveCounts: number[] = [];
  const negativeCounts: number[] = [];
  let p = positives.length - 1;
  let n = negatives.length - 1;
  while (p >= 0 || n >= 0) {
    const score = Math.max(positives[p] ?? Number.NEGATIVE_INFINITY, negatives[n] ?? Number.NEGATIVE_INFINITY);
    let hits = 0;
    let misses = 0;
    for (; p >= 0 && positives[p] === score; p--) hits++;
    for (; n >= 0 && negatives[n] === score; n--) misses++;
    scores.push(score);
    positiveCounts.push(hits);
    negativeCounts.push(misses);
  }
  return {
    scores: Float64Array.from(scores),
    positives: Float64Array.from(positiveCounts),
    negatives: Float64Array.from(negativeCounts),
  };
}
