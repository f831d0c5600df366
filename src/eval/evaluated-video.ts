import type { TrueEvent } from './metrics/event-detection.ts';
import { runsOf } from './metrics/runs.ts';
import type { ScoredVideo } from './metrics/score-tally.ts';
import type { ScoredRecording } from './scored-recording.ts';

/** One test video with its truth and what the live path made of it. */
export interface EvaluatedVideo extends ScoredVideo {
  readonly cameraId: string;
  /** Time of each native frame, seconds since the first. */
  readonly frameSeconds: Float64Array;
  readonly recording: ScoredRecording;
}

/** Anomalous ranges of a video in seconds: from the first anomalous frame's time to the last one's. */
export function eventsOf(video: EvaluatedVideo): TrueEvent[] {
  return runsOf(video.labels).map(({ first, last }) => ({
    startSeconds: video.frameSeconds[first] ?? 0,
    endSeconds: video.frameSeconds[last] ?? 0,
  }));
}
