/** Whether people are woken for an incident, or are asked to look at it when they come by. */
export type Decision = 'alert' | 'review';

/**
 * Alert, review or ignore, from how far a segment deviates and how certain that is (HypAD: a big deviation with low certainty
 * is to be reviewed; MC4AD: three-way decision). Pure.
 *
 * @param deviation the sequential statistic, or one segment's surprise, over the alarm threshold; at least 1 at an alarm
 * @param certainty 0 to 1
 */
export type Decide = (deviation: number, certainty: number) => Decision | 'ignore';

/** Alerts from `minimumCertainty` on, less where the deviation is larger; below that: review. Never ignores an alarm. */
export function decideByCertainty(minimumCertainty: number): Decide {
  return (deviation, certainty) => (deviation * certainty >= minimumCertainty ? 'alert' : 'review');
}

/**
 * With a single cue as witness (0.6) a picture a quarter as sharp as usual, or a baseline of seven independent moments (0.26),
 * still alerts; what is worse, or both, is for review.
 */
export const DEFAULT_MINIMUM_CERTAINTY = 0.15;
