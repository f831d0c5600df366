import type { Dataset } from './dataset.ts';
import { type ClipsReport, evaluateClips } from './evaluate-clips.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import { evaluateScene } from './evaluate-scene.ts';
import type { SceneReport } from './scene-report.ts';

export type EvalReport = SceneReport | ClipsReport;

/**
 * Feeds a dataset through the live code path and measures it; `JSON.stringify` of the result is what `vedette eval`
 * prints. Frames go in order, as fast as the path takes them, with no access to length or future.
 */
export function evaluate(dataset: Dataset, options: EvaluateOptions): Promise<EvalReport> {
  return dataset.kind === 'scene' ? evaluateScene(dataset, options) : evaluateClips(dataset, options);
}
