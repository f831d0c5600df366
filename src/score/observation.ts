import type { DetectedObject } from './detected-object.ts';
import type { LearnedFeatures } from './learned-features.ts';

/**
 * What the heads look at and what learning remembers of a segment: its features boiled down to at most about 11 kB (6 in memory, halved.ts), and 4 bytes a
 * dimension of each embedding that is remembered.
 * Plain data; `observationOf` (observe.ts) makes it.
 */
export interface Observation {
  readonly epoch: number;
  readonly sequence: number;
  /** UTC ms. */
  readonly startMs: number;
  readonly endMs: number;
  /** The grid: rows x columns x channels, row-major. */
  readonly values: Float32Array;
  /** Moving shapes cut out of the lattice: count x BLOB_FIELDS numbers (blobs.ts); empty where nothing moves. */
  readonly blobs: Float32Array;
  /** What stands and moves before the backdrop: count x FIGURE_FIELDS numbers (figures/figure-parts.ts); absent without a lattice that knows brightness, and in what earlier editions remember. */
  readonly figures?: Float32Array;
  /** What the detector saw, with how it moves; null where it did not look or there is none. */
  readonly objects: readonly ObservedObject[] | null;
  /**
   * What the learned packs made of it: embeddings that some head looks at, of length 1, and of each head its score and the expert that
   * fires. Absent where there are none.
   */
  readonly learned?: LearnedFeatures;
}

export interface ObservedObject extends DetectedObject {
  /** How fast it moves, pixels of the 240x160 picture a frame, from the lattice inside its box. */
  readonly speed: number;
  readonly velocityX: number;
  readonly velocityY: number;
}
