/** So many things of normal life are remembered: 200 descriptors are about 40 kB. */
const MAXIMUM_THINGS = 200;

/** The strangest thing of one segment of the history. */
export interface OrdinaryThing {
  /** Null where nothing stood out. */
  readonly descriptor: readonly number[] | null;
  /** The segment's fused statistic. */
  readonly statistic: number;
}

/**
 * The strangest things that normal life showed, for `ReferenceBank`.
 *
 * @param history for each segment of the history its thing's descriptor (null without one), found by a model that did not see the
 *   segment, and the segment's fused statistic
 */
export function ordinaryThings(history: readonly OrdinaryThing[]): readonly (readonly number[])[] {
  return history
    .flatMap(({ descriptor, statistic }) => (descriptor ? [{ descriptor, statistic }] : []))
    .sort((a, b) => b.statistic - a.statistic)
    .slice(0, MAXIMUM_THINGS)
    .map(({ descriptor }) => descriptor);
}
