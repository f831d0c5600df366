import { fastStatistic } from './alarm-statistic.ts';

/** Upper share of the statistic that its tail is read from. */
const UPPER_SHARE = 0.1;
/** So many ordinary values in a row end a cluster. */
const GAP = 2;
/** The level at which chances are counted: reached once in so many segments, about a day of them. */
const RARE_SEGMENTS = 172_800;
/** Theory (mean excess 1 nat) weighs as much as so many clusters. */
const PRIOR_CLUSTERS = 10;
const MINIMUM_CLUSTERS = 5;
const MOST = 60;

/**
 * How many segments of this camera are one chance of a false alarm: M exp(-h), where h is the level that its history says the alarm's
 * fast statistic reaches once in M segments. Clusters of high values follow one another so often, and exceed so far (peaks over
 * threshold, exponential, mean excess drawn towards theory's).
 *
 * @param runs calibrated surprise of consecutive normal segments that the model did not see, nats
 * @param dependenceSegments used where the history says too little
 * @returns 1 to 60
 */
export function segmentsPerChance(runs: readonly (readonly number[])[], dependenceSegments: number): number {
  const windows = runs
    .map((run) => run.map((_, end) => fastStatistic(run.slice(Math.max(0, end - 3), end + 1))).slice(3))
    .filter((values) => values.length > 0);
  const sorted = windows.flat().sort((a, b) => a - b);
  const level = sorted[Math.floor(sorted.length * (1 - UPPER_SHARE))] ?? 0;
  let clusters = 0;
  let excess = 0;
  for (const values of windows) {
    let peak = 0;
    let sinceLast = GAP;
    for (const value of values) {
      if (value <= level) {
        sinceLast += 1;
        continue;
      }
      if (sinceLast >= GAP) {
        clusters += 1;
        peak = level;
      }
      sinceLast = 0;
      excess += Math.max(0, value - peak);
      peak = Math.max(peak, value);
    }
  }
  if (clusters < MINIMUM_CLUSTERS) return Math.min(MOST, Math.max(1, dependenceSegments));
  const meanExcess = (excess + PRIOR_CLUSTERS) / (clusters + PRIOR_CLUSTERS);
  const rare = level + meanExcess * Math.log((RARE_SEGMENTS * clusters) / sorted.length);
  return Math.min(MOST, Math.max(1, RARE_SEGMENTS * Math.exp(-rare)));
}
