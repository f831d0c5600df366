import { beforeAll, describe, expect, it } from 'vitest';
import type { HistorySample, Reading } from '../../../../src/score/cue-head.ts';
import { FIGURE_CUES, type FigureModel, figureHead } from '../../../../src/score/figures/figure-head.ts';
import type { PathState } from '../../../../src/score/figures/figure-paths.ts';
import { SeededRandom } from '../../../../src/score/random.ts';
import { decodeState, encodeState } from '../../../../src/score/state-codec.ts';
import { COLUMNS, type Figure } from './figure-scene.ts';
import { PAVEMENT_ROW, person, ROAD_ROW, streetLife, Watcher } from './street-life.ts';

const SHAPE = { rows: 10, columns: 15, channels: 16 };
const LEARNED = 960;
const FIGURE = 0;
const STANDING = 1;

let model: FigureModel;
let history: readonly (readonly Reading[])[];

/** What is said of segments that follow the street's life, each with figures of its own instead. */
function watch(segments: readonly (readonly Figure[])[]): {
  readonly readings: readonly (readonly Reading[])[];
  readonly state: PathState;
} {
  const watcher = new Watcher();
  watcher.life(LEARNED);
  let state = figureHead.start(model);
  const readings = segments.map((figures) => {
    const outcome = figureHead.read(model, state, watcher.sample(figures));
    state = outcome.state;
    return outcome.readings;
  });
  return { readings, state };
}

/** Somebody crosses the picture, so many pixels a frame. */
const passage = (velocityX: number, more: Partial<Figure> = {}): readonly (readonly Figure[])[] =>
  Array.from({ length: Math.min(16, Math.floor((COLUMNS - 4) / (1.25 * velocityX))) }, (_, segment) => [
    person(2 + 1.25 * velocityX * segment, velocityX, more),
  ]);

const peak = (readings: readonly (readonly Reading[])[], cue: number): number =>
  Math.max(...readings.map((reading) => reading[cue]?.raw ?? 0));
const strongest = (readings: readonly (readonly Reading[])[], cue: number): Reading =>
  readings.map((reading) => reading[cue] as Reading).reduce((most, own) => (own.raw > most.raw ? own : most));

