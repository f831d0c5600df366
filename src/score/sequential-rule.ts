import type { SegmentScore } from './segment-score.ts';

export interface SequentialSettings {
  /** Permitted false alarms of this camera a day, above 0. */
  readonly alertBudgetPerDay: number;
  readonly segmentSeconds: number;
}

/** Plain JSON. */
export interface SequentialState {
  readonly statistic: number;
  /** End of the last segment at which the statistic was 0, or start of the epoch's first segment, UTC ms; null before it. */
  readonly onsetMs: number | null;
  readonly epoch: number | null;
}

export interface SequentialStep {
  /** Nats. */
  readonly statistic: number;
  /** Nats. */
  readonly threshold: number;
  /** Estimated onset, UTC ms: the last time the statistic was 0. */
  readonly onsetMs: number | null;
  readonly alarm: boolean;
}

const SECONDS_PER_DAY = 86_400;
/**
 * Nats taken off each segment. -ln p has mean 1 on normal footage; the rest leaves room for busy minutes that the learning did not
 * have, and brings the statistic down soon after an event.
 */
const DRIFT = 2.5;
/** Beyond this multiple of the threshold the statistic does not grow, so that it comes down soon after the event. */
const CEILING = 1.25;
/** No single segment, nor two, may raise an alarm: a broken picture is no event. */
const MINIMUM_SEGMENTS = 3;

/**
 * Page's CUSUM on -ln p (MONAD's form): s = max(0, s + surprise - drift), alarm at s >= h. On normal footage -ln p is
 * exponential with mean 1; theta > 0 solves E exp(theta (X - drift)) = exp(-theta drift) / (1 - theta) = 1, and the mean time between
 * false alarms is at least exp(theta h) independent observations (Lorden's bound). Segments that depend on one another over
 * L segments act like one observation L times as large: h = L ln(N / L) / theta, N the segments per permitted false alarm. Increments are
 * capped at a third of h, which makes false alarms rarer still; that slack is meant for what calibration on minutes of footage gets wrong.
 */
export class SequentialRule {
  readonly #segmentsPerAlarm: number;
  #statistic = 0;
  #onsetMs: number | null = null;
  #epoch: number | null = null;

  constructor(settings: SequentialSettings) {
    this.#segmentsPerAlarm = SECONDS_PER_DAY / settings.segmentSeconds / settings.alertBudgetPerDay;
  }

  static restore(json: unknown, settings: SequentialSettings): SequentialRule {
    const rule = new SequentialRule(settings);
    if (isState(json)) {
      rule.#statistic = json.statistic;
      rule.#onsetMs = json.onsetMs;
      rule.#epoch = json.epoch;
    }
    return rule;
  }

  observe(score: SegmentScore): SequentialStep {
    const threshold = thresholdFor(this.#segmentsPerAlarm, score.dependenceSegments);
    // What was gathered before a break of the stream says nothing about the new picture.
    if (this.#epoch !== score.epoch) this.reset();
    this.#epoch = score.epoch;
    this.#onsetMs ??= score.startMs;
    const increment = Math.min(score.surprise, threshold / MINIMUM_SEGMENTS + DRIFT) - DRIFT;
    this.#statistic = Math.min(Math.max(0, this.#statistic + increment), threshold * CEILING);
    if (this.#statistic === 0) this.#onsetMs = score.endMs;
    // Three thirds must reach the whole in spite of rounding.
    const alarm = this.#statistic >= threshold * (1 - 1e-9);
    return { statistic: this.#statistic, threshold, onsetMs: this.#onsetMs, alarm };
  }

  toJSON(): SequentialState {
    return { statistic: this.#statistic, onsetMs: this.#onsetMs, epoch: this.#epoch };
  }

  reset(): void {
    this.#statistic = 0;
    this.#onsetMs = null;
    this.#epoch = null;
  }
}

/** Threshold h in nats for one false alarm in `segmentsPerAlarm` segments, `dependenceSegments` of which act as one. */
export function thresholdFor(segmentsPerAlarm: number, dependenceSegments: number): number {
  const length = Math.max(1, dependenceSegments);
  return (length * Math.log(Math.max(Math.E, segmentsPerAlarm / length))) / CUSUM_EXPONENT;
}

/** The positive root theta of exp(-theta drift) = 1 - theta, by fixed-point iteration. */
const CUSUM_EXPONENT = (() => {
  let theta = 0.5;
  for (let round = 0; round < 200; round++) theta = 1 - Math.exp(-theta * DRIFT);
  return theta;
})();

function isState(json: unknown): json is SequentialState {
  return (
    typeof json === 'object' &&
    json !== null &&
    'statistic' in json &&
    typeof json.statistic === 'number' &&
    'onsetMs' in json
  );
}
