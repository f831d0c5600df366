import type { AnyCueHead } from './cue-head.ts';
import type { NormalityModel } from './normality-model.ts';
import type { Observation } from './observation.ts';

/**
 * How strange each cell is to the head that it strikes most, 0 to 1, rows x columns.
 *
 * @param cell the strangest one, drawn in full heat whatever the heads say
 */
export function heatMap(
  heads: readonly AnyCueHead[],
  model: NormalityModel,
  observation: Observation,
  cell: number,
): Float32Array {
  const heat = new Float32Array(model.shape.rows * model.shape.columns);
  heads.forEach((head, index) => {
    head.heat?.(model.heads[index]?.model, observation).forEach((value, place) => {
      heat[place] = Math.max(heat[place] ?? 0, value);
    });
  });
  heat[cell] = 1;
  return heat;
}