describe('the figure head', () => {
  beforeAll(() => {
    const learned = figureHead.learn(new Watcher().life(LEARNED), SHAPE, 1);
    model = learned.model;
    history = learned.readings;
  });

  it('is struck by who runs where people walk, though cars are faster, and says so', () => {
    const runs = watch(passage(3.5)).readings;
    expect(peak(runs, FIGURE)).toBeGreaterThan(peak(watch(passage(1)).readings, FIGURE) + 3);
    expect(peak(runs, FIGURE)).toBeGreaterThan(peak(history, FIGURE));
    expect(figureHead.describe(model, 'figure', strongest(runs, FIGURE))).toMatch(
      /times faster|speed and in a direction/,
    );
  });

  it('is struck by a car that comes the wrong way, but by none that comes the usual one', () => {
    const car = (velocityX: number) =>
      Array.from({ length: 10 }, (_, segment): readonly Figure[] => [
        { column: velocityX > 0 ? segment * 5 : 48 - segment * 5, row: ROAD_ROW, width: 12, height: 7, velocityX },
      ]);
    expect(peak(watch(car(-4)).readings, FIGURE)).toBeGreaterThan(peak(watch(car(4)).readings, FIGURE) + 2);
  });

  it('gives no speed or gait for a reason of what stands', () => {
    const bag: Figure = { column: 30, row: PAVEMENT_ROW + 8, width: 3, height: 3 };
    for (const reading of watch([...passage(3.5), ...Array.from({ length: 40 }, () => [bag])]).readings) {
      const own = reading[STANDING] as Reading;
      if (own.box) expect(figureHead.describe(model, 'standing', own)).not.toMatch(/moves|movement/);
    }
  });

  it('keeps what stands apart from what moves', () => {
    const bag: Figure = { column: 30, row: PAVEMENT_ROW + 8, width: 3, height: 3 };
    const { readings } = watch(Array.from({ length: 40 }, () => [bag]));
    expect(peak(readings.slice(10), FIGURE)).toBe(-8);
    expect(readings[0]?.[STANDING]?.raw).toBe(-3);
    expect(peak(readings, STANDING)).toBeGreaterThan(-1);
    const reading = strongest(readings, STANDING);
    expect(reading.box?.left).toBeCloseTo(30 / COLUMNS, 1);
    expect(figureHead.describe(model, 'standing', reading)).toMatch(/stand|stood/);
  });

  it('says of what stands what the last seconds say: neither is it silenced by a moment, nor one moment loud', () => {
    const bag: Figure = { column: 30, row: PAVEMENT_ROW + 8, width: 3, height: 3 };
    const stood = Array.from({ length: 40 }, (): readonly Figure[] => [bag]);
    const { readings } = watch([...stood, [], ...stood.slice(0, 20), ...Array.from({ length: 30 }, () => [])]);
    const raws = readings.map((reading) => reading[STANDING]?.raw ?? 0);
    const nothing = raws[0] ?? 0;
    const [before, hidden] = [raws[39] ?? 0, raws[40] ?? 0];
    expect(before).toBeGreaterThan(nothing + 2);
    // a seventh of the way down, and still about the same thing
    expect(hidden).toBeLessThan(before);
    expect(hidden - nothing).toBeGreaterThan(0.8 * (before - nothing));
    expect(readings[40]?.[STANDING]?.box?.left).toBeCloseTo(30 / COLUMNS, 1);
    // gone for good, it is forgotten within seconds
    expect(raws.at(-1)).toBeLessThan(nothing + 0.1 * (before - nothing));
    const steps = raws.slice(1).map((raw, index) => raw - (raws[index] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(0.3 * (before - nothing));
  });

  it('puts the box and the cell where the figure is', () => {
    const reading = strongest(watch(passage(3.5).slice(0, 4)).readings, FIGURE);
    const { left = 0, right = 0, top = 0, bottom = 0 } = reading.box ?? {};
    expect(right).toBeGreaterThan(left);
    expect(top).toBeGreaterThanOrEqual((PAVEMENT_ROW - 1) / 40);
    expect(bottom).toBeLessThanOrEqual((PAVEMENT_ROW + 7) / 40);
    expect(Math.floor(reading.cell / SHAPE.columns)).toBe(3);
  });

  it('forgets the paths when segments are missing between', () => {
    const { state } = watch(passage(3.5));
    const watcher = new Watcher();
    watcher.life(LEARNED + 100);
    const late = watcher.sample([person(20, 3.5)]);
    expect(figureHead.read(model, state, late).readings).toEqual(
      figureHead.read(model, figureHead.start(model), late).readings,
    );
  });

  it('goes on bit-equally from a stored state', () => {
    const watcher = new Watcher();
    const random = new SeededRandom(9);
    const samples = Array.from({ length: 60 }, (_, sequence) => watcher.sample(streetLife(sequence, random)));
    let [state, stored] = [figureHead.start(model), figureHead.start(model)];
    for (const sample of samples) {
      const expected = figureHead.read(model, state, sample);
      const actual = figureHead.read(model, decodeState(encodeState(stored)) as PathState, sample);
      expect(actual.readings).toEqual(expected.readings);
      [state, stored] = [expected.state, actual.state];
    }
  });

  it('is silent where the history has no figures, and where a segment has none', () => {
    const { figures: _, ...bare } = new Watcher().sample([]);
    const learned = figureHead.learn([bare], SHAPE, 1);
    const read = figureHead.read(learned.model, figureHead.start(learned.model), new Watcher().sample([person(10, 1)]));
    expect(read.readings.every(({ silent }) => silent)).toBe(true);
    const blind = figureHead.read(model, figureHead.start(model), bare);
    expect(blind.readings).toHaveLength(FIGURE_CUES.length);
    expect(blind.readings.every(({ silent }) => silent)).toBe(true);
    const learnedBare = { ...bare, fold: 0 } satisfies HistorySample;
    expect(figureHead.learn([learnedBare], SHAPE, 1).readings[0]?.every(({ silent }) => silent)).toBe(true);
  });
});
