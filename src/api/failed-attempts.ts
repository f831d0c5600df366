import type { Clock } from '../platform/clock.ts';

const WINDOW_MS = 60_000;
const ATTEMPTS_PER_WINDOW = 20;
const MAX_ADDRESSES = 10_000;

/**
 * Counts failed attempts to authenticate by address, in a window of one minute; bounded, oldest address forgotten
 * first. Keys hold 120 random bits or more, so this spares the database and the log rather than guarding the keys.
 */
export class FailedAttempts {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, { count: number; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds that `address` still has to wait, or null when it may try. */
  waitSeconds(address: string): number | null {
    const window = this.#byAddress.get(address);
    const nowMs = this.#clock.monotonicMs();
    if (!window || window.untilMs <= nowMs || window.count < ATTEMPTS_PER_WINDOW) return null;
    return Math.ceil((window.untilMs - nowMs) / 1000);
  }

  add(address: string): void {
    const nowMs = this.#clock.monotonicMs();
    const window = this.#byAddress.get(address);
    if (window && window.untilMs > nowMs) {
      window.count++;
      return;
    }
    this.#byAddress.delete(address);
    this.#byAddress.set(address, { count: 1, untilMs: nowMs + WINDOW_MS });
    const oldest = this.#byAddress.keys().next().value;
    if (this.#byAddress.size > MAX_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
  }
}
