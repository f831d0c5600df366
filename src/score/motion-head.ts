import { blobSpeed, COURSE_VIEW, GAIT_VIEW, paintBlobs } from './blob-descriptors.ts';
import { agitationMap, energyMap, neighbourhoodMean, rushMap, speedMap } from './cell-descriptors.ts';
import type { CueHead, GridShape, Reading } from './cue-head.ts';
import { type ExcessTable, excessAt, learnExcess } from './excess-table.ts';
import { follows } from './follows.ts';
import {
  MOVER_CUE,
  MOVER_NEWEST_SHARE,
  MOVER_PART_CEILING,
  MOVER_PARTS,
  PLACE_CUES,
  type PlaceCueName,
} from './motion-cues.ts';
import { NO_FOLD } from './nearest-references.ts';
import type { Observation } from './observation.ts';
import {
  appearanceDistances,
  blobDistances,
  collectAppearanceReferences,
  collectBlobReferences,
  type ReferenceSet,
} from './reference-sets.ts';
import { calibrateTail, surpriseOf, type Tail } from './tail.ts';

/** What is usual on the grid; plain data. */
export interface MotionModel extends MotionSets {
  readonly shape: GridShape;
  /** Per cue, in the order of PLACE_CUES. */
  readonly tables: readonly ExcessTable[];
  /** Of the cues that `mover` is made of, in the order of MOVER_PARTS. */
  readonly partTails: readonly Tail[];
}

interface MotionSets {
  readonly appearance: ReferenceSet;
  readonly course: ReferenceSet;
  readonly gait: ReferenceSet;
}

/** Running mean of what `mover` is made of, nats; null before an epoch's first segment. */
export interface MotionState {
  readonly mover: number | null;
}

const MOVER_PLACES = MOVER_PARTS.map((name) => PLACE_CUES.findIndex((cue) => cue.name === name));

/**
 * Speed, activity and looks per cell of the motion grid, and the moving shapes cut out of its lattice, each against what that place has
 * shown; then what moves taken as a whole.
 */
export const motionHead: CueHead<MotionModel, MotionState> = {
  name: 'motion',
  cues: [...PLACE_CUES, MOVER_CUE],

  learn(history, shape, seed) {
    const folds = Math.max(...history.map((sample) => sample.fold)) + 1;
    const sets: MotionSets = {
      appearance: collectAppearanceReferences(history, shape),
      course: collectBlobReferences(history, COURSE_VIEW, seed),
      gait: collectBlobReferences(history, GAIT_VIEW, seed),
    };
    const maps = history.map((sample) => quantityMaps(sample, shape, sets, sample.fold));
    const tables: ExcessTable[] = [];
    const readings: Reading[][] = history.map(() => []);
    PLACE_CUES.forEach((cue, index) => {
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
    const partTails = MOVER_PLACES.map((index) =>
      calibrateTail(
        readings.map((reading) => reading[index]?.raw ?? 0),
        1,
      ),
    );
    let mover: number | null = null;
    history.forEach((sample, place) => {
      if (!follows(history[place - 1], sample)) mover = null;
      const reading = moverReading(partTails, readings[place] ?? [], mover);
      mover = reading.raw;
      readings[place]?.push(reading);
    });
    return { model: { shape, ...sets, tables, partTails }, readings };
  },

  start: () => ({ mover: null }),

  read(model, state, observation) {
    const maps = quantityMaps(observation, model.shape, model, NO_FOLD);
    const readings = PLACE_CUES.map((cue, index) => {
      const table = model.tables[index];
      return table === undefined
        ? { raw: 0, cell: 0, value: 0 }
        : strangestCell(maps[index] ?? new Float32Array(), table, cue.floor);
    });
    const mover = moverReading(model.partTails, readings, state.mover);
    return { readings: [...readings, mover], state: { mover: mover.raw } };
  },

  describe(model, name, reading) {
    if (name === MOVER_CUE.name) return 'something moves faster than usual here, slightly but throughout';
    const index = PLACE_CUES.findIndex((cue) => cue.name === name);
    const cue = PLACE_CUES[index];
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
    const maps = quantityMaps(observation, model.shape, model, NO_FOLD);
    const heat = new Float32Array(model.shape.rows * model.shape.columns);
    PLACE_CUES.forEach((cue, index) => {
      const table = model.tables[index];
      if (table === undefined || cue.evidence === 'counted') return;
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

const SUBJECTS: Readonly<Record<PlaceCueName, { readonly subject: string; readonly comparative: string }>> = {
  speed: { subject: 'motion', comparative: 'faster' },
  rush: { subject: 'motion', comparative: 'faster' },
  activity: { subject: 'movement around it', comparative: 'stronger' },
  agitation: { subject: 'movement', comparative: 'more abrupt' },
  presence: { subject: 'movement in this place', comparative: 'stronger' },
  appearance: { subject: 'look of this place', comparative: 'further from any known look' },
  body: { subject: 'moving shape', comparative: 'faster' },
  course: { subject: 'speed and direction', comparative: 'further from any known course' },
  gait: { subject: 'way of moving', comparative: 'further from any known gait' },
};

/** One quantity map per cue, in the order of PLACE_CUES; references of `fold` are left out. */
function quantityMaps(
  { values, blobs }: Observation,
  shape: GridShape,
  sets: MotionSets,
  fold: number,
): readonly Float32Array[] {
  const cells = shape.rows * shape.columns;
  const energy = energyMap(values, cells, shape.channels);
  const maps: Readonly<Record<PlaceCueName, Float32Array>> = {
    speed: speedMap(values, cells, shape.channels),
    rush: rushMap(values, cells, shape.channels),
    activity: neighbourhoodMean(energy, shape.rows, shape.columns),
    agitation: agitationMap(values, cells, shape.channels),
    presence: energy,
    appearance: appearanceDistances(sets.appearance, values, shape, fold),
    body: paintBlobs(blobs, shape, blobSpeed),
    course: blobDistances(sets.course, COURSE_VIEW, blobs, shape, fold),
    gait: blobDistances(sets.gait, GAIT_VIEW, blobs, shape, fold),
  };
  return PLACE_CUES.map((cue) => maps[cue.name]);
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

/** Mean surprise of the parts, rising as a running mean and falling at once, at the place of the most surprising one. */
function moverReading(partTails: readonly Tail[], readings: readonly Reading[], before: number | null): Reading {
  let sum = 0;
  let most = -1;
  let cell = 0;
  MOVER_PLACES.forEach((place, part) => {
    const tail = partTails[part];
    const reading = readings[place];
    if (tail === undefined || reading === undefined) return;
    const surprise = surpriseOf(tail, reading.raw);
    sum += Math.min(surprise, MOVER_PART_CEILING);
    if (surprise > most) {
      most = surprise;
      cell = reading.cell;
    }
  });
  const now = sum / MOVER_PLACES.length;
  const raw = before === null || now < before ? now : before + MOVER_NEWEST_SHARE * (now - before);
  return { raw, cell, value: raw };
}
