import type { Clock } from '../platform/clock.ts';

/** Frames older than this no longer count. */
const WINDOW_MS = 5_000;

/** Frames a second over the last five seconds. */
export class FrameRate {
  readonly #clock: Clock;
  #arrivalsMs: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#arrivalsMs.push(nowMs);
    while ((this.#arrivalsMs[0] ?? nowMs) < nowMs - WINDOW_MS) this.#arrivalsMs.shift();
  }

  reset(): void {
    this.#arrivalsMs = [];
  }

  /** Null until there are two frames. */
  perSecond(): number | null {
    const first = this.#arrivalsMs[0];
    const last = this.#arrivalsMs.at(-1);
    if (first === undefined || last === undefined || last <= first) return null;
    return Math.round((10_000 * (this.#arrivalsMs.length - 1)) / (last - first)) / 10;
  }
}
