/**
 * Quantile with linear interpolation between order statistics (NumPy's default, Hyndman-Fan type 7).
 * @param sorted ascending
 * @param share 0 to 1
 * @returns NaN for an empty list; infinite when the quantile falls on or next to an infinite value.
 */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1);
  const lower = sorted[Math.floor(position)];
  const upper = sorted[Math.ceil(position)];
  if (lower === undefined || upper === undefined) return Number.NaN;
  if (lower === upper) return lower;
  return lower + (upper - lower) * (position - Math.floor(position));
}

/** Quantile of an unsorted list; see {@link percentile}. */
export function quantile(values: readonly number[], share: number): number {
  return percentile(Float64Array.from(values).sort(), share);
}
