const GOLDEN_RATIO = 0.6180339887498949;

/** Quantiles of a logistic distribution, in an order in which the first few are already spread over all of it. */
export function logisticPrior(count: number, centre: number, spread: number): readonly number[] {
  return Array.from({ length: count }, (_, place) => {
    const share = ((place + 0.5) * GOLDEN_RATIO) % 1;
    return centre + spread * Math.log(share / (1 - share));
  });
}
