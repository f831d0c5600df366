/** One box as a model's output gives it, before doubles are taken out. */
export interface Candidate {
  /** Pixels of the model's input; may reach beyond it. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Objectness times the probability of the best class, 0 to 1. */
  readonly confidence: number;
  /** Index of the best class. */
  readonly label: number;
  /** Probability of each class, given that there is an object. */
  readonly classProbabilities: Float32Array;
}

/** The best of `count` values that begin at `offset` and lie `step` apart. */
export function bestOf(
  values: Float32Array,
  offset: number,
  step: number,
  count: number,
): { readonly index: number; readonly value: number } {
  let index = 0;
  let value = Number.NEGATIVE_INFINITY;
  for (let i = 0, at = offset; i < count; i++, at += step) {
    const found = values[at] ?? 0;
    if (found > value) {
      value = found;
      index = i;
    }
  }
  return { index, value };
}
