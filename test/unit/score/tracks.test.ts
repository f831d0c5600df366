import { beforeAll, describe, expect, it } from 'vitest';
import type { GridShape, HistorySample, Reading } from '../../../src/score/cue-head.ts';
import { MOTION_LATTICE_CHANNELS } from '../../../src/score/motion-grid-channels.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import type { Lattice } from '../../../src/score/segment-features.ts';
import { decodeState, encodeState } from '../../../src/score/state-codec.ts';
import { MAXIMUM_PARTS, movingParts, PART_FIELDS, partIndex } from '../../../src/score/tracks/moving-parts.ts';
import { TRACK_CUES } from '../../../src/score/tracks/track-cues.ts';
import { type TrackModel, type TrackState, trackHead } from '../../../src/score/tracks/track-head.ts';

const SHAPE: GridShape = { rows: 10, columns: 15, channels: 16 };
const [ROWS, COLUMNS] = [40, 60];
const CHANNELS = MOTION_LATTICE_CHANNELS.length;

/** Something rectangular that moves: lattice places, pixels a frame, brightness. */
interface Mover {
  readonly column: number;
  readonly row: number;
  readonly width: number;
  readonly height: number;
  readonly velocityX: number;
  readonly velocityY?: number;
  readonly agitation?: number;
}

function latticeOf(movers: readonly Mover[]): Lattice {
  const values = new Float32Array(ROWS * COLUMNS * CHANNELS);
  for (const { column, row, width, height, velocityX, velocityY = 0, agitation = 0.02 } of movers) {
    for (let r = Math.max(0, row); r < Math.min(ROWS, row + height); r++) {
      for (let c = Math.max(0, column); c < Math.min(COLUMNS, column + width); c++) {
        values.set([velocityX, velocityY, 0.05, 0.05, agitation, 0.01], (r * COLUMNS + c) * CHANNELS);
      }
    }
  }
  return { rows: ROWS, columns: COLUMNS, channels: CHANNELS, values };
}

function sampleOf(sequence: number, movers: readonly Mover[], fold = 0): HistorySample {
  return {
    epoch: 1,
    sequence,
    startMs: sequence * 500,
    endMs: sequence * 500 + 400,
    values: new Float32Array(SHAPE.rows * SHAPE.columns * SHAPE.channels),
    blobs: new Float32Array(0),
    parts: movingParts(latticeOf(movers)),
    objects: null,
    fold,
  };
}

const PAVEMENT_ROW = 10;
const ROAD_ROW = 26;
const person = (column: number, velocityX: number, more: Partial<Mover> = {}): Mover => ({
  column: Math.round(column),
  row: PAVEMENT_ROW,
  width: 2,
  height: 6,
  velocityX,
  ...more,
});

/** A pavement on which people walk both ways, and a road on which cars drive to the right, eight times as fast. */
function streetLife(sequence: number, random: SeededRandom): readonly Mover[] {
  const along = (period: number) => (sequence * period) % 60;
  const noise = () => 1 + 0.3 * (random.next() - 0.5);
  const car: Mover = { column: Math.round(along(10)), row: ROAD_ROW, width: 12, height: 7, velocityX: 8 * noise() };
  return [
    person(along(1.25), noise(), { velocityY: 0.1 * (random.next() - 0.5) }),
    person(59 - along(1.25), -noise(), { row: PAVEMENT_ROW + 1 }),
    ...(sequence % 20 < 6 ? [car] : []),
  ];
}

let model: TrackModel;

function watch(segments: readonly (readonly Mover[])[], from: TrackState = trackHead.start(model)) {
  let state = from;
  const readings: (readonly Reading[])[] = [];
  segments.forEach((movers, sequence) => {
    const read = trackHead.read(model, state, sampleOf(10_000 + sequence, movers));
    state = read.state;
    readings.push(read.readings);
  });
  return { readings, state };
}

const peak = (readings: readonly (readonly Reading[])[], cue: string): number => {
  const index = TRACK_CUES.findIndex(({ name }) => name === cue);
  return Math.max(...readings.map((reading) => reading[index]?.raw ?? 0));
};

/** Someone alone who comes from the right at so many pixels a frame. */
const passage = (speed: number, more: Partial<Mover> = {}) =>
  Array.from({ length: 8 }, (_, segment) => [person(56 - (segment * speed * 5) / 4, -speed, more)]);

