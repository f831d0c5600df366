/** What an extractor makes of one segment: one descriptor per cell of a grid over the picture. */
export interface SegmentFeatures {
  /** UTC ms at which the camera's run of unbroken time began. */
  readonly epoch: number;
  /** Counts from 0 within the epoch. */
  readonly sequence: number;
  /** UTC ms of the segment's first and last frame. */
  readonly startMs: number;
  readonly endMs: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  /** rows x columns x channels, row-major. */
  readonly values: Float32Array;
}
