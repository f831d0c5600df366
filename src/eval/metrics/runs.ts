/** A stretch of samples, both ends included. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** The maximal runs of non-zero samples, in order. */
export function runsOf(labels: ArrayLike<number>): Run[] {
  const runs: Run[] = [];
  let first = -1;
  for (let i = 0; i <= labels.length; i++) {
    const on = i < labels.length && Boolean(labels[i]);
    if (on && first < 0) first = i;
    if (!on && first >= 0) {
      runs.push({ first, last: i - 1 });
      first = -1;
    }
  }
  return runs;
}
