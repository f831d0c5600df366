import { describe, expect, it } from 'vitest';
import type { AnyCueHead, GridShape, HistorySample } from '../../../src/score/cue-head.ts';
import type { DetectedObject } from '../../../src/score/detected-object.ts';
import { type BackdropState, stepBackdrop } from '../../../src/score/figures/backdrop.ts';
import { headsFor } from '../../../src/score/heads.ts';
import { MOTION_GRID_CHANNELS, MOTION_LATTICE_CHANNELS } from '../../../src/score/motion-grid-channels.ts';
import type { Observation } from '../../../src/score/observation.ts';
import { observationOf } from '../../../src/score/observe.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import { decodeState, encodeState } from '../../../src/score/state-codec.ts';
import { COLUMNS, ROWS, SyntheticStreet } from './synthetic-street.ts';

const SHAPE: GridShape = { rows: ROWS, columns: COLUMNS, channels: MOTION_GRID_CHANNELS.length };
const [LATTICE_ROWS, LATTICE_COLUMNS] = [40, 60];

/** A street with something on its lattice and in its detector's eyes. */
function observations(seed: number, count: number): readonly Observation[] {
  const street = new SyntheticStreet(seed);
  const random = new SeededRandom(seed);
  let backdrop: BackdropState | null = null;
  return Array.from({ length: count }, (_, sequence) => {
    const values = new Float32Array(LATTICE_ROWS * LATTICE_COLUMNS * MOTION_LATTICE_CHANNELS.length);
    const objects: DetectedObject[] = [];
    for (let mover = 0; mover < 3; mover++) {
      const row = 16 + random.below(10);
      const column = 2 + random.below(LATTICE_COLUMNS - 6);
      for (let r = row; r < row + 5; r++) {
        for (let c = column; c < column + 2; c++) {
          const at = (r * LATTICE_COLUMNS + c) * MOTION_LATTICE_CHANNELS.length;
          MOTION_LATTICE_CHANNELS.forEach((_channel, index) => {
            values[at + index] = index < 2 ? random.next() * 2 - 1 : 0.03 + 0.02 * random.next();
          });
        }
      }
      objects.push({
        box: {
          left: column / LATTICE_COLUMNS,
          right: (column + 2) / LATTICE_COLUMNS,
          top: row / LATTICE_ROWS,
          bottom: (row + 5) / LATTICE_ROWS,
        },
        confidence: 0.5 + 0.4 * random.next(),
        label: 'person',
        classProbabilities: Float32Array.of(0.9, 0.1 * random.next()),
      });
    }
    const lattice = {
      rows: LATTICE_ROWS,
      columns: LATTICE_COLUMNS,
      channels: MOTION_LATTICE_CHANNELS.length,
      values,
    };
    const step = stepBackdrop(backdrop, lattice, 1);
    backdrop = step.state;
    const features = {
      ...street.segment(sequence),
      lattice,
      // now and then the detector has no time
      objects: sequence % 7 === 3 ? null : objects,
    };
    return observationOf(features, [], step.foreground);
  });
}

function readingsOf(head: AnyCueHead, model: unknown, segments: readonly Observation[], restartAt: number | null) {
  let state = head.start(model);
  return segments.map((observation, index) => {
    if (restartAt !== null && index >= restartAt && index < restartAt + 3) state = restored(state);
    const outcome = head.read(model, state, observation);
    state = outcome.state;
    return outcome.readings;
  });
}

function restored(state: unknown): unknown {
  // as it comes from the database: a Buffer
  return (decodeState(Buffer.from(encodeState({ state }))) as { state: unknown }).state;
}

describe.each(headsFor({ detector: true }).map((head) => [head.name, head] as const))('the head %s', (_, head) => {
  const history: readonly HistorySample[] = observations(1, 120).map((one, index) => ({
    ...one,
    fold: Math.floor(index / 15),
  }));
  const { model, readings } = head.learn(history, SHAPE, 1);
  const segments = observations(2, 40);

  it('gives one reading a cue, for the history and for what follows, and is not silent about all of it', () => {
    expect(readings).toHaveLength(history.length);
    expect(readings.some((own) => own.some(({ silent }) => silent !== true))).toBe(true);
    for (const own of readings) expect(own).toHaveLength(head.cues.length);
    for (const own of readingsOf(head, model, segments, null)) {
      expect(own).toHaveLength(head.cues.length);
      for (const { raw } of own) expect(Number.isFinite(raw)).toBe(true);
    }
  });

  it('reads a prefix as it reads the whole, bit for bit', () => {
    const whole = readingsOf(head, model, segments, null);
    for (const length of [1, 9, 23]) {
      expect(readingsOf(head, model, segments.slice(0, length), null)).toStrictEqual(whole.slice(0, length));
    }
  });

  it('goes on from a stored state and with a stored model as if nothing had happened', () => {
    const stored = restored(model);
    expect(readingsOf(head, stored, segments, 17)).toStrictEqual(readingsOf(head, model, segments, null));
  });

  it('learns the same from the same', () => {
    const again = head.learn(history, SHAPE, 1);
    expect(encodeState(again.model)).toEqual(encodeState(model));
    expect(again.readings).toStrictEqual(readings);
  });

  it('leaves what it is given untouched', () => {
    const before = encodeState({ segments, model });
    readingsOf(head, model, segments, null);
    expect(encodeState({ segments, model })).toEqual(before);
  });
});
