import type { Clock } from '../platform/clock.ts';

/** The same trouble again is written at most this often. */
const QUIET_MS = 60_000;

/** Collapses repeated troubles of one camera: the first is written at once, repetitions as one line a minute with their count. */
export class CollapsedLog {
  readonly #clock: Clock;
  readonly #write: (reason: string, repeated: number) => void;
  #reason: string | null = null;
  #writtenMs = 0;
  #repeated = 0;

  constructor(clock: Clock, write: (reason: string, repeated: number) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  add(reason: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (reason === this.#reason && nowMs - this.#writtenMs < QUIET_MS) {
      this.#repeated++;
      return;
    }
    this.#write(reason, this.#repeated);
    this.#reason = reason;
    this.#writtenMs = nowMs;
    this.#repeated = 0;
  }
}
