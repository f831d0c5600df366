/** Longest wait before each attempt: quick at first, then once a minute for ever. */
const RUNGS: readonly { readonly attempts: number; readonly waitMs: number }[] = [
  { attempts: 5, waitMs: 1_000 },
  { attempts: 5, waitMs: 5_000 },
  { attempts: 10, waitMs: 10_000 },
];
const LAST_WAIT_MS = 60_000;
/** Pictures for this long mean that the connection is good; less does not start the ladder anew. */
const GOOD_MS = 30_000;
/** Full jitter may come out at nothing; a process is not started more often than this. */
const SHORTEST_WAIT_MS = 100;

/**
 * How long to wait before connecting again: 1 s x5, 5 s x5, 10 s x10, then 60 s, with full jitter (uniform between 0 and the
 * rung), so that the cameras of a switch that was rebooted do not come back in one blow.
 */
export class ReconnectLadder {
  readonly #random: () => number;
  #failures = 0;

  /** `random`: uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Failed connections since the last good one. */
  get failures(): number {
    return this.#failures;
  }

  /** To be called when a connection has ended; `goodMs`: from its first picture to its last. */
  nextWaitMs(goodMs: number): number {
    if (goodMs >= GOOD_MS) this.#failures = 0;
    const rungMs = this.#rungMs(this.#failures);
    this.#failures++;
    return Math.max(SHORTEST_WAIT_MS, Math.round(this.#random() * rungMs));
  }

  #rungMs(failures: number): number {
    let below = 0;
    for (const rung of RUNGS) {
      below += rung.attempts;
      if (failures < below) return rung.waitMs;
    }
    return LAST_WAIT_MS;
  }
}
