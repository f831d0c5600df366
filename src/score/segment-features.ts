import type { DetectedObject } from './detected-object.ts';
import type { LearnedFeatures } from './learned-features.ts';

/** What the camera's packs make of one segment: one descriptor per cell of a grid over the picture, and what a detector saw. */
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
  /** The same segment on a finer lattice, few channels: for the shapes of what moves. Absent where the pack has none. */
  readonly lattice?: Lattice;
  /** Objects in the segment's last picture; null where the detector did not look; absent where the camera has no detector. */
  readonly objects?: readonly DetectedObject[] | null;
  /** What the camera's learned packs make of it; absent where it has none. */
  readonly learned?: LearnedFeatures;
}

export interface Lattice {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  /** rows x columns x channels, row-major. */
  readonly values: Float32Array;
}
