import { describe, expect, it } from 'vitest';
import { decodeFastestDet } from '../../../../src/infer/runner/detector/fastest-det-decode.ts';
import { decodeYolox } from '../../../../src/infer/runner/detector/yolox-decode.ts';

const INPUT = { width: 64, height: 32 };

describe('reading a YOLOX output', () => {
  const rows = 32 + 8 + 2;
  const output = (cells: Readonly<Record<number, readonly number[]>>) => {
    const values = new Float32Array(rows * 7);
    for (const [row, cell] of Object.entries(cells)) values.set(cell, Number(row) * 7);
    return values;
  };

  it('places boxes by the cell of each of the three maps', () => {
    const found = decodeYolox(
      output({
        [1 * 8 + 3]: [0.25, 0.5, Math.log(2), Math.log(3), 1, 0.75, 0.5], // stride 8, row 1, column 3
        [32 + 1 * 4 + 2]: [0, 0, 0, 0, 0.5, 0, 1], // stride 16, row 1, column 2
        [32 + 8 + 1]: [0.5, 0.5, 0, 0, 0.75, 1, 0], // stride 32, row 0, column 1
      }),
      INPUT,
      2,
      0.4,
    );
    expect(
      found.map(({ left, top, right, bottom }) => [left, top, right, bottom].map((edge) => Math.round(edge) + 0)),
    ).toEqual([
      [18, 0, 34, 24],
      [24, 8, 40, 24],
      [32, 0, 64, 32],
    ]);
    expect(found.map(({ label, confidence }) => [label, confidence])).toEqual([
      [0, 0.75],
      [1, 0.5],
      [0, 0.75],
    ]);
    expect([...(found[0]?.classProbabilities ?? [])]).toEqual([0.75, 0.5]);
  });

  it('drops what is below the confidence: objectness times the best class', () => {
    const values = output({ 0: [0, 0, 0, 0, 0.7, 0.7, 0.1], 1: [0, 0, 0, 0, 0.8, 0.8, 0.1] });
    expect(decodeYolox(values, INPUT, 2, 0.5).map(({ confidence }) => confidence)).toEqual([expect.closeTo(0.64, 5)]);
  });
});

describe('reading a FastestDet output', () => {
  const plane = 2 * 4;
  const output = (cell: number, given: readonly number[]) => {
    const values = new Float32Array(7 * plane);
    for (const [channel, value] of given.entries()) values[channel * plane + cell] = value;
    return values;
  };

  it('places the box by its cell, with offsets through tanh and sizes through the logistic function', () => {
    const [found, ...rest] = decodeFastestDet(
      output(1 * 4 + 2, [0.8, Math.atanh(0.5), 0, 0, 0, 0.25, 0.75]),
      INPUT,
      2,
      0.5,
    );
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ label: 1, confidence: expect.closeTo(0.6, 5) });
    // centre (2.5 cells, 1 cell), half of the picture wide and high
    expect([found?.left, found?.top, found?.right, found?.bottom]).toEqual(
      [24, 8, 56, 24].map((edge) => expect.closeTo(edge, 4)),
    );
  });

  it('drops what is below the confidence', () => {
    expect(decodeFastestDet(output(0, [0.8, 0, 0, 0, 0, 0.5, 0.5]), INPUT, 2, 0.5)).toEqual([]);
  });
});
