import type { Sampling } from '../bus/sampling.ts';
import { bytesPerPixel, type Segment, type Still } from '../bus/segment.ts';
import type { Size } from '../media/area-spans.ts';
import { PictureShrink } from '../media/picture-shrink.ts';
import { problem } from '../platform/errors.ts';
import { ClipWindow } from './clip-window.ts';
import { GrayShrink } from './gray-shrink.ts';

export interface CapturedFrame {
  /** As decoded: a frame of the sampling, or where that wants a still or a clip, the coloured picture (`decodedPictureOf`). */
  readonly pixels: Uint8Array;
  readonly captureMs: number;
  readonly mediaSeconds: number;
  readonly epoch: number;
  /** False for a picture between the segment's frames, for clips alone. Default: true. */
  readonly own?: boolean;
}

export interface SegmenterOptions {
  readonly cameraId: string;
  readonly sampling: Sampling;
  readonly fencingToken: number;
}

/** What ffmpeg decodes to: the frames themselves, or the large coloured pictures that frames, stills and clips are made of. */
export function decodedPictureOf(
  sampling: Sampling,
): Pick<Sampling, 'width' | 'height' | 'pixelFormat'> & { readonly bytes: number } {
  const sizes: readonly Size[] = [
    sampling,
    ...(sampling.still ? [sampling.still] : []),
    ...(sampling.clip ? [sampling.clip] : []),
  ];
  const width = Math.max(...sizes.map((size) => size.width));
  const height = Math.max(...sizes.map((size) => size.height));
  const pixelFormat = sizes.length > 1 ? 'rgb24' : sampling.pixelFormat;
  return { width, height, pixelFormat, bytes: width * height * bytesPerPixel(pixelFormat) };
}

/** Pictures a second that ffmpeg gives. */
export function decodedRateOf({ framesPerSecond, clip }: Sampling): number {
  return Math.max(framesPerSecond, clip?.framesPerSecond ?? 0);
}

/**
 * Gathers frames into segments of `framesPerSegment`. A new epoch, or a hole of more than a second (more than 2.5 frame times
 * of a slow sampling), lets go of the frames gathered so far: a segment never spans missing time. Pure.
 */
export class Segmenter {
  readonly #options: SegmenterOptions;
  readonly #longestGapMs: number;
  readonly #shrink: GrayShrink | null;
  readonly #shrinkStill: PictureShrink | null;
  readonly #clips: ClipWindow | null;
  #picture: Uint8Array | null = null;
  #frames: CapturedFrame[] = [];
  #epoch: number | null = null;
  #lastMs = Number.POSITIVE_INFINITY;
  #sequence = 0;
  #discarded = 0;

  /** Throws VDT_INTERNAL for a still or a clip of frames that are not small and gray. */
  constructor(options: SegmenterOptions) {
    this.#options = options;
    const { sampling } = options;
    const coloured = sampling.still !== undefined || sampling.clip !== undefined;
    if (coloured && sampling.pixelFormat !== 'gray8') {
      throw problem('VDT_INTERNAL', { reason: 'stills and clips are made for gray frames only' });
    }
    const decoded = decodedPictureOf(sampling);
    this.#shrink = coloured ? new GrayShrink(decoded, sampling) : null;
    this.#shrinkStill = sampling.still ? new PictureShrink(decoded, sampling.still) : null;
    this.#clips = sampling.clip ? new ClipWindow(sampling.clip, decoded) : null;
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
      this.#clips?.clear();
      this.#epoch = frame.epoch;
      this.#sequence = 0;
    }
    if (frame.captureMs - this.#lastMs > this.#longestGapMs) this.#clips?.clear();
    this.#lastMs = frame.captureMs;
    this.#clips?.push(frame.pixels, frame.mediaSeconds);
    if (frame.own === false) return null;
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
    this.#clips?.clear();
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
    const still = this.#cutStill();
    const clip = this.#clips?.cut();
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
      ...(still ? { still } : {}),
      ...(clip ? { clip } : {}),
    };
  }

  /** The newest picture at the still's size. */
  #cutStill(): Still | null {
    const { still } = this.#options.sampling;
    if (!still || !this.#picture || !this.#shrinkStill) return null;
    const { width, height } = decodedPictureOf(this.#options.sampling);
    if (width === still.width && height === still.height) return { ...still, pixels: this.#picture };
    const pixels = new Uint8Array(still.width * still.height * 3);
    this.#shrinkStill.shrink(this.#picture, pixels);
    return { ...still, pixels };
  }
}
