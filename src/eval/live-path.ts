import type { Segment } from '../bus/segment.ts';
import type { IncidentChange } from '../incident/incident.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { SegmentScore } from '../score/segment-score.ts';

/** The part of a live camera's model (`CameraModel`) that an evaluation uses: scorer, rule and incidents in one. */
export interface EvaluatedCamera {
  readonly learning: { readonly done: boolean };
  /** Ids of costly packs that need not look at the next segment. */
  readonly resting?: readonly string[];
  /** While learning: null. Else the score, and what it changed. */
  observe(
    features: SegmentFeatures,
  ): { readonly score: SegmentScore; readonly changes: readonly IncidentChange[] } | null;
  /** Lets time pass without segments. */
  tick(nowMs: number): readonly IncidentChange[];
  /** Marks the end of one recording while learning. */
  endRecording(): void;
  /** Ends learning. Throws VDT_LEARNING_TOO_SHORT. */
  finishLearning(): void;
}

/**
 * Scores the segments of one clip of an unknown camera, which has no normal life to learn from: a learned head, or
 * whatever the caller holds for one.
 */
export interface ClipScorer {
  readonly name: string;
  /** Threshold of the deployed detector; null where there is none, and then no accuracy. */
  readonly threshold: number | null;
  /** What has to stand beside its figures. */
  readonly notes?: readonly string[];
  /** A fresh scorer for one clip. Segments come in order; `features` is null for a scorer that needs none. */
  startClip(): { observe(segment: Segment, features: SegmentFeatures | null): number };
}

export interface PackIdentity {
  readonly id: string;
  readonly version: string;
  /** What it was trained on, in its manifest's words. */
  readonly trainedOn?: string;
  /** Figures in its manifest. */
  readonly measured?: readonly Readonly<Record<string, unknown>>[];
}

/** Everything that an evaluation runs, as the live service runs it; the caller injects the real parts. */
export interface LivePath {
  /** The packs that look at each segment, in order. */
  readonly packs: readonly PackIdentity[];
  /**
   * Decodes a recording through the live camera's sampler and segmenter, with the recording's own frame timing.
   * Segments come as they would live: no length, nothing of what follows.
   */
  openRecording(recording: {
    readonly file: string;
    readonly cameraId: string;
    readonly epoch: number;
  }): AsyncIterable<Segment>;
  /** Presentation times of all native frames, seconds, in order; used after the scoring, to map scores onto frames. */
  frameTimes(file: string): Promise<readonly number[]>;
  /** What all packs together make of a segment, but those that rest. */
  extract(segment: Segment, resting?: readonly string[]): Promise<SegmentFeatures>;
  /** Whether a camera's packs may rest: then a segment waits until the one before is scored, as in live time. */
  readonly cascade?: boolean;
  /**
   * A fresh camera.
   * @param learnsFrom `recordings`: it is taught until `finishLearning`, however long that is; `live`: it learns from
   *   the first moments it sees, as a new camera does, and ends by itself
   */
  openCamera(cameraId: string, learnsFrom: 'recordings' | 'live'): EvaluatedCamera;
  /** For datasets of clips. */
  readonly clipScorer?: ClipScorer;
}
