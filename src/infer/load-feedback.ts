import type { FeedbackReference } from '../score/feedback/reference-bank.ts';
import type { CameraReference } from '../store/camera-references.ts';
import type { TimedVerdict } from '../store/reviews.ts';

/** The part of the store that is asked. */
export interface FeedbackSource {
  readonly references: { ofCamera(cameraId: string): Promise<readonly CameraReference[]> };
  readonly reviews: { verdictsOf(cameraId: string, sinceMs: number): Promise<readonly TimedVerdict[]> };
}

/** What people said of a camera's incidents. */
export interface CameraFeedback {
  /** For the scorer: what later moments are compared with. */
  readonly references: readonly FeedbackReference[];
  /** For the sequential rule: which alarms of the last week were right. */
  readonly verdicts: readonly TimedVerdict[];
}

const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * What reviews have taught a camera. To be read when its lane opens, at each change notice of kind `review`, whose id is the
 * camera's, and now and then, since notices may be lost.
 */
export async function loadFeedback(store: FeedbackSource, cameraId: string, nowMs: number): Promise<CameraFeedback> {
  const references = await store.references.ofCamera(cameraId);
  return {
    references: references.map(({ id, verdict, label, createdMs, moments }) => ({
      id,
      verdict,
      label,
      reviewedMs: createdMs,
      moments,
    })),
    verdicts: await store.reviews.verdictsOf(cameraId, nowMs - WEEK_MS),
  };
}
