import { beforeAll, describe, expect, it } from 'vitest';
import type { HistorySample, Reading } from '../../../src/score/cue-head.ts';
import { MOTION_GRID_CHANNELS } from '../../../src/score/motion-grid-channels.ts';
import { type MotionModel, motionHead } from '../../../src/score/motion-head.ts';
import type { Observation } from '../../../src/score/observation.ts';
import { observationOf } from '../../../src/score/observe.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import { emptyLattice, putShape, type Shape } from './synthetic-lattice.ts';
import { COLUMNS, putMover, ROWS, SyntheticStreet } from './synthetic-street.ts';

const shape = { rows: ROWS, columns: COLUMNS, channels: MOTION_GRID_CHANNELS.length };
const FOLDS = 8;
const SEGMENTS_PER_FOLD = 30;

/** A walker in the middle of the picture, with some variety. */
function walker(random: SeededRandom, column: number): Shape {
  const velocityX = (0.8 + 0.4 * random.next()) * (random.next() < 0.5 ? -1 : 1);
  return { row: 20, column, height: 6, width: 3, velocityX, limbs: 0.025 + 0.01 * random.next() };
}

function segment(street: SyntheticStreet, sequence: number, epoch: number, ...shapes: readonly Shape[]): Observation {
  const lattice = emptyLattice();
  const features = street.segment(sequence, epoch, (values) => {
    for (const one of shapes) {
      putShape(lattice, one);
      putMover(values, Math.floor(one.row / 4), Math.floor(one.column / 4), one.velocityX);
    }
  });
  return observationOf({ ...features, lattice });
}

function history(): readonly HistorySample[] {
  const random = new SeededRandom(5);
  const samples: HistorySample[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const street = new SyntheticStreet(fold);
    for (let sequence = 0; sequence < SEGMENTS_PER_FOLD; sequence++) {
      const seen = segment(street, sequence, 1_000 + fold * 1_000_000, walker(random, 4 + random.below(50)));
      samples.push({ ...seen, fold });
    }
  }
  return samples;
}

describe('the motion head', () => {
  let learned: ReturnType<typeof motionHead.learn>;
  let model: MotionModel;
  const street = new SyntheticStreet(99);

  beforeAll(() => {
    learned = motionHead.learn(history(), shape, 1);
    model = learned.model;
  });

  /** Reading of one cue for a fresh segment with one shape. */
  function reading(cue: string, one: Shape): Reading {
    const { readings } = motionHead.read(model, motionHead.start(model), segment(street, 0, 9e8, one));
    const found = readings[motionHead.cues.findIndex(({ name }) => name === cue)];
    if (!found) throw new Error(`no cue ${cue}`);
    return found;
  }
  const usual = (cue: string) => {
    const index = motionHead.cues.findIndex(({ name }) => name === cue);
    return learned.readings.map((all) => all[index]?.raw ?? 0).sort((a, b) => a - b);
  };
  const most = (cue: string) => usual(cue).at(-1) ?? 0;
  const ordinary: Shape = { row: 20, column: 30, height: 6, width: 3, velocityX: 1, limbs: 0.03 };

  it('gives one reading a cue for every sample of the history, none of them absurd', () => {
    expect(learned.readings).toHaveLength(FOLDS * SEGMENTS_PER_FOLD);
    for (const readings of learned.readings) {
      expect(readings).toHaveLength(motionHead.cues.length);
      expect(readings.every(({ raw }) => Number.isFinite(raw))).toBe(true);
    }
  });

  it('finds a walker like all the others ordinary', () => {
    for (const cue of ['speed', 'body', 'gait', 'course']) {
      expect(reading(cue, ordinary).raw, cue).toBeLessThanOrEqual(most(cue) + 0.05);
    }
  });

  it('finds what rolls at walking speed strange where only walkers were', () => {
    expect(reading('gait', { ...ordinary, limbs: 0.004 }).raw).toBeGreaterThan(most('gait'));
  });

  it('finds limbs that thrash on the spot strange', () => {
    expect(reading('gait', { ...ordinary, velocityX: 0.1, limbs: 0.09 }).raw).toBeGreaterThan(most('gait'));
  });

  it('finds a body three times as fast strange, at its place, and says how much faster', () => {
    const fast = reading('body', { ...ordinary, velocityX: 3 });
    expect(fast.raw).toBeGreaterThan(most('body') + 0.5);
    expect(fast.cell).toBe(5 * COLUMNS + 7);
    expect(motionHead.describe(model, 'body', fast)).toMatch(
      /^moving shape [23]\.\d times faster than anything seen here$/,
    );
  });

  it('finds a course across the street strange where all walk along it', () => {
    expect(reading('course', { ...ordinary, velocityX: 0.1, velocityY: 1 }).raw).toBeGreaterThan(most('course'));
  });

  it('lets a slightly fast mover grow with every segment that he stays, and forgets him at once', () => {
    const rider = (column: number): Shape => ({ ...ordinary, column, velocityX: 1.5, limbs: 0.02 });
    const index = motionHead.cues.length - 1;
    let state = motionHead.start(model);
    const raws: number[] = [];
    const shown = [[ordinary], [rider(20)], [rider(24)], [rider(28)], [ordinary]];
    shown.forEach((shapes, sequence) => {
      const out = motionHead.read(model, state, segment(street, sequence, 9e8, ...shapes));
      state = out.state;
      raws.push(out.readings[index]?.raw ?? 0);
    });
    const [before = 0, first = 0, second = 0, , after = 0] = raws;
    expect(first).toBeGreaterThan(before);
    expect(second).toBeGreaterThan(first);
    expect(after).toBeLessThan(first);
  });

  it('works on a pack without a lattice', () => {
    const bare = { ...segment(street, 0, 9e8, ordinary), blobs: new Float32Array(0) };
    const { readings } = motionHead.read(model, motionHead.start(model), bare);
    expect(readings.every(({ raw }) => Number.isFinite(raw))).toBe(true);
  });

  it('gives the same model and readings for the same history', () => {
    expect(motionHead.learn(history(), shape, 1)).toEqual(learned);
  });
});
