import { cellAt } from '../cell-at.ts';
import type { CueHead, GridShape, HistorySample, Reading } from '../cue-head.ts';
import type { Box } from '../detected-object.ts';
import type { Observation, ObservedObject } from '../observation.ts';
import { OBJECT_CUES } from './object-cues.ts';
import {
  judgeObject,
  type LearnedObject,
  learnObjects,
  type ObjectModel,
  type ObjectStrangeness,
  PARTS,
} from './object-model.ts';
import { describeObjectReading, type ObjectReading } from './object-words.ts';

/** The object model and the grid that its readings name cells of. */
export interface ObjectHeadModel {
  readonly shape: GridShape;
  readonly objects: ObjectModel;
}

/** What the next segment needs of those before it. */
export interface ObjectState {
  readonly epoch: number;
  readonly endMs: number;
  /** End of the last segment that the detector looked at, UTC ms. */
  readonly seenMs: number;
  /** The readings of the last segment before smoothing; null at the start of an epoch. */
  readonly last: readonly ObjectReading[] | null;
}

/** Without a look of the detector, what it saw last counts so long, and less with every segment. */
const CARRY_MS = 1_500;
const CARRY_DECAY = 0.8;
/** A segment that begins later after the last one stands alone. */
const GAP_MS = 1_500;

/** Speed, class, size, direction and place of what the detector saw, against the objects that are normal here. */
export const objectHead: CueHead<ObjectHeadModel, ObjectState> = {
  name: 'objects',
  cues: OBJECT_CUES,

  learn(history, shape, seed) {
    const learned: LearnedObject[] = history.flatMap((sample) =>
      (sample.objects ?? []).map((object) => ({ fold: sample.fold, object })),
    );
    const { model: objects, strangeness } = learnObjects(learned, seed);
    let next = 0;
    const judged = history.map((sample) => {
      const count = sample.objects?.length ?? 0;
      next += count;
      return strangeness.slice(next - count, next);
    });
    return { model: { shape, objects }, readings: inTime(history, judged, shape) };
  },

  start: () => START,

  carry: (_, state) => state,

  read(model, state, observation) {
    const judged = (observation.objects ?? []).map((object) => judgeObject(model.objects, object));
    return step(state, observation, judged, model.shape);
  },

  describe: (model, cue, reading) => describeObjectReading(model.objects.labels, cue, reading),

  heat({ shape, objects: model }, { objects }) {
    const heat = new Float32Array(shape.rows * shape.columns);
    for (const object of objects ?? []) {
      const warmth = Math.min(1, judgeObject(model, object).together / FULL_HEAT);
      for (const cell of cellsUnder(object.box, shape)) heat[cell] = Math.max(heat[cell] ?? 0, warmth);
    }
    return heat;
  },
};

/** Strangeness of an object that is drawn in full heat, nats. */
const FULL_HEAT = 12;

const START: ObjectState = { epoch: 0, endMs: 0, seenMs: 0, last: null };

/** The history's readings, smoothed and carried as live ones are. */
function inTime(
  history: readonly HistorySample[],
  judged: readonly (readonly ObjectStrangeness[])[],
  shape: GridShape,
): readonly (readonly Reading[])[] {
  let state = START;
  return history.map((sample, place) => {
    const outcome = step(state, sample, judged[place] ?? [], shape);
    state = outcome.state;
    return outcome.readings;
  });
}

/** One segment: the strangest object a cue, mean with the segment before. @param judged as many as the observation has objects */
function step(
  state: ObjectState,
  observation: Observation,
  judged: readonly ObjectStrangeness[],
  shape: GridShape,
): { readonly readings: readonly ObjectReading[]; readonly state: ObjectState } {
  const { epoch, startMs, endMs, objects } = observation;
  const follows = state.epoch === epoch && startMs >= state.endMs && startMs - state.endMs <= GAP_MS;
  const before = follows ? state.last : null;
  const now = objects === null ? carried(before, endMs - state.seenMs) : strangest(objects, judged, shape);
  const readings = before === null ? now : now.map((reading, cue) => meanOf(before[cue], reading));
  return { readings, state: { epoch, endMs, seenMs: objects === null ? state.seenMs : endMs, last: now } };
}

const NOTHING: ObjectReading = { raw: 0, cell: 0, value: 0, box: null, label: null };

function carried(before: readonly ObjectReading[] | null, ageMs: number): readonly ObjectReading[] {
  if (before === null || ageMs > CARRY_MS) return OBJECT_CUES.map(() => NOTHING);
  return before.map((reading) => ({ ...reading, raw: reading.raw * CARRY_DECAY }));
}

/** What the last two segments have in common; points at the present one unless nothing is left there. */
function meanOf(before: ObjectReading | undefined, now: ObjectReading): ObjectReading {
  if (before === undefined) return now;
  return { ...(now.box === null ? before : now), raw: (before.raw + now.raw) / 2 };
}

/** The strangest object for each cue. */
function strangest(
  objects: readonly ObservedObject[],
  judged: readonly ObjectStrangeness[],
  shape: GridShape,
): readonly ObjectReading[] {
  return OBJECT_CUES.map((_, index) => {
    let best: ObjectReading = NOTHING;
    judged.forEach((strangeness, place) => {
      const object = objects[place];
      const raw = index === 0 ? strangeness.together : (strangeness.parts[index - 1] ?? strangeness.place);
      if (object === undefined || (best.box !== null && raw <= best.raw)) return;
      const { descriptor, parts } = strangeness;
      const part = PARTS[index === 0 ? parts.indexOf(Math.max(...parts)) : index - 1] ?? null;
      best = {
        raw,
        cell: cellOf(object.box, shape),
        value: part === 'size' ? Math.exp(descriptor.size[0]) : descriptor.speed,
        box: object.box,
        label: object.label,
        part,
      };
    });
    return best;
  });
}

/** Cells that the box touches. */
function cellsUnder(box: Box, { rows, columns }: GridShape): readonly number[] {
  const cells: number[] = [];
  for (let row = Math.floor(box.top * rows); row < Math.min(rows, Math.ceil(box.bottom * rows)); row++) {
    for (
      let column = Math.floor(box.left * columns);
      column < Math.min(columns, Math.ceil(box.right * columns));
      column++
    ) {
      cells.push(row * columns + column);
    }
  }
  return cells;
}

/** The cell that the box's middle lies in. */
function cellOf(box: Box, shape: GridShape): number {
  return cellAt((box.left + box.right) / 2, (box.top + box.bottom) / 2, shape);
}
