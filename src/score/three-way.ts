/** What a mistake or a question costs, in any one unit; only ratios matter. */
export interface DecisionCosts {
  /** Alerting somebody to nothing. */
  readonly falseAlert: number;
  /** Staying silent about an anomaly. */
  readonly miss: number;
  /** Asking somebody to look at what is an anomaly. */
  readonly reviewOfAnomaly: number;
  /** Asking somebody to look at what is nothing. */
  readonly reviewOfNormal: number;
}

export interface DecisionThresholds {
  /** Above it: alert. */
  readonly alertAbove: number;
  /** Below it: ignore. At most `alertAbove`; between them: review. */
  readonly ignoreBelow: number;
}

export type Decision = 'alert' | 'review' | 'ignore';

/** A miss costs as much as ten looks at nothing, a false alert as much as four; looking at an anomaly first costs its delay. */
export const DEFAULT_COSTS: DecisionCosts = { falseAlert: 4, miss: 10, reviewOfAnomaly: 3, reviewOfNormal: 1 };

/**
 * The two thresholds of a three-way decision (decision-theoretic rough sets; MC4AD):
 * alpha = (FP - RN) / ((FP - RN) + RA), beta = RN / (RN + (FN - RA)). With costs that make asking never worth while
 * (alpha < beta) both are the threshold of the plain choice between alerting and ignoring, FP / (FP + FN).
 */
export function decisionThresholds(costs: DecisionCosts): DecisionThresholds {
  const { falseAlert, miss, reviewOfAnomaly, reviewOfNormal } = costs;
  const alpha = ratio(falseAlert - reviewOfNormal, reviewOfAnomaly);
  const beta = ratio(reviewOfNormal, miss - reviewOfAnomaly);
  if (alpha >= beta) return { alertAbove: alpha, ignoreBelow: beta };
  const plain = ratio(falseAlert, miss);
  return { alertAbove: plain, ignoreBelow: plain };
}

/**
 * Strength (deviation times certainty) at which somebody would want to know in one case of two: a picture a quarter as sharp as usual, or
 * a baseline of seven independent moments, at the alarm threshold.
 */
const EVEN_STRENGTH = 0.25;

/**
 * How likely it is that somebody would want to know: s / (s + 1/4) with s = deviation x certainty (HypAD's strength of an alert).
 *
 * @param deviation statistic over its alarm threshold, 0 or more; 1 is the alarm
 * @param certainty 0 to 1
 * @returns 0 to below 1, rising with both
 */
export function alertProbability(deviation: number, certainty: number): number {
  const strength = Math.max(0, deviation) * Math.min(1, Math.max(0, certainty));
  return strength / (strength + EVEN_STRENGTH);
}

/**
 * Alert, ask or stay silent, from how far the statistic went and how far it can be trusted. With the default costs an alarm
 * (`deviation` 1) alerts from a certainty of a quarter on, and is for review below that, until the deviation makes up for it.
 */
export function decide(deviation: number, certainty: number, costs: DecisionCosts = DEFAULT_COSTS): Decision {
  const probability = alertProbability(deviation, certainty);
  const { alertAbove, ignoreBelow } = decisionThresholds(costs);
  if (probability >= alertAbove) return 'alert';
  return probability >= ignoreBelow ? 'review' : 'ignore';
}

/** `weight / (weight + other)` for costs that may make no sense: 0 where the weight is not positive, 1 where only the other is not. */
function ratio(weight: number, other: number): number {
  if (weight <= 0) return 0;
  return other <= 0 ? 1 : weight / (weight + other);
}
