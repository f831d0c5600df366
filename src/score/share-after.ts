/**
 * How much of the way to a new value an exponential mean goes in so many seconds, 0 to below 1.
 *
 * @param timeConstantSeconds after which 63 % of the way is gone
 */
export function shareAfter(seconds: number, timeConstantSeconds: number): number {
  return 1 - Math.exp(-seconds / timeConstantSeconds);
}
