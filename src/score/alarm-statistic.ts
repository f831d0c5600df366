/** Two seconds at half a second a segment. */
const FAST_SEGMENTS = 4;
/** So many segments must agree: a broken picture, or two, are no event. */
const AGREEING = 3;
/** Nats taken off each segment of the sum: what happens once in twenty segments adds nothing. */
const DRIFT = 3;
/** The most that one segment adds, nats: so that two alone stay below every threshold. */
const MOST_ADDED = 5;
/** Neighbouring segments are never more independent than this, whatever a short history says. */
const LEAST_DEPENDENCE = 3;

/** Plain JSON. */
export interface AlarmStatisticState {
  /** Surprise of the last segments, newest last, nats. */
  readonly recent: readonly number[];
  /** Page's sum, nats. */
  readonly sum: number;
}

export const NO_EVIDENCE: AlarmStatisticState = { recent: [], sum: 0 };

/**
 * How much the last seconds speak against normality: the higher one of two statistics.
 *
 * Fast: the third highest surprise of the last 4 segments. With P(surprise >= h) <= exp(-h), three of four reach h with a probability
 * of at most 4/3 exp(-h), however they depend on one another (Markov). A gross event shows in a second and a half.
 * Slow: Page's CUSUM of what exceeds once in twenty, 5 nats a segment at most, over the segments that act as one: what is moderately odd
 * for seconds. Without that division the many segments of one odd passer-by would count as so many witnesses.
 *
 * @param surprise of the next segment, nats
 * @param dependenceSegments so many segments act as one
 * @param ceiling beyond it the statistic does not grow, so that it comes down soon after the event; nats
 * @returns the state for the next segment, and the statistic, nats, 0 to `ceiling`
 */
export function nextEvidence(
  before: AlarmStatisticState,
  surprise: number,
  dependenceSegments: number,
  ceiling: number,
): { readonly state: AlarmStatisticState; readonly statistic: number } {
  const recent = [...before.recent, surprise].slice(-FAST_SEGMENTS);
  const length = Math.max(LEAST_DEPENDENCE, dependenceSegments);
  const added = Math.min(surprise - DRIFT, MOST_ADDED);
  const sum = Math.min(Math.max(0, before.sum + added), ceiling * length);
  const fast = [...recent].sort((a, b) => b - a)[AGREEING - 1] ?? 0;
  return { state: { recent, sum }, statistic: Math.min(ceiling, Math.max(fast, sum / length, 0)) };
}
