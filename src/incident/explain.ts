import type { SegmentScore } from '../score/segment-score.ts';
import { leadingCue } from './incident-kind.ts';

/**
 * What a person reads beside an incident: the scorer's own words where it has any, else how the leading cue compares,
 * else how rare it was on this camera's history and where in the picture.
 */
export function explain(score: SegmentScore, alertBudgetPerDay?: number): string {
  if (score.explanation) return score.explanation;
  const rarest = leadingCue(score.cues, score.leadingCue);
  if (rarest?.comparison) return rarest.comparison;
  const cell = rarest?.cell ?? score.hottestCell;
  const place = cell ? ` at row ${cell.row + 1}, column ${cell.column + 1} of the grid` : '';
  const what = rarest
    ? `${rarest.name} was seen in ${percent(rarest.probability)} of this camera's normal time${place}`
    : `an anomaly score of ${score.score.toFixed(3)}${place}`;
  const budget =
    alertBudgetPerDay === undefined ? '' : `, beyond what a budget of ${alertBudgetPerDay} false alerts a day allows`;
  return `${what}${budget}`;
}

function percent(probability: number): string {
  const share = probability * 100;
  if (share <= 0) return 'none';
  return share < 0.01 ? 'less than 0.01 %' : `${Number(share.toPrecision(2))} %`;
}
