import { hasAnomaly } from './roc-auc.ts';
import type { ScoredVideo } from './score-tally.ts';

/**
 * Scores without any vision, to be reported beside every result: what a figure means shows only against them.
 * Each keeps the videos' truth and replaces their scores.
 */

/** The oracle that classifies whole videos and localises nothing: 1 on every frame of a video with an anomaly, else 0. */
export function constantPerVideo(videos: readonly ScoredVideo[]): ScoredVideo[] {
  return videos.map((video) => ({
    ...video,
    scores: new Float64Array(video.labels.length).fill(hasAnomaly(video) ? 1 : 0),
  }));
}

/** The truth itself, `delaySamples` late: what a perfect detector with that delay reaches. */
export function delayedTruth(videos: readonly ScoredVideo[], delaySamples: number): ScoredVideo[] {
  return videos.map((video) => ({
    ...video,
    scores: Float64Array.from({ length: video.labels.length }, (_, i) => (video.labels[i - delaySamples] ? 1 : 0)),
  }));
}

/** A triangle, highest in the middle of each video, seeing nothing: events of edited data sets tend to sit there. */
export function centrePrior(videos: readonly ScoredVideo[]): ScoredVideo[] {
  return videos.map((video) => {
    const samples = video.labels.length;
    return {
      ...video,
      scores: Float64Array.from({ length: samples }, (_, i) => 1 - Math.abs((2 * i + 1) / samples - 1)),
    };
  });
}
