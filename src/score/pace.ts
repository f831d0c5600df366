/** Quantile of surprise that is followed: at the calibrated level it lies at ln 10 nats. */
const UPPER_SHARE = 0.1;
const CALIBRATED_QUANTILE = -Math.log(UPPER_SHARE);
/** A stream that always lies above the quantile doubles it in a minute and a half of half-second segments; with a third above, in six. */
const STEP = 0.0045;
/** So much livelier is within the noise of the estimate. */
const SLACK = 1.15;
/** Beyond this the stream is not busy but broken, or something is truly going on. */
const HIGHEST = 4;

/**
 * How much livelier the last minutes were than what the camera learned from: the running 90 % quantile of surprise (stochastic
 * approximation on its logarithm, after Robbins and Monro) over ln 10, where calibration puts it. Crowds, rain and dusk that half an hour
 * of learning did not have stretch the whole upper tail; an event of ten seconds moves it by less than a tenth.
 */
export class Pace {
  #logarithm: number;

  /** @param logarithm what `toJSON` gave */
  constructor(logarithm = 0) {
    this.#logarithm = bounded(logarithm);
  }

  /** By how much surprise is to be divided, 1 to 4. */
  get factor(): number {
    return Math.max(1, Math.exp(this.#logarithm) / SLACK);
  }

  /** Takes in one segment's surprise, nats. */
  observe(surprise: number): void {
    const above = surprise > CALIBRATED_QUANTILE * Math.exp(this.#logarithm);
    const step = above ? STEP * (1 - UPPER_SHARE) : -STEP * UPPER_SHARE;
    this.#logarithm = bounded(this.#logarithm + step);
  }

  toJSON(): number {
    return this.#logarithm;
  }
}

function bounded(logarithm: number): number {
  return Math.min(Math.log(HIGHEST * SLACK), Math.max(0, logarithm));
}
