import { type ScoredVideo, type ScoreTally, tallyScores } from './score-tally.ts';

/**
 * Area under the ROC curve: the probability that a positive sample scores above a negative one, a tie counting half
 * (Mann-Whitney U / (P N)).
 * @returns 0 to 1, or NaN when there is only one class.
 */
export function rocAucOfTally(tally: ScoreTally): number {
  let positivesAbove = 0;
  let negatives = 0;
  let wins = 0;
  for (let i = 0; i < tally.scores.length; i++) {
    const hits = tally.positives[i] ?? 0;
    const misses = tally.negatives[i] ?? 0;
    wins += misses * (positivesAbove + hits / 2);
    positivesAbove += hits;
    negatives += misses;
  }
  return positivesAbove > 0 && negatives > 0 ? wins / (positivesAbove * negatives) : Number.NaN;
}

/** ROC AUC of plain samples; `labels` hold 0 or 1 (or false and true). NaN when there is only one class. */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return rocAucOfTally(tallyScores([{ name: 'samples', scores, labels }]));
}

/** All frames of all videos in one ROC: the standard of UCF-Crime and of most Ped2 papers. */
export function microAuc(videos: readonly ScoredVideo[]): number {
  return rocAucOfTally(tallyScores(videos));
}

/**
 * Mean of the videos' own AUCs. Videos with one class only have none and are left out, without padding them by
 * artificial frames as some published code does; `videos` says how many count.
 */
export function macroAuc(videos: readonly ScoredVideo[]): { readonly value: number; readonly videos: number } {
  const areas = videos.map((video) => rocAucOfTally(tallyScores([video]))).filter((area) => !Number.isNaN(area));
  return { value: areas.reduce((sum, area) => sum + area, 0) / areas.length, videos: areas.length };
}

/** AUC over the pooled frames of videos that hold an anomaly (AUC_A): how well it localises; 0.5 is not at all. */
export function abnormalAuc(videos: readonly ScoredVideo[]): number {
  return microAuc(videos.filter(hasAnomaly));
}

/** Whether any sample of the video is anomalous. */
export function hasAnomaly(video: ScoredVideo): boolean {
  for (let i = 0; i < video.labels.length; i++) if (video.labels[i]) return true;
  return false;
}

/** One score a video, its highest, against whether the video holds an anomaly. Always looks better than frame AUC. */
export function videoAuc(videos: readonly ScoredVideo[]): number {
  return rocAuc(
    videos.map((video) => peak(video.scores)),
    videos.map((video) => (hasAnomaly(video) ? 1 : 0)),
  );
}

function peak(scores: ArrayLike<number>): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) highest = Math.max(highest, scores[i] ?? highest);
  return highest;
}
