/** A rate with its confidence limits, in the same unit. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Exact (Garwood) confidence limits for the mean of a Poisson count, found by bisection on the distribution function:
 * P(N ≥ k | low) = α/2 and P(N ≤ k | high) = α/2; the same numbers as the χ² quantiles at 2k and 2k + 2 degrees.
 * With no events the lower limit is 0 for certain, so all of α goes to the upper one: −ln α, which is 3.0 at 95 %.
 * @param count events seen, a whole number of at least 0
 * @param confidence 0 to 1
 */
export function poissonInterval(count: number, confidence = 0.95): Interval {
  const alpha = 1 - confidence;
  if (count === 0) return { low: 0, high: -Math.log(alpha) };
  return {
    low: solve((mean) => cumulative(count - 1, mean), 1 - alpha / 2),
    high: solve((mean) => cumulative(count, mean), alpha / 2),
  };
}

/** P(N ≤ count) at this mean; terms are built up in logarithms so that means of thousands do not underflow. */
function cumulative(count: number, mean: number): number {
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= count; k++) {
    logTerm += Math.log(mean / k);
    sum += Math.exp(logTerm);
  }
  return sum;
}

/** The mean at which `probability`, which falls as the mean grows, equals `target`. */
function solve(probability: (mean: number) => number, target: number): number {
  let low = 0;
  let high = 1;
  while (probability(high) > target) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (probability(middle) > target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface DailyRate extends Interval {
  /** Events per camera-day. */
  readonly value: number;
  /** Monitored time: sum over cameras, days. */
  readonly cameraDays: number;
}

const SECONDS_PER_DAY = 86_400;

/**
 * Events per camera-day with the exact Poisson interval. The rate of a short recording is what it is: read the interval.
 * @param monitoredSeconds summed over cameras; all values are NaN when 0
 */
export function dailyRate(count: number, monitoredSeconds: number, confidence = 0.95): DailyRate {
  const cameraDays = monitoredSeconds / SECONDS_PER_DAY;
  if (cameraDays <= 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN, cameraDays: 0 };
  const { low, high } = poissonInterval(count, confidence);
  return { value: count / cameraDays, low: low / cameraDays, high: high / cameraDays, cameraDays };
}
