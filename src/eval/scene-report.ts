import { type EvaluatedVideo, eventsOf } from './evaluated-video.ts';
import type { PackIdentity } from './live-path.ts';
import { averagePrecision } from './metrics/average-precision.ts';
import { detectEvents } from './metrics/event-detection.ts';
import { ALARM_STREAM_BUFFERS, pate } from './metrics/pate.ts';
import { perSecond } from './metrics/per-second.ts';
import { dailyRate } from './metrics/poisson-interval.ts';
import { quantile } from './metrics/quantile.ts';
import { abnormalAuc, macroAuc, microAuc } from './metrics/roc-auc.ts';
import type { Figure, Notes } from './printable.ts';
import { type ScenePanel, scenePanel } from './scene-panel.ts';

/** What `vedette eval` prints for a scene. Areas and shares are 0 to 1; null has its reason in `notes`. */
export interface SceneReport {
  readonly kind: 'scene';
  readonly name: string;
  readonly packs: readonly PackIdentity[];
  /** Sampled frames decoded, extracted and scored per second of wall time, learning included. */
  readonly framesPerSecond: number;
  /** All frames of all videos in one ROC (micro). */
  readonly frameAuc: Figure;
  readonly frameAucMacro: Figure;
  readonly aucAbnormal: Figure;
  /** Step-wise average precision. */
  readonly ap: Figure;
  readonly pate: Figure;
  readonly eventRecall: Figure;
  /** From an event's annotated onset to the moment its alert leaves; a missed event counts as infinite. */
  readonly timeToDetectSeconds: { readonly p50: Figure; readonly p95: Figure };
  readonly falseAlertsPerCameraDay: {
    readonly value: Figure;
    readonly low: Figure;
    readonly high: Figure;
    readonly cameraDays: number;
  };
  readonly panel: ScenePanel;
  readonly notes: readonly string[];
}

export interface SceneResults {
  readonly name: string;
  readonly packs: readonly PackIdentity[];
  readonly framesPerSecond: number;
  readonly videos: readonly EvaluatedVideo[];
  readonly notes: Notes;
}

export function reportScene({ name, packs, framesPerSecond, videos, notes }: SceneResults): SceneReport {
  const detection = detectEvents(
    videos.map((video) => ({
      name: video.name,
      events: eventsOf(video),
      alertSeconds: video.recording.alarms.map((alarm) => alarm.fromSeconds),
    })),
  );
  const monitoredSeconds = videos.reduce((sum, video) => sum + video.recording.monitoredSeconds, 0);
  const rate = dailyRate(detection.falseAlerts, monitoredSeconds);
  const macro = macroAuc(videos);
  const seconds = videos.map((video) => perSecond(video, video.frameSeconds));
  const oneClass = 'the frames are all of one class';
  const noEvent = 'no video has an anomaly';
  const unmonitored = 'no camera finished learning';
  const delay = (share: number) => quantile(detection.delaysSeconds, share);
  const missed = detection.events === 0 ? noEvent : 'too many events were missed; a miss counts as infinite';
  if (rate.cameraDays > 0 && rate.cameraDays < 1)
    notes.add(
      `falseAlertsPerCameraDay rests on ${rate.cameraDays.toPrecision(3)} camera-days: read its interval, not its value`,
    );
  return {
    kind: 'scene',
    name,
    packs: packs.map(({ id, version }) => ({ id, version })),
    framesPerSecond,
    frameAuc: notes.figure('frameAuc', microAuc(videos), oneClass),
    frameAucMacro: notes.figure('frameAucMacro', macro.value, 'no video has both normal and anomalous frames'),
    aucAbnormal: notes.figure(
      'aucAbnormal',
      abnormalAuc(videos),
      'the frames of the videos with an anomaly are all of one class',
    ),
    ap: notes.figure('ap', averagePrecision(videos), noEvent),
    pate: notes.figure('pate', pate(seconds, ALARM_STREAM_BUFFERS), noEvent),
    eventRecall: notes.figure('eventRecall', detection.recall, noEvent),
    timeToDetectSeconds: {
      p50: notes.figure('timeToDetectSeconds.p50', delay(0.5), missed),
      p95: notes.figure('timeToDetectSeconds.p95', delay(0.95), missed),
    },
    falseAlertsPerCameraDay: {
      value: notes.figure('falseAlertsPerCameraDay.value', rate.value, unmonitored),
      low: notes.figure('falseAlertsPerCameraDay.low', rate.low, unmonitored),
      high: notes.figure('falseAlertsPerCameraDay.high', rate.high, unmonitored),
      cameraDays: rate.cameraDays,
    },
    panel: scenePanel(videos, detection, macro.videos, notes),
    notes: notes.list,
  };
}
