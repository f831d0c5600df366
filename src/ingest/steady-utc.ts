import type { Clock } from '../platform/clock.ts';

/** A wall clock that is this far ahead of the steady one was set, and is believed. */
const STEP_MS = 5_000;

/**
 * UTC that never runs backward. It follows the monotonic clock from an anchor; a wall clock that was set forward by more
 * than 5 s is followed (`steps` counts it), one that was set back is not, because recordings and incidents would overlap: time goes on
 * as before until the wall clock has caught up or the process starts anew. Small differences are taken over by `settle`, between epochs.
 */
export class SteadyUtc {
  readonly #clock: Clock;
  #anchorUtcMs: number;
  #anchorMonotonicMs: number;
  #steps = 0;

  /** `notBeforeMs`: the newest time that was ever given out for this camera, as far as known. */
  constructor(clock: Clock, notBeforeMs = 0) {
    this.#clock = clock;
    this.#anchorMonotonicMs = clock.monotonicMs();
    this.#anchorUtcMs = Math.max(clock.nowMs(), Math.min(notBeforeMs, clock.nowMs() + 2 * 86_400_000));
  }

  /** How often the wall clock was set forward. */
  get steps(): number {
    return this.#steps;
  }

  /** How far the wall clock lags behind, ms; 0 if it does not. */
  get aheadOfWallMs(): number {
    return Math.max(0, this.#steady() - this.#clock.nowMs());
  }

  nowMs(): number {
    const wallMs = this.#clock.nowMs();
    if (wallMs - this.#steady() > STEP_MS) {
      this.#anchorAt(wallMs);
      this.#steps++;
    }
    return this.#steady();
  }

  /** Takes over a small difference to the wall clock, if that is ahead; to be called where a jump of time does no harm. */
  settle(): void {
    const wallMs = this.#clock.nowMs();
    if (wallMs > this.#steady()) this.#anchorAt(wallMs);
  }

  #anchorAt(utcMs: number): void {
    this.#anchorUtcMs = utcMs;
    this.#anchorMonotonicMs = this.#clock.monotonicMs();
  }

  #steady(): number {
    return Math.round(this.#anchorUtcMs + this.#clock.monotonicMs() - this.#anchorMonotonicMs);
  }
}
