import { agitationMap, energyMap, neighbourhoodMean, rushMap, speedMap } from './cell-descriptors.ts';
import type { CueHead, GridShape, Reading } from './cue-head.ts';
import { type ExcessTable, excessAt, learnExcess } from './excess-table.ts';
import { MOTION_CUES, type MotionCueName } from './motion-cues.ts';
import { NO_FOLD } from './nearest-references.ts';
import {
  appearanceDistances,
  collectAppearanceReferences,
  collectMotionReferences,
  motionDistances,
  type ReferenceSet,
} from './reference-sets.ts';

/** What is usual on the grid; plain data. */
export interface MotionModel {
  readonly shape: GridShape;
  readonly motion: ReferenceSet;
  readonly appearance: ReferenceSet;
  /** Per cue, in the order of MOTION_CUES. */
  readonly tables: readonly ExcessTable[];
}

/** Speed, motion, activity and looks per cell of the motion grid, each against what that place has shown. Looks at each segment alone. */
export const motionHead: CueHead<MotionModel, null> = {
  name: 'motion',
  cues: MOTION_CUES,

  learn(history, shape, seed) {
    const folds = Math.max(...history.map((sample) => sample.fold)) + 1;
    const sets = {
      motion: collectMotionReferences(history, shape, seed),
      appearance: collectAppearanceReferences(history, shape),
    };
    const maps = history.map((sample) => quantityMaps(sample.values, shape, sets, sample.fold));
    const tables: ExcessTable[] = [];
    const readings: Reading[][] = history.map(() => []);
    MOTION_CUES.forEach((cue, index) => {
      const own = history.map((sample, place) => ({
        fold: sample.fold,
        values: maps[place]?.[index] ?? new Float32Array(),
      }));
      const { full, withoutFold } = learnExcess(own, { ...shape, folds }, cue);
      tables.push(full);
      own.forEach((map, place) => {
        readings[place]?.push(strangestCell(map.values, withoutFold[map.fold] ?? full, cue.floor));
      });
    });
    return { model: { shape, ...sets, tables }, readings };
  },

  start: () => null,

  read(model, state, observation) {
    const maps = quantityMaps(observation.values, model.shape, model, NO_FOLD);
    const readings = MOTION_CUES.map((cue, index) => {
      const table = model.tables[index];
      return table === undefined
        ? { raw: 0, cell: 0, value: 0 }
        : strangestCell(maps[index] ?? new Float32Array(), table, cue.floor);
    });
    return { readings, state };
  },

  describe(model, name, reading) {
    const index = MOTION_CUES.findIndex((cue) => cue.name === name);
    const cue = MOTION_CUES[index];
    const table = model.tables[index];
    if (cue === undefined || table === undefined) return name;
    const { subject, comparative } = SUBJECTS[cue.name];
    const level = Math.log(Math.max(0, reading.value) + cue.floor);
    const overMost = Math.exp(level - (table.most[reading.cell] ?? level));
    if (overMost >= 1.05) return `${subject} ${overMost.toFixed(1)} times ${comparative} than anything seen here`;
    const overUsual = Math.exp(level - (table.usual[reading.cell] ?? level));
    if (overUsual >= 1.05) return `${subject} ${overUsual.toFixed(1)} times ${comparative} than what is usual here`;
    return `${subject} at the edge of what is usual here`;
  },

  heat(model, observation) {
    const maps = quantityMaps(observation.values, model.shape, model, NO_FOLD);
    const heat = new Float32Array(model.shape.rows * model.shape.columns);
    MOTION_CUES.forEach((cue, index) => {
      const table = model.tables[index];
      if (table === undefined || cue.weight < MINIMUM_HEAT_WEIGHT) return;
      for (let cell = 0; cell < heat.length; cell++) {
        const excess = excessAt(table, cue.floor, cell, maps[index]?.[cell] ?? 0);
        heat[cell] = Math.max(heat[cell] ?? 0, Math.min(1, excess / FULL_HEAT));
      }
    });
    return heat;
  },
};

/** ln of how far above the usual a cell is drawn in full heat: e times. */
const FULL_HEAT = 1;
const MINIMUM_HEAT_WEIGHT = 0.04;

const SUBJECTS: Readonly<Record<MotionCueName, { readonly subject: string; readonly comparative: string }>> = {
  speed: { subject: 'motion', comparative: 'faster' },
  rush: { subject: 'motion', comparative: 'faster' },
  motion: { subject: 'way of moving', comparative: 'further from any known motion' },
  activity: { subject: 'movement around it', comparative: 'stronger' },
  agitation: { subject: 'movement', comparative: 'more abrupt' },
  presence: { subject: 'movement in this place', comparative: 'stronger' },
  appearance: { subject: 'look of this place', comparative: 'further from any known look' },
};

/** One quantity map per cue, in the order of MOTION_CUES; references of `fold` are left out. */
function quantityMaps(
  values: Float32Array,
  shape: GridShape,
  sets: { readonly motion: ReferenceSet; readonly appearance: ReferenceSet },
  fold: number,
): readonly Float32Array[] {
  const cells = shape.rows * shape.columns;
  const energy = energyMap(values, cells, shape.channels);
  return [
    speedMap(values, cells, shape.channels),
    rushMap(values, cells, shape.channels),
    motionDistances(sets.motion, values, shape, fold),
    neighbourhoodMean(energy, shape.rows, shape.columns),
    agitationMap(values, cells, shape.channels),
    energy,
    appearanceDistances(sets.appearance, values, shape, fold),
  ];
}

/** The cell in which the quantity lies furthest above what is usual there. */
function strangestCell(map: Float32Array, table: ExcessTable, floor: number): Reading {
  let raw = Number.NEGATIVE_INFINITY;
  let strangest = 0;
  for (let cell = 0; cell < map.length; cell++) {
    const excess = excessAt(table, floor, cell, map[cell] ?? 0);
    if (excess > raw) {
      raw = excess;
      strangest = cell;
    }
  }
  return { raw, cell: strangest, value: map[strangest] ?? 0 };
}
