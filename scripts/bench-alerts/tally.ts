import { detectEvents, type TrueEvent } from '../../src/eval/metrics/event-detection.ts';
import { type DailyRate, dailyRate } from '../../src/eval/metrics/poisson-interval.ts';
import { quantile } from '../../src/eval/metrics/quantile.ts';
import type { LongAnomalyKind } from '../../src/scene/long-run/anomaly-kind.ts';
import type { CameraResult, OpenedIncident } from './virtual-camera.ts';

/** Events of one kind of anomaly; misses count as infinite delays. */
export interface KindTally {
  readonly events: number;
  readonly found: number;
  readonly medianDelaySeconds: number;
  readonly delay95Seconds: number;
}

export interface Tally {
  readonly name: string;
  /** Monitored time without an anomaly. */
  readonly normalDays: number;
  readonly falseAlerts: number;
  readonly perDay: DailyRate;
  readonly events: number;
  readonly found: number;
  readonly recall: number;
  readonly byKind: Readonly<Partial<Record<LongAnomalyKind, KindTally>>>;
  /** Seconds from the onset to the alert; misses count as infinite. */
  readonly medianDelaySeconds: number;
  readonly delay95Seconds: number;
  readonly reviews: number;
}

const isAlert = ({ decision }: OpenedIncident): boolean => decision === 'alert';

function toVideo(result: CameraResult) {
  return {
    name: `${result.job.kind}-${result.job.seed}`,
    events: result.events.map(({ startSecond, endSecond }) => ({ startSeconds: startSecond, endSeconds: endSecond })),
    alertSeconds: result.incidents.filter(isAlert).map(({ second }) => second),
  };
}

/** The figures of some cameras together. An alert that no event explains is false (defaults of `event-detection`). */
export function tally(name: string, results: readonly CameraResult[]): Tally {
  const detection = detectEvents(results.map(toVideo));
  const strange = results.flatMap((result) => result.events.map((event) => event.endSecond - event.startSecond));
  const watched = results.reduce((sum, result) => sum + result.watchedSeconds, 0);
  const normalSeconds = watched - strange.reduce((sum, seconds) => sum + seconds, 0);
  const perDay = dailyRate(detection.falseAlerts, normalSeconds);
  const delaysByKind = new Map<LongAnomalyKind, number[]>();
  results
    .flatMap(({ events }) => events)
    .forEach(({ kind }, index) => {
      const delays = delaysByKind.get(kind) ?? [];
      delaysByKind.set(kind, delays);
      delays.push(detection.delaysSeconds[index] ?? Number.POSITIVE_INFINITY);
    });
  return {
    name,
    normalDays: perDay.cameraDays,
    falseAlerts: detection.falseAlerts,
    perDay,
    events: detection.events,
    found: detection.found,
    recall: detection.recall,
    byKind: Object.fromEntries([...delaysByKind].map(([kind, delays]) => [kind, kindTally(delays)])),
    medianDelaySeconds: quantile(detection.delaysSeconds, 0.5),
    delay95Seconds: quantile(detection.delaysSeconds, 0.95),
    reviews: results.reduce((sum, { incidents }) => sum + incidents.filter((one) => !isAlert(one)).length, 0),
  };
}

function kindTally(delays: readonly number[]): KindTally {
  return {
    events: delays.length,
    found: delays.filter(Number.isFinite).length,
    medianDelaySeconds: quantile(delays, 0.5),
    delay95Seconds: quantile(delays, 0.95),
  };
}

export interface FalseAlert extends OpenedIncident {
  readonly camera: string;
}

/** Alerts that no event explains, each with its hour and cue: what to look at when tuning. */
export function falseAlertsOf(results: readonly CameraResult[]): FalseAlert[] {
  return results.flatMap((result) => {
    const { name, events } = toVideo(result);
    return result.incidents
      .filter((one) => isAlert(one) && !events.some((event) => explains(event, one.second)))
      .map((one) => ({ ...one, camera: name }));
  });
}

export interface MissedEvent {
  readonly camera: string;
  readonly kind: LongAnomalyKind;
  readonly hour: number;
  readonly startSecond: number;
}

export function missedEventsOf(results: readonly CameraResult[]): MissedEvent[] {
  return results.flatMap((result) => {
    const { name, events } = toVideo(result);
    const { delaysSeconds } = detectEvents([toVideo(result)]);
    return events.flatMap((_, index) => {
      const event = result.events[index];
      if (!event || Number.isFinite(delaysSeconds[index])) return [];
      const hour = (result.job.startHour + event.startSecond / 3600) % 24;
      return [{ camera: name, kind: event.kind, hour, startSecond: event.startSecond }];
    });
  });
}

function explains({ startSeconds, endSeconds }: TrueEvent, second: number): boolean {
  return second >= startSeconds - 2 && second <= endSeconds + 10;
}
