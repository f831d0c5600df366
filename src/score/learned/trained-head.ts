import type { CueHead, GridShape, Reading } from '../cue-head.ts';
import type { Observation } from '../observation.ts';
import { busiestCell } from './busiest-cell.ts';
import { logisticPrior } from './logistic-prior.ts';

/** What is usual of a trained head's score on this camera. */
export interface TrainedModel {
  readonly shape: GridShape;
  /** The highest score in normal life; null where the head never looked at it. */
  readonly most: number | null;
}

/** Begins the name of the head and of its cue; the pack's id follows. */
export const TRAINED_PREFIX = 'learned:';
/** As much as `mover`: a head that was trained on labelled events is worth about what the best of the others is. */
const WEIGHT = 0.5;
/**
 * Logits. Far below its threshold a head's score is noise, and no difference there may be a surprise; near 1 float32 has no more
 * digits.
 */
const LOWEST = -6;
const HIGHEST = 16;
/** However alike the head's scores are in normal life, a logit more is no more than two nats of surprise. */
const LEAST_EXCESS = 0.5;
/**
 * With fewer looks than these, what a head says of ordinary places anywhere makes up for the rest: scores about 0.05, one in a hundred
 * above 0.6. A head that runs only where something moves oddly may have looked at nothing while the camera learned.
 */
const PRIOR = logisticPrior(40, -3, 0.75);

/**
 * The score of a trained head (`mil`, `gs-moe`) as a cue: calibrated on the camera's own normal life like every cue, as a logit, so
 * that the tail goes on beyond the history. The expert that fires names it. Says nothing where the head did not look.
 */
export function trainedHead(pack: string): CueHead<TrainedModel, null> {
  const name = TRAINED_PREFIX + pack;
  const read = (observation: Observation, shape: GridShape): Reading => {
    const output = observation.learned?.heads[pack];
    if (output === undefined || Number.isNaN(output.score)) return SILENT;
    return {
      raw: logit(output.score),
      cell: busiestCell(observation, shape),
      value: output.score,
      label: output.experts[0]?.label ?? null,
    };
  };
  return {
    name,
    cues: [{ name, weight: WEIGHT, evidence: 'extrapolated', leastExcess: LEAST_EXCESS, prior: PRIOR }],

    learn(history, shape) {
      const readings = history.map((sample) => [read(sample, shape)]);
      const scores = history.flatMap((sample) => sample.learned?.heads[pack]?.score ?? []);
      return { model: { shape, most: scores.length > 0 ? Math.max(...scores) : null }, readings };
    },

    start: () => null,

    read: (model, state, observation) => ({ readings: [read(observation, model.shape)], state }),

    describe({ most }, _, { value, label }) {
      const expert = label ? `, expert “${label}”` : '';
      const usual = most === null ? '' : `; at most ${most.toFixed(2)} in normal life here`;
      return `${label ?? pack} ${value.toFixed(2)} by the pack ${pack}${expert}${usual}`;
    },
  };
}

/** Of a segment that the pack did not look at. */
export const SILENT: Reading = { raw: 0, cell: 0, value: 0, silent: true };

function logit(score: number): number {
  return Math.min(HIGHEST, Math.max(LOWEST, Math.log(score / (1 - score))));
}
