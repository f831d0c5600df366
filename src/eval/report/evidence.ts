import type { EvaluatedVideo } from '../evaluated-video.ts';

/** A clip of an unknown camera with its score. */
export interface EvaluatedClip {
  readonly name: string;
  /** 1 for anything but `normal`. */
  readonly label: number;
  readonly group: string;
  readonly score: number;
  /** Score by frame difference alone. */
  readonly control: number;
}

/** What an evaluation's figures rest on; too much for the printed result, drawn in the report. */
export type EvalEvidence =
  | { readonly kind: 'scene'; readonly videos: readonly EvaluatedVideo[] }
  | { readonly kind: 'clips'; readonly clips: readonly EvaluatedClip[] };
