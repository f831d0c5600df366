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
}
