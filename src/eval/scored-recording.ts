import type { TimedScore } from './segments-to-frames.ts';

/** An alerting incident's stay on one recording's clock, seconds since its first picture. */
export interface Alarm {
  /** When the alert left: the end of the segment that opened the incident. */
  readonly fromSeconds: number;
  /** End of the last segment that kept it going; not before `fromSeconds`. */
  readonly toSeconds: number;
}

/** What the live path made of one test video. */
export interface ScoredRecording {
  /** All segments in order; those seen while still learning score 0. */
  readonly segments: readonly TimedScore[];
  readonly alarms: readonly Alarm[];
  /** Incidents that stayed for review: nobody was woken, so they are neither found events nor false alerts. */
  readonly reviews: number;
  /** Time under a calibrated scorer. */
  readonly monitoredSeconds: number;
  /** Segments taken in for learning instead of being scored. */
  readonly learningSegments: number;
}
