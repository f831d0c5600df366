import type { FrameTime } from './frame-time-parser.ts';

export interface TimedPixels extends FrameTime {
  readonly pixels: Uint8Array;
}

/** Joins the n-th frame with the n-th time: they come on two pipes, either may be ahead. */
export class FramePairing {
  #frames: Uint8Array[] = [];
  #times: FrameTime[] = [];

  addFrames(frames: readonly Uint8Array[]): TimedPixels[] {
    this.#frames.push(...frames);
    return this.#take();
  }

  addTimes(times: readonly FrameTime[]): TimedPixels[] {
    this.#times.push(...times);
    return this.#take();
  }

  #take(): TimedPixels[] {
    const count = Math.min(this.#frames.length, this.#times.length);
    const times = this.#times.splice(0, count);
    const frames = this.#frames.splice(0, count);
    return times.flatMap((time, i) => {
      const pixels = frames[i];
      return pixels ? [{ ...time, pixels }] : [];
    });
  }
}
