import { describe, expect, it } from 'vitest';
import { type BackdropState, stepBackdrop } from '../../../../src/score/figures/backdrop.ts';
import {
  FIGURE_FIELDS,
  type FigureField,
  figureIndex,
  figureParts,
  MAXIMUM_MOVING,
  MAXIMUM_STANDING,
} from '../../../../src/score/figures/figure-parts.ts';
import { type Figure, latticeOf } from './figure-scene.ts';

const EMPTY = (() => {
  let state: BackdropState | null = null;
  for (let segment = 0; segment < 80; segment++) state = stepBackdrop(state, latticeOf([]), 1).state;
  return state;
})();

/** The parts that are seen after figures have been there for so many segments. */
function partsOf(figures: readonly Figure[], segments = 1): Record<FigureField, number>[] {
  let state = EMPTY;
  let parts = new Float32Array(0);
  for (let segment = 0; segment < segments; segment++) {
    const lattice = latticeOf(figures);
    const step = stepBackdrop(state, lattice, 1);
    state = step.state;
    parts = figureParts(lattice, step.foreground) as Float32Array<ArrayBuffer>;
  }
  return Array.from({ length: parts.length / FIGURE_FIELDS.length }, (_, part) => {
    const own = FIGURE_FIELDS.map((name) => [name, parts[part * FIGURE_FIELDS.length + figureIndex(name)] ?? 0]);
    return Object.fromEntries(own) as Record<FigureField, number>;
  });
}

const walker: Figure = { column: 20, row: 10, width: 2, height: 6, velocityX: 1 };

describe('the parts of figures', () => {
  it('know where a walker is, how fast, and how large', () => {
    const [part, ...others] = partsOf([walker]);
    expect(others).toHaveLength(0);
    expect(part).toMatchObject({ foot: 64, height: 24, width: 8, area: 12, still: 0 });
    expect(part?.velocityX).toBeCloseTo(1, 2);
    expect(part?.x).toBeGreaterThanOrEqual(80);
    expect(part?.x).toBeLessThanOrEqual(88);
    expect(part?.brighter).toBeLessThan(-0.5);
  });

  it('are fastest where somebody runs through a group, and know how large the whole is', () => {
    const [fastest, next] = partsOf([
      { ...walker, width: 9, velocityX: 0.8 },
      { ...walker, column: 29, velocityX: 5 },
    ]);
    expect(fastest?.velocityX).toBeGreaterThan(3);
    expect(fastest?.area).toBe(66);
    expect(next?.velocityX).toBeLessThan(1);
  });

  it('tell what swings its limbs from what glides', () => {
    const [walks] = partsOf([{ ...walker, agitation: 0.04 }]);
    const [glides] = partsOf([{ ...walker, agitation: 0.01 }]);
    expect(walks?.limbs).toBeGreaterThan((glides?.limbs ?? 0) + 1);
  });

  it('are those of a standing figure from its second segment on, with the seconds that it has stood', () => {
    const bag: Figure = { column: 40, row: 20, width: 3, height: 2 };
    expect(partsOf([bag], 1)).toHaveLength(0);
    const [stands] = partsOf([bag], 8);
    expect(stands).toMatchObject({ velocityX: 0, foot: 88, height: 8, width: 12, area: 6, still: 4 });
  });

  it('are none where nothing is, and never more than are kept', () => {
    expect(partsOf([])).toHaveLength(0);
    const many = Array.from({ length: 60 }, (_, index) => ({
      ...walker,
      column: (index % 15) * 4,
      row: Math.floor(index / 15) * 9,
      velocityX: index % 2 === 0 ? 1 : 0,
    }));
    const parts = partsOf(many, 6);
    expect(parts.filter(({ still }) => still === 0)).toHaveLength(MAXIMUM_MOVING);
    expect(parts.filter(({ still }) => still > 0)).toHaveLength(MAXIMUM_STANDING);
  });
});
