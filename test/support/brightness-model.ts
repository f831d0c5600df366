import { IncidentTracker } from '../../src/incident/incident-tracker.ts';
import type { CameraModel, OpenCameraModel } from '../../src/infer/camera-model.ts';
import type { SegmentFeatures } from '../../src/score/segment-features.ts';
import type { SegmentScore } from '../../src/score/segment-score.ts';

/**
 * A camera model whose every step can be foreseen: after `requiredSegments` segments of learning, a segment with a mean
 * above 100 is an alarm. Incidents are those of the real tracker.
 */
export const openBrightnessModel: OpenCameraModel = (settings, saved): CameraModel => {
  let seen = saved.state ? (JSON.parse(Buffer.from(saved.state).toString()) as { seen: number }).seen : 0;
  const tracker = IncidentTracker.restore(
    (saved.runtime as { tracker?: unknown } | null)?.tracker ?? null,
    settings.cameraId,
    settings.incident,
  );
  const required = settings.requiredSegments;
  return {
    get learning() {
      const progress = Math.min(1, seen / required);
      return { done: seen >= required, progress, observedSegments: seen, requiredSegments: required };
    },
    get needsTick() {
      return tracker.needsTick;
    },
    observe(features) {
      seen += 1;
      if (seen <= required) return null;
      const score = scoreOf(features);
      const alarm = score.score > 0.5;
      const step = { statistic: alarm ? 10 : 0, threshold: 10, onsetMs: alarm ? score.startMs : null, alarm };
      return { score, changes: tracker.observe(score, step) };
    },
    tick: (nowMs) => tracker.tick(nowMs),
    runtime: () => ({ tracker: tracker.toJSON() }),
    serialize: () => Buffer.from(JSON.stringify({ seen })),
    endRecording: () => {},
    finishLearning: () => {},
    health: null,
    resting: [],
    setFeedback: () => {},
    setDefinitions: () => {},
    takeTask: () => null,
    adopt: () => {},
    retryTask: () => {},
  };
};

function scoreOf({ epoch, sequence, startMs, endMs, values }: SegmentFeatures): SegmentScore {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const probability = mean > 100 ? 0.001 : 0.5;
  return {
    epoch,
    sequence,
    startMs,
    endMs,
    score: mean > 100 ? 0.9 : 0.1,
    surprise: -Math.log(probability),
    cues: [{ name: 'brightness', raw: mean, probability, cell: { row: 0, column: 0 } }],
    certainty: 1,
    hottestCell: { row: 0, column: 0 },
    explanation: 'Far brighter than usual.',
    dependenceSegments: 1,
  };
}
