import type { SteadyUtc } from './steady-utc.ts';

export interface CaptureTime {
  /** UTC ms, never less than that of the frame before. */
  readonly captureMs: number;
  readonly epoch: number;
  /** Why a new epoch began with this frame; null within one. */
  readonly began: 'connected' | 'media clock went back' | 'drift' | 'wall clock was set' | null;
}

/** The least-delayed frame is looked for within this much media time before the newest frame. */
const WINDOW_SECONDS = 1.2;
/** Frames older than this, by arrival, no longer count, even if the media clock stands still. */
const WINDOW_ARRIVAL_MS = 15_000;
/** Frames that arrive this much faster than they were taken are a backlog: they say nothing new, and age nothing. */
const BURST_RATIO = 0.25;
/** A media clock that parts from the wall clock by more starts a new epoch (invariant 8). */
const DRIFT_LIMIT_MS = 5_000;

interface Delay {
  /** Media time received until then, bursts not counted. */
  readonly ageSeconds: number;
  readonly arrivalMs: number;
  /** Arrival minus media time: transport delay plus the unknown start of the media clock. */
  readonly offsetMs: number;
}

/**
 * Maps the stream's own clock (PTS) to UTC. Frames arrive late by a changing delay but never early, so the least-delayed
 * frame of the last 1.2 s fixes the mapping; the window slides, so that a camera whose clock runs at 0.8 or 1.2 times the true
 * rate is followed with an error below 0.4 s. Idea: moonfire-nvr, design/time.md. A burst does not move
 * the window, so that frames which piled up in a network stall, or come by the playlist (HLS), get the times at which they were taken.
 */
export class CaptureClock {
  readonly #utc: SteadyUtc;
  /** Offsets rise from front to back: the front is the least delay (monotonic queue). */
  #window: Delay[] = [];
  #epoch: number;
  #lastCaptureMs: number;
  #lastMediaSeconds: number | null = null;
  #lastArrivalMs = 0;
  #ageSeconds = 0;
  #offsetMs: number | null = null;
  #steps: number;

  /** `notBeforeMs`: capture times and epochs of this camera so far are below it. */
  constructor(utc: SteadyUtc, notBeforeMs = 0) {
    this.#utc = utc;
    this.#epoch = notBeforeMs;
    this.#lastCaptureMs = notBeforeMs;
    this.#steps = utc.steps;
  }

  /** UTC ms of a moment of the media clock, by the mapping of now; null before the first frame. */
  toUtcMs(mediaSeconds: number): number | null {
    return this.#offsetMs === null ? null : Math.round(mediaSeconds * 1_000 + this.#offsetMs);
  }

  /** To be called when the connection is made anew: the next frame starts an epoch. */
  reset(): void {
    this.#window = [];
    this.#lastMediaSeconds = null;
    this.#offsetMs = null;
    this.#utc.settle();
  }

  /** Takes in a frame that arrived now. */
  observe(mediaSeconds: number): CaptureTime {
    const arrivalMs = this.#utc.nowMs();
    this.#ageBy(mediaSeconds, arrivalMs);
    const offsetMs = arrivalMs - mediaSeconds * 1_000;
    const began = this.#reasonForEpoch(mediaSeconds, arrivalMs, offsetMs);
    if (began !== null) this.#window = [];
    this.#offsetMs = this.#leastDelay({ ageSeconds: this.#ageSeconds, arrivalMs, offsetMs });
    this.#lastMediaSeconds = mediaSeconds;
    this.#lastArrivalMs = arrivalMs;
    this.#steps = this.#utc.steps;
    const captureMs = Math.max(this.#lastCaptureMs, Math.round(mediaSeconds * 1_000 + this.#offsetMs));
    this.#lastCaptureMs = captureMs;
    if (began !== null) this.#epoch = Math.max(this.#epoch + 1, captureMs);
    return { captureMs, epoch: this.#epoch, began };
  }

  #ageBy(mediaSeconds: number, arrivalMs: number): void {
    if (this.#lastMediaSeconds === null) return;
    const passedSeconds = mediaSeconds - this.#lastMediaSeconds;
    const arrivedSeconds = (arrivalMs - this.#lastArrivalMs) / 1_000;
    if (arrivedSeconds >= passedSeconds * BURST_RATIO) this.#ageSeconds += passedSeconds;
  }

  #reasonForEpoch(mediaSeconds: number, arrivalMs: number, newestOffsetMs: number): CaptureTime['began'] {
    if (this.#lastMediaSeconds === null || this.#offsetMs === null) return 'connected';
    if (this.#utc.steps !== this.#steps) return 'wall clock was set';
    if (mediaSeconds < this.#lastMediaSeconds) return 'media clock went back';
    const counting = this.#window.filter((delay) => this.#stillCounts(delay, arrivalMs));
    const offsetMs = Math.min(newestOffsetMs, ...counting.map((delay) => delay.offsetMs));
    return Math.abs(offsetMs - this.#offsetMs) > DRIFT_LIMIT_MS ? 'drift' : null;
  }

  #leastDelay(newest: Delay): number {
    this.#window = this.#window.filter((delay) => this.#stillCounts(delay, newest.arrivalMs));
    while ((this.#window.at(-1)?.offsetMs ?? Number.NEGATIVE_INFINITY) >= newest.offsetMs) this.#window.pop();
    this.#window.push(newest);
    return this.#window[0]?.offsetMs ?? newest.offsetMs;
  }

  #stillCounts(delay: Delay, arrivalMs: number): boolean {
    return this.#ageSeconds - delay.ageSeconds <= WINDOW_SECONDS && arrivalMs - delay.arrivalMs <= WINDOW_ARRIVAL_MS;
  }
}
