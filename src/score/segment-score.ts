import type { Box } from './detected-object.ts';

export interface GridCell {
  readonly row: number;
  readonly column: number;
}

/** One view on the segment, calibrated on the camera's own history. */
export interface Cue {
  readonly name: string;
  /** Raw score of the head: ln of how far the strangest cell lies above what is usual there; unbounded. */
  readonly raw: number;
  /** Upper-tail probability of `raw` on the camera's own history, above 0 and at most 1. */
  readonly probability: number;
  /** The strangest cell. */
  readonly cell: GridCell | null;
  /** The object or moving shape, where the cue knows one. */
  readonly box?: Box | null;
  /** Class of the object, where a detector named it. */
  readonly label?: string | null;
  /** How the reading compares with this camera's history: "motion 4.1 times faster than anything seen here". */
  readonly comparison?: string | null;
}

/** A moment of the camera's normal life that comes close to what is seen now. */
export interface NormalMoment {
  /** UTC ms. */
  readonly atMs: number;
  /** Of the features, at least 0; only comparable within one list. */
  readonly distance: number;
}

/** The reviewed incident that the strangest thing is like. */
export interface LikeReference {
  /** `ref_…` */
  readonly id: string;
  readonly verdict: 'confirmed' | 'dismissed';
  readonly label: string | null;
  /** Above 0, at most 1. */
  readonly likeness: number;
}

export interface SegmentScore {
  readonly epoch: number;
  readonly sequence: number;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 to 1, rising with surprise and never reaching 1; 0.5 is once in a thousand segments. */
  readonly score: number;
  /** Fused and calibrated -ln p, nats. */
  readonly surprise: number;
  readonly cues: readonly Cue[];
  /** 0 to 1: how far picture quality and length of learning let the score be trusted. */
  readonly certainty: number;
  readonly hottestCell: GridCell | null;
  /** One sentence for a person, null while nothing stands out. */
  readonly explanation: string | null;
  /** How many consecutive segments of this camera count as one independent observation, at least 1. */
  readonly dependenceSegments: number;
  /** What the strangest thing looked like, for comparing incidents with one another (feedback.ts); absent while nothing stands out. */
  readonly descriptor?: readonly number[];
  /** Name of the cue that carries the score; the rarest one where left out. */
  readonly leadingCue?: string;
  /** The reviewed incident that it is most like; absent where it is like none. Surprise and cues are what feedback made of them. */
  readonly likeReference?: LikeReference;
  /** The nearest normal moments, nearest first; absent while nothing stands out. */
  readonly nearestNormal?: readonly NormalMoment[];
  /** How strange each cell of the grid looks, rows x columns, row-major, 0 to 1; absent while nothing stands out. */
  readonly heat?: Float32Array;
}
