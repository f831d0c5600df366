/** What a camera's history says about how long things stand still there. */
export interface PersistenceScale {
  /** Seconds by which a change that is held is exceeded with probability 1/e. */
  readonly stopSeconds: number;
  /** Largest deviation of a segment in which nothing is held: its middle, and its mean excess above the 90 % quantile. */
  readonly calmMiddle: number;
  readonly calmExcess: number;
}

/** One segment, boiled down. */
export interface PersistenceSample {
  /** Longest persistence of a cell, seconds. */
  readonly seconds: number;
  /** Largest deviation of a still cell. */
  readonly deviation: number;
}

/** A history may be without a single stop: so much is assumed beforehand, as if seen in so many segments. */
const ASSUMED_STOP_SECONDS = 2;
const ASSUMED_SEGMENTS = 20;
/** Shorter ones are no stops. */
const LEAST_STOP_SECONDS = 0.5;
const TAIL_SHARE = 0.1;
const LEAST_CALM_EXCESS = 1e-4;
/** The calm part of the raw score never claims more, nats. */
const LARGEST_CALM = 3;
/** Stops are less spread than an exponential law: most people who stop go on soon. */
const STOP_SHAPE = 1.4;

/** @param samples of normal segments that the reference did not see; at least one */
export function learnPersistenceScale(samples: readonly PersistenceSample[]): PersistenceScale {
  let stopped = ASSUMED_STOP_SECONDS * ASSUMED_SEGMENTS;
  let stops = ASSUMED_SEGMENTS;
  for (const { seconds } of samples) {
    if (seconds < LEAST_STOP_SECONDS) continue;
    stopped += seconds;
    stops += 1;
  }
  const calm = Float64Array.from(samples, ({ deviation }) => deviation).sort();
  const first = Math.min(calm.length - 1, Math.floor(calm.length * (1 - TAIL_SHARE)));
  let excess = 0;
  for (let place = first; place < calm.length; place++) excess += (calm[place] ?? 0) - (calm[first] ?? 0);
  return {
    stopSeconds: Math.max(ASSUMED_STOP_SECONDS, stopped / stops),
    calmMiddle: calm[calm.length >> 1] ?? 0,
    calmExcess: Math.max(LEAST_CALM_EXCESS, excess / (calm.length - first)),
  };
}

/**
 * The cue's raw score, nats: how long the most lasting change has stood there, on the scale of what usually stops here. Below, the largest
 * deviation lets calm segments differ, so that a history without any stop does not make the first one infinitely surprising.
 */
export function persistenceRaw(scale: PersistenceScale, { seconds, deviation }: PersistenceSample): number {
  const calm = Math.max(0, Math.min(LARGEST_CALM, (deviation - scale.calmMiddle) / scale.calmExcess));
  return Math.max(calm, (seconds / scale.stopSeconds) ** STOP_SHAPE);
}
