import { hasAnomaly } from './roc-auc.ts';
import type { ScoredVideo } from './score-tally.ts';

/**
 * Share of the frames of wholly normal videos whose score reaches the threshold (the papers' FAR, who fix it at 0.5;
 * an affine change of the score changes it, so give the deployed threshold). NaN without a normal video.
 */
export function falsePositiveRateOnNormal(videos: readonly ScoredVideo[], threshold: number): number {
  let frames = 0;
  let alarmed = 0;
  for (const video of videos) {
    if (hasAnomaly(video)) continue;
    frames += video.scores.length;
    for (let i = 0; i < video.scores.length; i++) if ((video.scores[i] ?? 0) >= threshold) alarmed++;
  }
  return alarmed / frames;
}
