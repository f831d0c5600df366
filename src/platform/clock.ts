/**
 * The only source of time in the service, so that tests can move it by hand. All wall times are UTC epoch
 * milliseconds; `monotonicMs` never steps back and serves for durations and deadlines.
 */
export interface Clock {
  /** Wall clock, UTC epoch ms. */
  nowMs(): number;
  /** Monotonic ms since an arbitrary start; unaffected by clock steps. */
  monotonicMs(): number;
  /** Resolves after `durationMs`, or at once (without error) when `signal` aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `durationMs`; the returned function cancels. Never keeps the process alive by itself. */
  after(durationMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      signal?.addEventListener('abort', done, { once: true });
    }),
  after: (durationMs, callback) => {
    const timer = setTimeout(callback, durationMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** RFC 3339 UTC with milliseconds, the only form in which times leave the service. */
export function toRfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
