import type { Clock } from './clock.ts';

interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that moves only when told; timers due on the way fire in order, each at its own time. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #waiters: Waiter[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.after(durationMs, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  after(durationMs: number, callback: () => void): () => void {
    const waiter: Waiter = { dueMs: this.#monotonicMs + durationMs, wake: callback };
    this.#waiters.push(waiter);
    return () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
  }

  /** Moves both clocks on by `durationMs`, firing what falls due, and lets promise callbacks run between firings. */
  async advance(durationMs: number): Promise<void> {
    const targetMs = this.#monotonicMs + durationMs;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#waiters.filter((w) => w.dueMs <= targetMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#waiters = this.#waiters.filter((other) => other !== next);
      this.#nowMs += next.dueMs - this.#monotonicMs;
      this.#monotonicMs = next.dueMs;
      next.wake();
    }
    this.#nowMs += targetMs - this.#monotonicMs;
    this.#monotonicMs = targetMs;
  }

  /** Steps the wall clock alone, as NTP or a daylight bug would. */
  stepWallClock(byMs: number): void {
    this.#nowMs += byMs;
  }
}
