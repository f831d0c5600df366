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
  /** Whether the sample before is the segment before. */
  readonly follows: boolean;
}

/** A history may be without a single stop: so much is assumed beforehand, as if seen in so many stops. */
const ASSUMED_STOP_SECONDS = 4;
const ASSUMED_STOPS = 4;
/** Shorter ones are no stops. */
const LEAST_STOP_SECONDS = 0.5;
/** People who stop to talk or to look at a telephone stay for up to a quarter of a minute, whether or not the history had one. */
const LEAST_SCALE_SECONDS = 4;
const TAIL_SHARE = 0.1;
const LEAST_CALM_EXCESS = 1e-4;
/**
 * The calm part of the raw score is so spread, and never claims more. Where nobody ever stops it is all that the tail is fitted to, and
 * then stands for the stops that were not seen.
 */
const CALM_SPREAD = 1.4;
const LARGEST_CALM = 4.2;
/** Stops are less spread than an exponential law: most people who stop go on soon. */
const STOP_SHAPE = 1.4;

/** @param samples of normal segments that the reference did not see; at least one */
export function learnPersistenceScale(samples: readonly PersistenceSample[]): PersistenceScale {
  // a memory holds pieces of a few seconds, so most stops are cut off: their law is told by how often one ends while it is watched
  let stopped = ASSUMED_STOP_SECONDS * ASSUMED_STOPS;
  let ends = ASSUMED_STOPS;
  let before = 0;
  let rising = false;
  for (const { seconds, follows } of samples) {
    if (!follows) rising = false;
    else if (seconds > before && before >= LEAST_STOP_SECONDS) {
      stopped += seconds - before;
      rising = true;
    } else if (seconds < before && rising) {
      ends += 1;
      rising = false;
    }
    before = seconds;
  }
  const calm = Float64Array.from(samples, ({ deviation }) => deviation).sort();
  const first = Math.min(calm.length - 1, Math.floor(calm.length * (1 - TAIL_SHARE)));
  let excess = 0;
  for (let place = first; place < calm.length; place++) excess += (calm[place] ?? 0) - (calm[first] ?? 0);
  return {
    stopSeconds: Math.max(LEAST_SCALE_SECONDS, stopped / ends),
    calmMiddle: calm[calm.length >> 1] ?? 0,
    calmExcess: Math.max(LEAST_CALM_EXCESS, excess / (calm.length - first)),
  };
}

/**
 * The cue's raw score, nats: how long the most lasting change has stood there, on the scale of what usually stops here. Below, the largest
 * deviation lets calm segments differ, so that a history without any stop does not make the first one infinitely surprising.
 */
export function persistenceRaw(scale: PersistenceScale, { seconds, deviation }: PersistenceSample): number {
  const calm = Math.max(0, Math.min(LARGEST_CALM, (CALM_SPREAD * (deviation - scale.calmMiddle)) / scale.calmExcess));
  return Math.max(calm, (seconds / scale.stopSeconds) ** STOP_SHAPE);
}
