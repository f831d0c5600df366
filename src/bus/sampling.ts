import type { PixelFormat } from './segment.ts';

/** How a camera's stream is sampled for its packs: the highest rate and size that they ask for. */
export interface Sampling {
  readonly framesPerSecond: number;
  /** Pixels; the picture is stretched to it, the camera's aspect ratio is not kept. */
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: PixelFormat;
  readonly framesPerSegment: number;
  /** Each segment's last frame is wanted at this size too, rgb24, stretched likewise. */
  readonly still?: { readonly width: number; readonly height: number };
  /** With each segment come the last pictures up to its end, in colour and at a rate of their own. */
  readonly clip?: ClipSampling;
}

/** The `frames` last pictures at `framesPerSecond`, rgb24, stretched to `width` x `height` pixels. */
export interface ClipSampling {
  readonly framesPerSecond: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}
