import { beforeAll, describe, expect, it } from 'vitest';
import type { HistorySample } from '../../../../src/score/cue-head.ts';
import { FIGURE_FIELDS } from '../../../../src/score/figures/figure-parts.ts';
import {
  collectFigureReferences,
  type FigureReferences,
  JUDGEMENT_FIELDS,
  type JudgementField,
  judgeFigure,
  judgementIndex,
  ratiosToUsual,
  WHOLE_HISTORY,
} from '../../../../src/score/figures/figure-references.ts';
import type { Figure } from './figure-scene.ts';
import { PAVEMENT_ROW, person, ROAD_ROW, Watcher } from './street-life.ts';

let references: FigureReferences;
let history: readonly HistorySample[];
let watcher: Watcher;

beforeAll(() => {
  watcher = new Watcher();
  history = watcher.life(720);
  references = collectFigureReferences(history, 1);
});

/** The judgement of the first figure that is seen. */
function judge(figure: Figure, segments = 1, fold = WHOLE_HISTORY): Record<JudgementField, number> {
  let figures = new Float32Array(0);
  for (let segment = 0; segment < segments; segment++) {
    figures = watcher.sample([figure]).figures as Float32Array<ArrayBuffer>;
  }
  for (let segment = 0; segment < 4; segment++) watcher.sample([]);
  expect(figures.length).toBeGreaterThanOrEqual(FIGURE_FIELDS.length);
  const target = new Float32Array(JUDGEMENT_FIELDS.length);
  judgeFigure(references, figures, 0, fold, target, 0);
  const named = JUDGEMENT_FIELDS.map((name) => [name, target[judgementIndex(name)] ?? Number.NaN]);
  return Object.fromEntries(named) as Record<JudgementField, number>;
}

describe('what a camera knows of figures', () => {
  it('finds a walker ordinary, and a runner in the same place fast', () => {
    const walks = judge(person(20, 1));
    const runs = judge(person(20, 3.2));
    expect(Math.abs(walks.speed)).toBeLessThan(1.5);
    expect(runs.speed).toBeGreaterThan(walks.speed + 4);
    expect(runs.course).toBeGreaterThan(walks.course + 2);
  });

  it('judges by size and place: what is fast for a person is not for a car', () => {
    const car: Figure = { column: 22, row: ROAD_ROW, width: 12, height: 7, velocityX: 4 };
    expect(Math.abs(judge(car).speed)).toBeLessThan(1.5);
    expect(judge({ ...car, velocityX: -4 }).course).toBeGreaterThan(judge(car).course + 2);
    expect(judge({ ...car, row: PAVEMENT_ROW - 2, velocityX: 2 }).area).toBeGreaterThan(2);
  });

  it('knows where hardly anything is, and what is small for its place', () => {
    expect(judge(person(30, 1, { row: 33 })).place).toBeGreaterThan(judge(person(30, 1)).place + 1);
    expect(judge(person(30, 1, { row: PAVEMENT_ROW + 4, height: 2, width: 3 })).height).toBeLessThan(-1.5);
  });

  it('says how long things usually stand, and where', () => {
    const short = judge(person(45, 0), 4);
    const long = judge(person(45, 0), 60);
    const elsewhere = judge(person(10, 0), 4);
    expect(long.stays).toBeGreaterThan(short.stays + 1);
    expect(elsewhere.standing).toBeGreaterThan(short.standing + 1);
    // that people wait at the crossing says nothing of how long they wait elsewhere
    expect(elsewhere.stays).toBeGreaterThan(short.stays + 1);
    expect(judge(person(45, 1)).stays).toBe(0);
  });

  it('leaves a fold out', () => {
    const only = collectFigureReferences(
      history.map((sample) => ({ ...sample, fold: sample.fold === 3 ? 0 : 1 })),
      1,
    );
    const count = only.movingFolds.filter((fold) => fold === 1).length;
    expect(count).toBeLessThan(only.movingFolds.length);
    expect(only.segmentsWithout).toEqual([630, 90]);
  });

  it('gives ratios for words', () => {
    const { figures } = watcher.sample([person(20, 3)]);
    expect(ratiosToUsual(references, figures ?? new Float32Array(0)).speed).toBeGreaterThan(1.8);
  });

  it('is bounded, however long the history', () => {
    expect(references.movingFolds.length).toBeLessThanOrEqual(1000);
    expect(references.standingFolds.length).toBeLessThanOrEqual(400);
    expect(collectFigureReferences(history, 1)).toEqual(references);
  });
});
