import { type EvaluatedVideo, eventsOf } from './evaluated-video.ts';
import { videoAupimo } from './metrics/aupimo.ts';
import { bootstrapByVideo, seededRandom } from './metrics/bootstrap.ts';
import { type CareCase, careScore } from './metrics/care-score.ts';
import { centrePrior, constantPerVideo, delayedTruth } from './metrics/controls.ts';
import { EVENT_WINDOW, type EventDetection, shareWithin } from './metrics/event-detection.ts';
import { perSecond } from './metrics/per-second.ts';
import { quantile } from './metrics/quantile.ts';
import { hasAnomaly, microAuc, rocAucOfTally, videoAuc } from './metrics/roc-auc.ts';
import { runsOf } from './metrics/runs.ts';
import type { Figure, FigureInterval, Notes } from './printable.ts';

const WITHIN_SECONDS = [2, 5, 10, 30] as const;

/** The figures beside the headline ones, without which those are easily misread. */
export interface ScenePanel {
  readonly videos: number;
  /** Videos with both classes, over which frameAucMacro is the mean. */
  readonly macroVideos: number;
  readonly frames: number;
  readonly anomalousFrames: number;
  readonly events: number;
  readonly eventsFound: number;
  readonly alerts: number;
  readonly falseAlerts: number;
  /** Incidents that stayed for review, which no other figure counts. */
  readonly reviews: number;
  /** Further alerts for an event that has one. */
  readonly duplicateAlerts: number;
  /** Share of events alerted within so many seconds of their onset. */
  readonly detectedWithin: readonly { readonly seconds: number; readonly share: Figure }[];
  /** Share of normal time under alarm. */
  readonly normalTimeUnderAlarm: Figure;
  readonly videoAuc: Figure;
  /** 95 % interval of frameAuc by resampling videos. */
  readonly frameAucInterval: FigureInterval;
  readonly aupimo: Figure;
  readonly care: {
    readonly value: Figure;
    readonly coverage: Figure;
    readonly accuracy: Figure;
    readonly reliability: Figure;
    readonly earliness: Figure;
  };
  /** frameAuc of scores that see nothing, or see all but late: what a figure must be read against. */
  readonly controls: {
    readonly constantPerVideo: Figure;
    readonly centrePrior: Figure;
    /** The truth, as late as one of our segments is long. */
    readonly delayedTruth: { readonly seconds: number; readonly frameAuc: Figure };
  };
}

export function scenePanel(
  videos: readonly EvaluatedVideo[],
  detection: EventDetection,
  macroVideos: number,
  notes: Notes,
): ScenePanel {
  const oneClass = 'the frames are all of one class';
  const alarmed = videos.map(alarmedSeconds);
  const interval = bootstrapByVideo(videos, rocAucOfTally, { random: seededRandom(1), rounds: 500 });
  const care = careScore(videos.flatMap((video, index) => careCases(video, alarmed[index] ?? new Uint8Array())));
  const careReason = 'CARE needs at least one event and one wholly normal video';
  const segmentSeconds = typicalSegmentSeconds(videos);
  return {
    videos: videos.length,
    macroVideos,
    frames: videos.reduce((sum, video) => sum + video.labels.length, 0),
    anomalousFrames: videos.reduce((sum, video) => sum + count(video.labels), 0),
    events: detection.events,
    eventsFound: detection.found,
    alerts: detection.alerts,
    falseAlerts: detection.falseAlerts,
    reviews: videos.reduce((sum, video) => sum + video.recording.reviews, 0),
    duplicateAlerts: detection.duplicateAlerts,
    detectedWithin: WITHIN_SECONDS.map((seconds) => ({
      seconds,
      share: notes.figure('panel.detectedWithin', shareWithin(detection.delaysSeconds, seconds), 'there is no event'),
    })),
    normalTimeUnderAlarm: notes.figure(
      'panel.normalTimeUnderAlarm',
      normalShareAlarmed(videos, alarmed),
      'there is no normal second',
    ),
    videoAuc: notes.figure('panel.videoAuc', videoAuc(videos), 'the videos are all normal or all with an anomaly'),
    frameAucInterval: {
      low: notes.figure('panel.frameAucInterval', interval.low, oneClass),
      high: notes.figure('panel.frameAucInterval', interval.high, oneClass),
    },
    aupimo: aupimoOf(videos, notes),
    care: {
      value: notes.figure('panel.care', care.care, careReason),
      coverage: notes.figure('panel.care', care.coverage, careReason),
      accuracy: notes.figure('panel.care', care.accuracy, careReason),
      reliability: notes.figure('panel.care', care.reliability, careReason),
      earliness: notes.figure('panel.care', care.earliness, careReason),
    },
    controls: {
      constantPerVideo: notes.figure('panel.controls.constantPerVideo', microAuc(constantPerVideo(videos)), oneClass),
      centrePrior: notes.figure('panel.controls.centrePrior', microAuc(centrePrior(videos)), oneClass),
      delayedTruth: {
        seconds: segmentSeconds,
        frameAuc: notes.figure(
          'panel.controls.delayedTruth',
          microAuc(videos.flatMap((video) => delayedTruth([video], framesIn(video, segmentSeconds)))),
          oneClass,
        ),
      },
    },
  };
}

