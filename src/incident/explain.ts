import type { Cue, SegmentScore } from '../score/segment-score.ts';

/**
 * What a person reads beside an incident: the scorer's own words where it has any, else which cue was the rarest on
 * this camera's history and where in the picture.
 */
export function explain(score: SegmentScore, alertBudgetPerDay?: number): string {
  if (score.explanation) return score.explanation;
  const rarest = rarestCue(score.cues);
  const cell = rarest?.cell ?? score.hottestCell;
  const place = cell ? ` at row ${cell.row + 1}, column ${cell.column + 1} of the grid` : '';
  const what = rarest
    ? `${rarest.name} was seen in ${percent(rarest.probability)} of this camera's normal time${place}`
    : `an anomaly score of ${score.score.toFixed(3)}${place}`;
  const budget =
    alertBudgetPerDay === undefined ? '' : `, beyond what a budget of ${alertBudgetPerDay} false alerts a day allows`;
  return `${what}${budget}`;
}

/** The cue with the lowest tail probability; null when there is none. */
export function rarestCue(cues: readonly Cue[]): Cue | null {
  return cues.reduce<Cue | null>((best, cue) => (best && best.probability <= cue.probability ? best : cue), null);
}

function percent(probability: number): string {
  const share = probability * 100;
  if (share <= 0) return 'none';
  return share < 0.01 ? 'less than 0.01 %' : `${Number(share.toPrecision(2))} %`;
}
