import type { Clock } from '../platform/clock.ts';
import type { LivePath } from './live-path.ts';
import type { OnProgress } from './progress.ts';

export interface EvaluateOptions {
  /** The dataset file's name, for messages. */
  readonly file: string;
  readonly path: LivePath;
  readonly clock: Clock;
  readonly onProgress?: OnProgress;
}
