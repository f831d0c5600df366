import { percentile } from './quantile.ts';
import { type Run, runsOf } from './runs.ts';
import type { ScoredVideo } from './score-tally.ts';

/**
 * PATE, the proximity-aware time-series anomaly evaluation (Ghorbani et al., KDD 2024), in closed form: predictions
 * just before or after an event earn part of a true positive, falling off with the distance to the event's centre,
 * and a late first hit costs recall.
 */
export interface PateBuffers {
  /** Look-back before an event, samples. */
  readonly early: number;
  /** Tolerated delay after an event, samples. */
  readonly delay: number;
}

/** For an alarm stream of one sample a second: operator's look-back of 5 s, tolerated response delay of 10 s. */
export const ALARM_STREAM_BUFFERS: PateBuffers = { early: 5, delay: 10 };

export interface PateCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

export interface PrecisionRecall {
  readonly precision: number;
  readonly recall: number;
}

interface Zone extends Run {
  /** A: first sample of the buffer before. */
  readonly bufferFirst: number;
  /** B: last sample of the buffer after. */
  readonly bufferLast: number;
}

/** Official default: thresholds are this many percentiles of the distinct scores. */
const THRESHOLDS = 250;

/** The buffers of each event; they never reach into a neighbour: the later event yields to the buffer after. */
function zonesOf(labels: ArrayLike<number>, { early, delay }: PateBuffers): Zone[] {
  const events = runsOf(labels);
  let free = 0;
  return events.map((event, index) => {
    const limit = (events[index + 1]?.first ?? labels.length) - 1;
    const bufferLast = Math.min(event.last + delay, limit);
    const bufferFirst = Math.max(0, event.first - early, free);
    free = bufferLast + 1;
    return { ...event, bufferFirst, bufferLast };
  });
}

function countZones(isPredicted: (sample: number) => boolean, samples: number, zones: readonly Zone[]): PateCounts {
  let truePositives = 0;
  let falsePositives = 0;
  let falseNegatives = 0;
  let sample = 0;
  for (const zone of zones) {
    for (; sample < zone.bufferFirst; sample++) if (isPredicted(sample)) falsePositives++;
    sample = zone.bufferLast + 1;
    const centre = (zone.first + zone.last) / 2;
    const hit = firstRun(isPredicted, zone);
    for (let x = zone.bufferFirst; x < zone.first; x++) {
      if (!isPredicted(x)) continue;
      // An alarm before an event that is then missed was luck, not foresight.
      const weight = hit > 0 ? (x - zone.bufferFirst) / (centre - zone.bufferFirst) : 0;
      truePositives += weight;
      falsePositives += 1 - weight;
    }
    const length = zone.last - zone.first + 1;
    for (let x = zone.first; x <= zone.last; x++) {
      if (isPredicted(x)) truePositives++;
      else falseNegatives += missCost(x - zone.first, hit, length);
    }
    for (let x = zone.last + 1; x <= zone.bufferLast; x++) {
      if (!isPredicted(x)) continue;
      const weight = (zone.bufferLast - x) / (zone.bufferLast - centre);
      truePositives += weight;
      falsePositives += 1 - weight;
    }
  }
  for (; sample < samples; sample++) if (isPredicted(sample)) falsePositives++;
  return { truePositives, falsePositives, falseNegatives };
}

/** δ: length of the first predicted run inside the event; 0 when the event is missed. */
function firstRun(isPredicted: (sample: number) => boolean, event: Run): number {
  let x = event.first;
  while (x <= event.last && !isPredicted(x)) x++;
  const begin = x;
  while (x <= event.last && isPredicted(x)) x++;
  return x - begin;
}

/** False negative of one missed sample `offset` = x − s into an event of n samples whose first hit run lasts δ. */
function missCost(offset: number, delta: number, length: number): number {
  if (delta === 0 || offset <= delta) return 1;
  return Math.max(0, 1 - ((delta + 1) * (offset - delta / 2)) / ((length * (length - 1)) / 2));
}

