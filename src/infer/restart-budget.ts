import type { Clock } from '../platform/clock.ts';

export interface RestartPolicy {
  /** Restarts within `windowMs` after which something is plainly wrong. */
  readonly maximum: number;
  readonly windowMs: number;
  /** How long to leave it alone then. */
  readonly pauseMs: number;
}

export const RUNNER_RESTARTS: RestartPolicy = { maximum: 5, windowMs: 60_000, pauseMs: 60_000 };

/** Says how long to wait before the next restart, and when to raise the alarm. */
export class RestartBudget {
  readonly #policy: RestartPolicy;
  readonly #clock: Clock;
  #restartsMs: number[] = [];

  constructor(policy: RestartPolicy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  /** To be called at each death: 0, 200, 400, 800 … ms, or the long pause when the budget is spent. */
  spend(): { readonly waitMs: number; readonly spent: boolean } {
    const { maximum, windowMs, pauseMs } = this.#policy;
    const nowMs = this.#clock.monotonicMs();
    this.#restartsMs = this.#restartsMs.filter((atMs) => nowMs - atMs < windowMs);
    if (this.#restartsMs.length >= maximum) {
      this.#restartsMs = [];
      return { waitMs: pauseMs, spent: true };
    }
    const before = this.#restartsMs.length;
    this.#restartsMs.push(nowMs);
    return { waitMs: before === 0 ? 0 : Math.min(100 * 2 ** before, 2_000), spent: false };
  }
}
