import type { ScoredVideo } from './score-tally.ts';

/**
 * Brings frames to one sample a second, as the alarm-stream metrics want them: a second scores as high as its highest
 * frame and is anomalous if any of its frames is.
 * @param timesSeconds time of each frame since the video's start, not decreasing
 */
export function perSecond(video: ScoredVideo, timesSeconds: ArrayLike<number>): ScoredVideo {
  const last = timesSeconds[video.labels.length - 1];
  const seconds = last === undefined ? 0 : Math.floor(last) + 1;
  const scores = new Float64Array(seconds).fill(Number.NEGATIVE_INFINITY);
  const labels = new Uint8Array(seconds);
  for (let frame = 0; frame < video.labels.length; frame++) {
    const second = Math.floor(timesSeconds[frame] ?? 0);
    scores[second] = Math.max(scores[second] ?? 0, video.scores[frame] ?? 0);
    if (video.labels[frame]) labels[second] = 1;
  }
  // A second without a frame (a very low or broken frame rate) keeps what the second before showed.
  for (let second = 0; second < seconds; second++) {
    if (scores[second] !== Number.NEGATIVE_INFINITY) continue;
    scores[second] = scores[second - 1] ?? 0;
    labels[second] = labels[second - 1] ?? 0;
  }
  return { name: video.name, scores, labels };
}