/** Weighted counts of a binary prediction (`predicted` 0 or 1) for one pair of buffers. */
export function pateCounts(predicted: ArrayLike<number>, labels: ArrayLike<number>, buffers: PateBuffers): PateCounts {
  return countZones((x) => Boolean(predicted[x]), labels.length, zonesOf(labels, buffers));
}

/** Precision and recall of weighted counts; 0 where the denominator is 0. */
export function precisionRecall(counts: PateCounts): PrecisionRecall {
  const predicted = counts.truePositives + counts.falsePositives;
  const real = counts.truePositives + counts.falseNegatives;
  return {
    precision: predicted > 0 ? counts.truePositives / predicted : 0,
    recall: real > 0 ? counts.truePositives / real : 0,
  };
}

/** The buffer pairs {0, max}² over which PATE averages. */
function bufferPairs({ early, delay }: PateBuffers): PateBuffers[] {
  return [0, early].flatMap((e) => [0, delay].map((d) => ({ early: e, delay: d })));
}

/** PATE-F1 of a binary prediction: mean F1 over the four buffer pairs. */
export function pateF1(predicted: ArrayLike<number>, labels: ArrayLike<number>, buffers: PateBuffers): number {
  const scores = bufferPairs(buffers).map((pair) => {
    const { precision, recall } = precisionRecall(pateCounts(predicted, labels, pair));
    return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  });
  return scores.reduce((sum, f1) => sum + f1, 0) / scores.length;
}

/**
 * PATE of continuous scores: mean area under the proximity-aware precision-recall curve over the four buffer pairs.
 * Several videos share the thresholds and add their counts; buffers never cross from one video into the next.
 * @param videos evenly sampled; the service uses one sample a second with early 5 and delay 10
 * @returns 0 to 1, NaN when no sample is anomalous.
 */
export function pate(videos: readonly ScoredVideo[], buffers: PateBuffers): number {
  if (!videos.some((video) => runsOf(video.labels).length > 0)) return Number.NaN;
  const thresholds = thresholdsOf(videos);
  const areas = bufferPairs(buffers).map((pair) => {
    const zones = videos.map((video) => zonesOf(video.labels, pair));
    return curveArea(thresholds.map((threshold) => precisionRecall(countAll(videos, zones, threshold))));
  });
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

function countAll(videos: readonly ScoredVideo[], zones: readonly (readonly Zone[])[], threshold: number): PateCounts {
  let truePositives = 0;
  let falsePositives = 0;
  let falseNegatives = 0;
  videos.forEach(({ scores, labels }, index) => {
    const counts = countZones((x) => (scores[x] ?? 0) >= threshold, labels.length, zones[index] ?? []);
    truePositives += counts.truePositives;
    falsePositives += counts.falsePositives;
    falseNegatives += counts.falseNegatives;
  });
  return { truePositives, falsePositives, falseNegatives };
}

/** Percentiles of the distinct scores, descending. */
function thresholdsOf(videos: readonly ScoredVideo[]): number[] {
  const distinct = new Set<number>();
  for (const video of videos) for (let i = 0; i < video.scores.length; i++) distinct.add(video.scores[i] ?? 0);
  const sorted = Float64Array.from(distinct).sort();
  return Array.from({ length: THRESHOLDS }, (_, i) => percentile(sorted, 1 - i / (THRESHOLDS - 1)));
}

/** Trapezoid area from (0, 1) on, keeping a point only if its recall is not below the last kept one. */
function curveArea(points: readonly PrecisionRecall[]): number {
  let area = 0;
  let last: PrecisionRecall = { recall: 0, precision: 1 };
  for (const point of points) {
    if (point.recall < last.recall) continue;
    area += ((point.precision + last.precision) / 2) * (point.recall - last.recall);
    last = point;
  }
  return area;
}
