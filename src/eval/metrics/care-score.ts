import type { Run } from './runs.ts';

/** One recording as CARE sees it: with one event, or wholly normal. */
export interface CareCase {
  /** Alarm decision for each sample, 0 or 1, evenly sampled. */
  readonly predicted: ArrayLike<number>;
  /** The event's samples, or null for a normal recording. */
  readonly event: Run | null;
  /** Samples at which the camera was not itself (tampered, moving, masked): they count for nothing, 1 = ignored. */
  readonly ignored?: ArrayLike<number>;
}

export interface CareScore {
  /** (Coverage + Earliness + 2 Accuracy + Reliability) / 5, or one of the two special cases. 0 to 1. */
  readonly care: number;
  /** F_0.5 over the samples of each recording with an event, averaged. */
  readonly coverage: number;
  /** Share of normal samples left silent, averaged over normal recordings. */
  readonly accuracy: number;
  /** F_0.5 over recordings: an event is detected if the criticality counter reaches the threshold. */
  readonly reliability: number;
  /** How early inside the event the alarm stands, averaged over events. */
  readonly earliness: number;
}

/**
 * CARE (Coverage, Accuracy, Reliability, Earliness), the service-level composite of wind-turbine monitoring
 * (Gück, Roelofs, Faulstich 2024) on camera recordings.
 * @param counterThreshold criticality that makes a detection. The counter rises by 1 at an alarmed sample and falls by
 *   1, not below 0, at a silent one. The original's 72 means 12 h at ten-minute data; at one sample a second 3 is 3 s.
 */
export function careScore(cases: readonly CareCase[], counterThreshold = 3): CareScore {
  const withEvent = cases.flatMap((one) => (one.event ? [{ ...one, event: one.event }] : []));
  const normal = cases.filter((one) => !one.event);
  const detected = withEvent.filter((one) => maximumCounter(one, one.event) >= counterThreshold).length;
  const falselyDetected = normal.filter((one) => maximumCounter(one, null) >= counterThreshold).length;
  const coverage = mean(withEvent.map(coverageOf));
  const accuracy = mean(normal.map(silentShare));
  const reliability = fHalf(detected, falselyDetected, withEvent.length - detected);
  const earliness = mean(withEvent.map((one) => earlinessOf(one.predicted, one.event)));
  let care = (coverage + earliness + 2 * accuracy + reliability) / 5;
  // A detector that cries on half of the normal time is worth no more than its accuracy, one that is mute nothing.
  if (accuracy <= 0.5) care = accuracy;
  else if (detected === 0) care = 0;
  return { care, coverage, accuracy, reliability, earliness };
}

function maximumCounter({ predicted, ignored }: CareCase, event: Run | null): number {
  let counter = 0;
  let highest = 0;
  for (let i = 0; i < predicted.length; i++) {
    if (!ignored?.[i]) counter = predicted[i] ? counter + 1 : Math.max(0, counter - 1);
    if (!event || (i >= event.first && i <= event.last)) highest = Math.max(highest, counter);
  }
  return highest;
}

function coverageOf({ predicted, ignored, event }: CareCase): number {
  let hits = 0;
  let falsePositives = 0;
  let misses = 0;
  for (let i = 0; i < predicted.length; i++) {
    if (ignored?.[i]) continue;
    const inside = event !== null && i >= event.first && i <= event.last;
    if (predicted[i] && inside) hits++;
    else if (predicted[i]) falsePositives++;
    else if (inside) misses++;
  }
  return fHalf(hits, falsePositives, misses);
}

function silentShare({ predicted, ignored }: CareCase): number {
  let silent = 0;
  let counted = 0;
  for (let i = 0; i < predicted.length; i++) {
    if (ignored?.[i]) continue;
    counted++;
    if (!predicted[i]) silent++;
  }
  return silent / counted;
}

/** Σ w p / Σ w with w = 1 in the first quarter of the event, then falling linearly to 0 at its end. */
function earlinessOf(predicted: ArrayLike<number>, event: Run): number {
  const length = event.last - event.first + 1;
  let weights = 0;
  let hits = 0;
  for (let i = event.first; i <= event.last; i++) {
    const position = length > 1 ? (i - event.first) / (length - 1) : 0;
    const weight = position <= 0.25 ? 1 : (1 - position) / 0.75;
    weights += weight;
    if (predicted[i]) hits += weight;
  }
  return hits / weights;
}

/** F_β with β = 0.5, which holds precision dearer than recall; 0 when nothing is right. */
function fHalf(hits: number, falsePositives: number, misses: number): number {
  return hits === 0 ? 0 : (1.25 * hits) / (1.25 * hits + 0.25 * misses + falsePositives);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
