import type { Sampling } from '../bus/sampling.ts';
import { bytesPerPixel, type Segment } from '../bus/segment.ts';

export interface CapturedFrame {
  readonly pixels: Uint8Array;
  readonly captureMs: number;
  readonly mediaSeconds: number;
  readonly epoch: number;
}

export interface SegmenterOptions {
  readonly cameraId: string;
  readonly sampling: Sampling;
  readonly fencingToken: number;
}

export function frameBytes(sampling: Sampling): number {
  return sampling.width * sampling.height * bytesPerPixel(sampling.pixelFormat);
}

/**
 * Gathers frames into segments of `framesPerSegment`. A new epoch, or a hole of more than a second (more than 2.5 frame times
 * of a slow sampling), lets go of the frames gathered so far: a segment never spans missing time. Pure.
 */
export class Segmenter {
  readonly #options: SegmenterOptions;
  readonly #longestGapMs: number;
  #frames: CapturedFrame[] = [];
  #epoch: number | null = null;
  #sequence = 0;
  #discarded = 0;

  constructor(options: SegmenterOptions) {
    this.#options = options;
    this.#longestGapMs = Math.max(1_000, 2_500 / options.sampling.framesPerSecond);
  }

  /** Frames let go because a segment could not be completed. */
  get discardedFrames(): number {
    return this.#discarded;
  }

  /** The segment that this frame completes, or null. */
  push(frame: CapturedFrame): Segment | null {
    if (frame.epoch !== this.#epoch) {
      this.#letGo();
      this.#epoch = frame.epoch;
      this.#sequence = 0;
    }
    const previous = this.#frames.at(-1);
    if (previous && frame.captureMs - previous.captureMs > this.#longestGapMs) this.#letGo();
    this.#frames.push(frame);
    if (this.#frames.length < this.#options.sampling.framesPerSegment) return null;
    const segment = this.#cut(frame.epoch);
    this.#frames = [];
    return segment;
  }

  /** Lets go of the frames gathered so far and says how many they were. */
  interrupt(): number {
    const count = this.#frames.length;
    this.#letGo();
    return count;
  }

  #letGo(): void {
    this.#discarded += this.#frames.length;
    this.#frames = [];
  }

  #cut(epoch: number): Segment {
    const { cameraId, sampling, fencingToken } = this.#options;
    const size = frameBytes(sampling);
    const pixels = new Uint8Array(size * this.#frames.length);
    for (const [i, frame] of this.#frames.entries()) pixels.set(frame.pixels, i * size);
    return {
      cameraId,
      epoch,
      sequence: this.#sequence++,
      fencingToken,
      frameTimesMs: this.#frames.map((frame) => frame.captureMs),
      mediaTimesSeconds: this.#frames.map((frame) => frame.mediaSeconds),
      width: sampling.width,
      height: sampling.height,
      pixelFormat: sampling.pixelFormat,
      pixels,
    };
  }
}
