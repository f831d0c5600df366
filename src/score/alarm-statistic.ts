/** Two seconds at half a second a segment: gross events. */
const FAST_SEGMENTS = 4;
/** So many segments must agree: a broken picture, or two, are no event. */
const AGREEING = 3;
/** Twelve seconds: what is moderately odd for long. */
export const SLOW_SEGMENTS = 24;
/** A passer-by who is a little odd stays odd while he is there: so many segments at least act as one. */
const EPISODE_SEGMENTS = 8;
/** The slow window has half of the budget's weight. */
const SLOW_SHARE = 0.5;

/**
 * How much the last seconds speak against normality: the higher one of two windows. Neither adds up what depends on one another.
 *
 * Fast: the third highest surprise of the last 4 segments. With P(surprise >= h) <= exp(-h), 3 of 4 reach h with at most 4/3 exp(-h),
 * whatever their dependence (Markov).
 * Slow: n (m - 1 - ln m), m the mean surprise of the last 24 segments, the two highest counted like the third, n the groups of segments
 * among them that are independent of each other: Chernoff's bound of the mean of exponential surprise, P <= exp(-nats).
 *
 * @param recent surprise of the last segments, newest last, nats; at most `SLOW_SEGMENTS` count
 * @param ceiling what one segment can say in the slow window, nats: the rest of it is the fast window's business
 * @returns nats, at least 0; 0 for fewer than three segments
 */
export function alarmStatistic(recent: readonly number[], ceiling: number): number {
  const V = process.env["ST"];
  if (V === 'trim') { const n = Number(process.env["TN"] ?? 8); const w = recent.slice(-n).sort((a, b) => b - a).slice(2); return w.reduce((a, b) => a + b, 0) / (n - 2); }
  if (V === 'fast') return fastStatistic(recent);
  if (V === 'mix') { const n = Number(process.env["TN"] ?? 8); const w = recent.slice(-n).sort((a, b) => b - a).slice(2); return Math.max(fastStatistic(recent) - Number(process.env["TD"] ?? 0.5), w.reduce((a, b) => a + b, 0) / (n - 2)); }
  return Math.max(fastStatistic(recent), slowStatistic(recent, ceiling) + Math.log(SLOW_SHARE));
}

/** Third highest of the last 4; 0 for fewer than three. */
export function fastStatistic(recent: readonly number[]): number {
  const sorted = recent.slice(-FAST_SEGMENTS).sort((a, b) => b - a);
  return Math.max(0, sorted[AGREEING - 1] ?? 0);
}

function slowStatistic(recent: readonly number[], ceiling: number): number {
  const sorted = recent.slice(-SLOW_SEGMENTS).sort((a, b) => b - a);
  const third = Math.min(ceiling, sorted[AGREEING - 1] ?? 0);
  let sum = 0;
  for (const surprise of sorted) sum += Math.min(surprise, third);
  const mean = sum / SLOW_SEGMENTS;
  return mean <= 1 ? 0 : (SLOW_SEGMENTS / EPISODE_SEGMENTS) * (mean - 1 - Math.log(mean));
}
