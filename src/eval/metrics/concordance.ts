/**
 * C-index: over all pairs whose severities differ, the share in which the more severe one also scores higher, ties of
 * score counting half. Good detection does not imply a good order of severity, hence a number of its own.
 * @param scores one an alert
 * @param severities operator's grade of the same alert, higher is worse
 * @returns 0 to 1, 0.5 for no relation; NaN when all grades are equal.
 */
export function concordanceIndex(scores: readonly number[], severities: readonly number[]): number {
  if (scores.length !== severities.length)
    throw new RangeError(`${scores.length} scores for ${severities.length} severities`);
  let pairs = 0;
  let agreeing = 0;
  for (let i = 0; i < scores.length; i++) {
    for (let j = 0; j < scores.length; j++) {
      if ((severities[i] ?? 0) <= (severities[j] ?? 0)) continue;
      pairs++;
      const difference = (scores[i] ?? 0) - (scores[j] ?? 0);
      if (difference > 0) agreeing += 1;
      else if (difference === 0) agreeing += 0.5;
    }
  }
  return agreeing / pairs;
}
