import type { Sampling } from '../bus/sampling.ts';
import { bytesPerPixel, type Segment } from '../bus/segment.ts';
import { problem } from '../platform/errors.ts';
import { GrayShrink } from './gray-shrink.ts';

export interface CapturedFrame {
  /** As decoded: a frame of the sampling, or where that wants a still, the coloured picture of the still's size. */
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

/** What ffmpeg decodes to: the frames themselves, or the large coloured pictures that frames and stills are made of. */
export function decodedPictureOf(
  sampling: Sampling,
): Pick<Sampling, 'width' | 'height' | 'pixelFormat'> & { readonly bytes: number } {
  const { width, height } = sampling.still ?? sampling;
  const pixelFormat = sampling.still ? 'rgb24' : sampling.pixelFormat;
  return { width, height, pixelFormat, bytes: width * height * bytesPerPixel(pixelFormat) };
}

/**
 * Gathers frames into segments of `framesPerSegment`. A new epoch, or a hole of more than a second (more than 2.5 frame times
 * of a slow sampling), lets go of the frames gathered so far: a segment never spans missing time. Pure.
 */
export class Segmenter {
  readonly #options: SegmenterOptions;
  readonly #longestGapMs: number;
  readonly #shrink: GrayShrink | null;
  #picture: Uint8Array | null = null;
  #frames: CapturedFrame[] = [];
  #epoch: number | null = null;
  #sequence = 0;
  #discarded = 0;

  /** Throws VDT_INTERNAL for a still of frames that are not small and gray. */
  constructor(options: SegmenterOptions) {
    this.#options = options;
    const { sampling } = options;
    if (sampling.still && sampling.pixelFormat !== 'gray8') {
      throw problem('VDT_INTERNAL', { reason: 'a still picture is made for gray frames only' });
    }
    this.#shrink = sampling.still ? new GrayShrink(sampling.still, sampling) : null;
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
    this.#frames.push(this.#shrink ? { ...frame, pixels: this.#shrink.shrink(frame.pixels) } : frame);
    if (this.#shrink) this.#picture = frame.pixels;
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
    const size = sampling.width * sampling.height * bytesPerPixel(sampling.pixelFormat);
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
      ...(sampling.still && this.#picture ? { still: { ...sampling.still, pixels: this.#picture } } : {}),
    };
  }
}
