/** Share of the history whose clustering is looked at. */
const UPPER_SHARE = 0.1;
/** So many ordinary values in a row end a cluster. */
const GAP = 2;

/**
 * How many consecutive high values count as one independent event: the mean size of the clusters that values above the 90 %
 * quantile form (the runs estimator of the extremal index, inverted; Embrechts et al., Modelling Extremal Events, 8.1). Unlike the
 * autocorrelation it does not mistake the level at which whole recordings differ for dependence in the tail.
 *
 * @param runs unbroken runs of consecutive values; at least 1 comes back
 */
export function dependenceLength(runs: readonly (readonly number[])[]): number {
  const sorted = runs.flat().sort((a, b) => a - b);
  if (sorted.length < 10) return 1;
  const threshold = sorted[Math.floor(sorted.length * (1 - UPPER_SHARE))] ?? 0;
  let exceedances = 0;
  let clusters = 0;
  for (const run of runs) {
    let sinceLast = GAP;
    for (const value of run) {
      if (value < threshold) {
        sinceLast += 1;
        continue;
      }
      exceedances += 1;
      if (sinceLast >= GAP) clusters += 1;
      sinceLast = 0;
    }
  }
  return clusters === 0 ? 1 : exceedances / clusters;
}
