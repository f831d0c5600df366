import type { Segment } from '../bus/segment.ts';
import type { IncidentChange } from '../incident/incident.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { SegmentScore } from '../score/segment-score.ts';
import type { SequentialStep } from '../score/sequential-rule.ts';

/** The part of `CameraScorer` that an evaluation uses. */
export interface Scorer {
  observe(features: SegmentFeatures): SegmentScore | null;
  endRecording(): void;
  finishLearning(): void;
  readonly learning: { readonly done: boolean };
}

/** The part of `SequentialRule` that an evaluation uses. */
export interface Rule {
  observe(score: SegmentScore): SequentialStep;
  reset(): void;
}

/** The part of `IncidentTracker` that an evaluation uses. */
export interface Tracker {
  observe(score: SegmentScore, step: SequentialStep): readonly IncidentChange[];
  tick(nowMs: number): readonly IncidentChange[];
}

/**
 * Scores the segments of one clip of an unknown camera, which has no normal life to learn from: a learned head, or
 * whatever the caller holds for one.
 */
export interface ClipScorer {
  readonly name: string;
  /** Threshold of the deployed detector; null where there is none, and then no accuracy. */
  readonly threshold: number | null;
  /** A fresh scorer for one clip. Segments come in order; `features` has one entry for each pack of the path. */
  startClip(): { observe(segment: Segment, features: readonly SegmentFeatures[]): number };
}

export interface PackIdentity {
  readonly id: string;
  readonly version: string;
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
  extract(packId: string, segment: Segment): Promise<SegmentFeatures>;
  /**
   * A fresh scorer of one camera for one pack.
   * @param learnsFrom `recordings`: it is taught until `finishLearning`, however long that is; `live`: it learns from
   *   the first moments it sees, as a new camera does, and ends by itself
   */
  newScorer(packId: string, learnsFrom: 'recordings' | 'live'): Scorer;
  /** One score out of those of several packs; needed only with more than one. `null`s never come here. */
  fuse?(scores: readonly SegmentScore[]): SegmentScore;
  newSequentialRule(): Rule;
  newTracker(cameraId: string): Tracker;
  /** For datasets of clips. */
  readonly clipScorer?: ClipScorer;
}