describe('the parts of what moves', () => {
  it('are fastest where somebody runs through a group, and know how large the whole is', () => {
    const group = { ...person(20, 0.8), width: 9 };
    const parts = movingParts(latticeOf([group, person(29, 5)]));
    expect(parts[partIndex('velocityX')]).toBeGreaterThan(3);
    expect(parts[partIndex('area')]).toBe(11 * 6);
    expect(parts[PART_FIELDS.length + partIndex('velocityX')]).toBeLessThan(1);
  });

  it('are none where nothing moves, and never more than are kept', () => {
    expect(movingParts(latticeOf([]))).toHaveLength(0);
    const many = Array.from({ length: 60 }, (_, index) =>
      person((index % 15) * 4, 1, { row: Math.floor(index / 15) * 9 }),
    );
    expect(movingParts(latticeOf(many)).length).toBe(MAXIMUM_PARTS * PART_FIELDS.length);
  });
});

describe('the track head', () => {
  beforeAll(() => {
    const random = new SeededRandom(3);
    const history = Array.from({ length: 480 }, (_, sequence) =>
      sampleOf(sequence, streetLife(sequence, random), Math.floor(sequence / 60)),
    );
    model = trackHead.learn(history, SHAPE, 1).model;
  });

  it('is struck by who runs where people walk, though cars are faster than that', () => {
    const walks = peak(watch(passage(1)).readings, 'track-speed');
    const runs = peak(watch(passage(3)).readings, 'track-speed');
    expect(runs).toBeGreaterThan(walks + 1.5);
  });

  it('is struck by a car that comes the wrong way, but by none that comes the usual one', () => {
    const car = (velocityX: number) =>
      Array.from({ length: 5 }, (_, segment) => [
        {
          column: velocityX > 0 ? segment * 10 : 48 - segment * 10,
          row: ROAD_ROW,
          width: 12,
          height: 7,
          velocityX,
        },
      ]);
    const usual = peak(watch(car(8)).readings, 'track-course');
    expect(peak(watch(car(-8)).readings, 'track-course')).toBeGreaterThan(usual + 1);
  });

  it('is struck by somebody on the road, where only cars are', () => {
    const usual = peak(watch(passage(1)).readings, 'track-place');
    expect(peak(watch(passage(1, { row: ROAD_ROW })).readings, 'track-place')).toBeGreaterThan(usual + 0.3);
  });

  it('adds up what is odd in several ways: who runs on the road is odder than who runs, and than who walks there', () => {
    const together = (readings: readonly (readonly Reading[])[]) =>
      Math.max(...readings.map((reading) => reading[TRACK_CUES.length]?.raw ?? 0));
    const walksOnTheRoad = together(watch(passage(1, { row: ROAD_ROW })).readings);
    const runs = together(watch(passage(3)).readings);
    expect(together(watch(passage(3, { row: ROAD_ROW })).readings)).toBeGreaterThan(Math.max(runs, walksOnTheRoad) + 1);
    expect(runs).toBeGreaterThan(together(watch(passage(1)).readings) + 2);
  });

  it('hears several segments before it says much', () => {
    const index = TRACK_CUES.findIndex(({ name }) => name === 'track-speed');
    const raws = watch(passage(3)).readings.map((reading) => reading[index]?.raw ?? 0);
    expect(raws[0]).toBeLessThan(0.6 * Math.max(...raws));
  });

  it('forgets what was gathered when segments are missing between', () => {
    const { state } = watch(passage(3));
    const next = trackHead.read(model, state, sampleOf(20_000, [person(20, -3)]));
    const fresh = trackHead.read(model, trackHead.start(model), sampleOf(20_000, [person(20, -3)]));
    expect(next.readings).toEqual(fresh.readings);
  });

  it('goes on bit-equally from a stored state', () => {
    const before = watch(passage(3).slice(0, 4)).state;
    const restored = decodeState(encodeState(before)) as TrackState;
    const next = sampleOf(10_004, passage(3)[4] ?? []);
    expect(trackHead.read(model, restored, next).readings).toEqual(trackHead.read(model, before, next).readings);
  });

  it('is silent where the history has no parts, and where a segment has none', () => {
    const { parts: _, ...bare } = sampleOf(1, []);
    const learned = trackHead.learn([bare], SHAPE, 1);
    const read = trackHead.read(learned.model, trackHead.start(learned.model), sampleOf(2, [person(10, 1)]));
    expect(read.readings.every(({ silent }) => silent)).toBe(true);
    expect(trackHead.read(model, trackHead.start(model), bare).readings.every(({ silent }) => silent)).toBe(true);
  });
});
