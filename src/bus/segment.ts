/** How the pixels of a segment lie in memory: one byte a pixel, or three. */
export type PixelFormat = 'gray8' | 'rgb24';

/**
 * T consecutive sampled frames of one camera, handed on as one unit (the papers' "snippet").
 * (`cameraId`, `epoch`, `sequence`) names it; consecutive segments share no frame.
 */
export interface Segment {
  readonly cameraId: string;
  /** UTC ms at which this run of unbroken time began; strictly increasing per camera. A reconnect or a clock drift beyond 5 s starts a new one. */
  readonly epoch: number;
  /** Counts from 0 within the epoch; a gap means that segments were dropped on the way. */
  readonly sequence: number;
  /** Fencing token of the ingest lease under which it was cut; readers refuse one older than they have seen. */
  readonly fencingToken: number;
  /** Capture time of each frame, UTC ms, not decreasing; the segment lasts from the first to the last. */
  readonly frameTimesMs: readonly number[];
  /** The same moments on the stream's own clock, seconds since the stream's start (PTS). */
  readonly mediaTimesSeconds: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: PixelFormat;
  /** Frame after frame, row after row: frames x height x width x (1 or 3) bytes. */
  readonly pixels: Uint8Array;
  /** The last frame once more, large and in colour; where a pack of the camera looks at pictures (`Sampling.still`). */
  readonly still?: Still;
  /** The last moments up to the segment's end in colour (`Sampling.clip`); where a pack of the camera wants it. */
  readonly clip?: Clip;
}

/**
 * Pictures at an even rate, the oldest first, the last one that of the segment's last frame: frames x height x width x 3 bytes, rgb24.
 * They may reach back over the segment's start; before the first picture of an epoch stands that picture again.
 */
export interface Clip {
  readonly framesPerSecond: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** One picture, rgb24: row after row, height x width x 3 bytes. */
export interface Still {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export function bytesPerPixel(format: PixelFormat): 1 | 3 {
  return format === 'gray8' ? 1 : 3;
}
