import type { Incident } from '../../src/incident/incident.ts';
import { openCameraModel } from '../../src/infer/camera-model.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { SceneEvent } from '../../src/scene/long-run/anomaly-plan.ts';
import { openFeatures, SEGMENT_SECONDS, sampledCpuMs } from './features.ts';
import type { CameraJob } from './job.ts';

/** An incident as it opened. */
export interface OpenedIncident {
  /** Seconds since the scene began. */
  readonly second: number;
  readonly hour: number;
  readonly decision: 'alert' | 'review';
  readonly severity: string;
  /** The cue with the smallest probability at the peak known when it opened. */
  readonly cue: string;
  readonly explanation: string;
}

export interface CameraResult {
  readonly job: CameraJob;
  readonly events: readonly SceneEvent[];
  readonly incidents: readonly OpenedIncident[];
  /** Second of the scene from which on it was watched. */
  readonly watchedFromSecond: number;
  readonly watchedSeconds: number;
  readonly wallSeconds: number;
  /** Processor time by part, told from some segments (`sampledCpuMs`); `score` is scoring, rule and incident together, learning left out. */
  readonly msPerSegment: { readonly render: number; readonly extract: number; readonly score: number };
  readonly featuresKept: boolean;
}

/** Quiet time of the default configuration. */
const QUIET_MS = 10_000;

/** Plays one camera through the live model: it learns, then is watched to the end. */
export async function runCamera(job: CameraJob, onProgress?: (share: number) => void): Promise<CameraResult> {
  const began = systemClock.monotonicMs();
  const stream = await openFeatures(job);
  const model = openCameraModel(
    {
      cameraId: `${job.kind}-${job.seed}`,
      requiredSegments: Math.ceil((job.learnMinutes * 60) / SEGMENT_SECONDS),
      alertBudgetPerDay: job.alertBudgetPerDay,
      segmentSeconds: SEGMENT_SECONDS,
      incident: { quietMs: QUIET_MS, alertBudgetPerDay: job.alertBudgetPerDay },
      learnInline: true,
    },
    { state: null, runtime: null },
  );
  const incidents: OpenedIncident[] = [];
  const total = (job.learnMinutes * 60 + job.monitoredSeconds) / SEGMENT_SECONDS;
  let watchedFromSecond = Number.NaN;
  let watched = 0;
  let scoringMs = 0;
  let segments = 0;
  for await (const features of stream.segments()) {
    segments += 1;
    const before = sampledCpuMs(features.sequence);
    const outcome = model.observe(features);
    if (outcome) {
      scoringMs += sampledCpuMs(features.sequence) - before;
      watched += 1;
    }
    if (Number.isNaN(watchedFromSecond) && outcome) watchedFromSecond = (features.startMs - features.epoch) / 1000;
    for (const { type, incident } of outcome?.changes ?? []) {
      const last = incidents.at(-1);
      const becameAlert = type === 'updated' && last?.decision === 'review' && incident.decision === 'alert';
      // one that was for review and rises counts from when it rose
      if (becameAlert) incidents.pop();
      const atMs = becameAlert ? features.endMs : incident.openedMs;
      if (type === 'opened' || becameAlert) incidents.push(toOpened(incident, atMs - features.epoch, job.startHour));
    }
    if (features.sequence % 500 === 0) onProgress?.(features.sequence / total);
  }
  return {
    job,
    events: stream.events,
    incidents,
    watchedFromSecond,
    watchedSeconds: watched * SEGMENT_SECONDS,
    wallSeconds: (systemClock.monotonicMs() - began) / 1000,
    msPerSegment: {
      render: stream.spent.renderMs / Math.max(1, segments),
      extract: stream.spent.extractMs / Math.max(1, segments),
      score: scoringMs / Math.max(1, watched),
    },
    featuresKept: stream.kept,
  };
}

function toOpened(incident: Incident, sinceStartMs: number, startHour: number): OpenedIncident {
  const second = sinceStartMs / 1000;
  const strongest = [...incident.peakCues].sort((a, b) => a.probability - b.probability)[0];
  return {
    second,
    hour: (startHour + second / 3600) % 24,
    decision: incident.decision,
    severity: incident.severity,
    cue: strongest?.name ?? 'none',
    explanation: incident.explanation,
  };
}