function count(labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i]) sum++;
  return sum;
}

/** For each second whether an incident was open and still being fed. */
function alarmedSeconds({ frameSeconds, recording }: EvaluatedVideo): Uint8Array {
  const seconds = new Uint8Array(Math.floor(frameSeconds.at(-1) ?? 0) + 1);
  for (const { fromSeconds, toSeconds } of recording.alarms)
    seconds.fill(1, Math.floor(fromSeconds), Math.floor(toSeconds) + 1);
  return seconds;
}

function normalShareAlarmed(videos: readonly EvaluatedVideo[], alarmed: readonly Uint8Array[]): number {
  let normal = 0;
  let under = 0;
  videos.forEach((video, index) => {
    const { labels } = perSecond(video, video.frameSeconds);
    for (let second = 0; second < labels.length; second++) {
      if (labels[second]) continue;
      normal++;
      if (alarmed[index]?.[second]) under++;
    }
  });
  return under / normal;
}

/** A case for each event; a video with several is cut half-way between them. */
function careCases(video: EvaluatedVideo, alarmed: Uint8Array): CareCase[] {
  const events = runsOf(perSecond(video, video.frameSeconds).labels);
  if (events.length === 0) return [{ predicted: alarmed, event: null }];
  let first = 0;
  return events.map((event, index) => {
    const next = events[index + 1];
    const end = next ? Math.ceil((event.last + next.first) / 2) : alarmed.length;
    const one = {
      predicted: alarmed.subarray(first, end),
      event: { first: event.first - first, last: event.last - first },
    };
    first = end;
    return one;
  });
}

function aupimoOf(videos: readonly EvaluatedVideo[], notes: Notes): Figure {
  const normal = videos.filter((video) => !hasAnomaly(video));
  const eventPeaks = videos.flatMap((video) => {
    const { scores } = perSecond(video, video.frameSeconds);
    return eventsOf(video).map(({ startSeconds, endSeconds }) => {
      const last = Math.min(scores.length - 1, Math.floor(endSeconds + EVENT_WINDOW.afterSeconds));
      let peak = Number.NEGATIVE_INFINITY;
      for (let second = Math.floor(startSeconds); second <= last; second++)
        peak = Math.max(peak, scores[second] ?? peak);
      return peak;
    });
  });
  const result = videoAupimo({
    normal: normal.map((video) => perSecond(video, video.frameSeconds).scores),
    samplesPerSecond: 1,
    eventPeaks,
  });
  const days = result.normalCameraDays.toPrecision(3);
  return notes.figure(
    'panel.aupimo',
    result.supported ? result.value : Number.NaN,
    `it needs events and at least one camera-day of wholly normal test video; there are ${days}`,
  );
}

function typicalSegmentSeconds(videos: readonly EvaluatedVideo[]): number {
  const lengths = videos.flatMap((video) => video.recording.segments.map((one) => one.endSeconds - one.startSeconds));
  return lengths.length > 0 ? quantile(lengths, 0.5) : 0;
}

function framesIn({ frameSeconds }: EvaluatedVideo, seconds: number): number {
  const last = frameSeconds.at(-1) ?? 0;
  return last > 0 ? Math.round((seconds * (frameSeconds.length - 1)) / last) : 0;
}
