import { describe, expect, it } from 'vitest';
import { suppress, type TileObject } from '../../../../src/infer/runner/detector/suppress.ts';

const object = (
  [left, top, right, bottom]: readonly [number, number, number, number],
  confidence: number,
  label = 'person',
  cut = false,
): TileObject => ({
  box: { left, top, right, bottom },
  confidence,
  label,
  classProbabilities: Float32Array.of(1),
  cut,
});
const options = { overlap: 0.45, maximum: 10 };

describe('taking out doubles', () => {
  it('keeps the surest of two boxes around one thing', () => {
    const kept = suppress([object([0, 0, 0.2, 0.4], 0.5), object([0.01, 0, 0.21, 0.4], 0.9)], options);
    expect(kept.map(({ confidence }) => confidence)).toEqual([0.9]);
  });

  it('keeps a rider and the bicycle, which share half of their boxes', () => {
    const rider = object([0, 0, 0.2, 0.4], 0.9);
    const bicycle = object([0, 0.15, 0.2, 0.5], 0.8, 'bicycle');
    expect(suppress([rider, bicycle], options).map(({ label }) => label)).toEqual(['person', 'bicycle']);
    const sameBox = object([0, 0.01, 0.2, 0.4], 0.3, 'bicycle');
    expect(suppress([rider, sameBox], options).map(({ label }) => label)).toEqual(['person']);
  });

  it('prefers the view of the whole to what the border of a tile cuts, even where that is surer', () => {
    const whole = object([0.5, 0.2, 0.8, 0.6], 0.6);
    const part = object([0.5, 0.2, 0.62, 0.6], 0.9, 'backpack', true);
    expect(suppress([part, whole], options).map(({ confidence }) => confidence)).toEqual([0.6]);
    expect(suppress([part], options)).toHaveLength(1);
  });

  it('gives the surest first, and no more than the maximum', () => {
    const row = Array.from({ length: 5 }, (_, i) => object([i * 0.1, 0, i * 0.1 + 0.05, 0.1], (i + 1) / 10));
    expect(suppress(row, { overlap: 0.45, maximum: 2 }).map(({ confidence }) => confidence)).toEqual([0.5, 0.4]);
    expect(suppress(row, options)[0]).not.toHaveProperty('cut');
  });
});
