export interface TimedPixels {
  readonly pixels: Uint8Array;
  /** Seconds on the stream's own clock; NaN where the stream gave none. */
  readonly mediaSeconds: number;
}

/** Joins the n-th frame with the n-th time: they come on two pipes, either may be ahead. */
export class FramePairing {
  #frames: Uint8Array[] = [];
  #times: number[] = [];

  addFrames(frames: readonly Uint8Array[]): TimedPixels[] {
    this.#frames.push(...frames);
    return this.#take();
  }

  addTimes(times: readonly number[]): TimedPixels[] {
    this.#times.push(...times);
    return this.#take();
  }

  #take(): TimedPixels[] {
    const count = Math.min(this.#frames.length, this.#times.length);
    const times = this.#times.splice(0, count);
    return this.#frames.splice(0, count).map((pixels, i) => ({ pixels, mediaSeconds: times[i] ?? Number.NaN }));
  }
}
