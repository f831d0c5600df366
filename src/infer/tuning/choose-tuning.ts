/** What one setting gave. */
export interface TuningTrial {
  readonly batchSize: number;
  readonly threads: number;
  /** Time of one run. */
  readonly batchMs: number;
}

/** Settings this near to the best are as good: a smaller batch waits less, fewer threads leave room for other work. */
const AS_GOOD = 0.97;

/** Milliseconds that one segment takes in a batch of its size. */
export function segmentMs({ batchMs, batchSize }: TuningTrial): number {
  return batchMs / batchSize;
}

/**
 * The setting with the most segments a second among those whose run is not longer than `longestRunMs`; of those nearly as
 * good the one with the fewest threads, then the smallest batch. Where every run is longer, the shortest run.
 * @param trials at least one
 */
export function chooseTuning(trials: readonly TuningTrial[], longestRunMs: number): TuningTrial | null {
  const [shortest] = trials.toSorted((a, b) => a.batchMs - b.batchMs);
  const allowed = trials.filter(({ batchMs }) => batchMs <= longestRunMs);
  const best = Math.min(...allowed.map(segmentMs));
  const [chosen] = allowed
    .filter((trial) => segmentMs(trial) * AS_GOOD <= best)
    .toSorted((a, b) => a.threads - b.threads || a.batchSize - b.batchSize);
  return chosen ?? shortest ?? null;
}
