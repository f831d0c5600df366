import { energyMap } from '../cell-descriptors.ts';
import type { GridShape } from '../cue-head.ts';
import type { Observation } from '../observation.ts';

/** Where most happens: packs that judge the picture as a whole do not say where, so this is the best guess. */
export function busiestCell({ values }: Observation, { rows, columns, channels }: GridShape): number {
  const energy = energyMap(values, rows * columns, channels);
  let busiest = 0;
  energy.forEach((value, cell) => {
    if (value > (energy[busiest] ?? 0)) busiest = cell;
  });
  return busiest;
}
