import type { Clock } from '../platform/clock.ts';
import type { LivePath } from './live-path.ts';
import type { OnProgress } from './progress.ts';
import type { EvalEvidence } from './report/evidence.ts';

export interface EvaluateOptions {
  /** The dataset file's name, for messages. */
  readonly file: string;
  readonly path: LivePath;
  readonly clock: Clock;
  readonly onProgress?: OnProgress;
  /** Given once, before the figures: what they rest on, for a report. */
  readonly onEvidence?: (evidence: EvalEvidence) => void;
}
