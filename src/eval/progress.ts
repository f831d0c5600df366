/** How far an evaluation is, after each recording. */
export interface EvalProgress {
  readonly done: number;
  readonly total: number;
  readonly phase: 'learning' | 'testing';
  readonly file: string;
  readonly framesPerSecond: number;
}

export type OnProgress = (progress: EvalProgress) => void;
