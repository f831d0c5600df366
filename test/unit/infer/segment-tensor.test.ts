import { describe, expect, it } from 'vitest';
import type { PictureManifest } from '../../../src/infer/packs/picture-manifest.ts';
import { batchDims, batchTensor, checkSegment } from '../../../src/infer/runner/segment-tensor.ts';
import { makeSegment } from '../../support/segments.ts';

const input = (fields: Partial<PictureManifest['input']>): PictureManifest['input'] => ({
  name: 'frames',
  framesPerSecond: 2,
  frames: 2,
  height: 1,
  width: 2,
  channels: 3,
  layout: 'NTHWC',
  type: 'uint8',
  ...fields,
});
// frame 0: pixels (0 1 2) (3 4 5), frame 1: (6 7 8) (9 10 11)
const colour = makeSegment({
  width: 2,
  height: 1,
  pixelFormat: 'rgb24',
  pixels: Uint8Array.from({ length: 12 }, (_, i) => i),
});

describe('laying a segment into a tensor', () => {
  it.each([
    ['NTHWC', [1, 2, 1, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['NTCHW', [1, 2, 3, 1, 2], [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]],
    ['NCTHW', [1, 3, 2, 1, 2], [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]],
  ] as const)('follows the layout %s, for bytes and for floats', (layout, dims, values) => {
    expect(batchDims(input({ layout }), 1)).toEqual(dims);
    expect([...batchTensor(input({ layout }), [colour])]).toEqual(values);
    expect([...batchTensor(input({ layout, type: 'float32' }), [colour])].map(Math.round)).toEqual(values);
    expect([...batchTensor(input({ layout }), [colour, colour])]).toEqual([...values, ...values]);
  });

  it('normalises each channel on its own', () => {
    const tensor = batchTensor(input({ type: 'float32', valueRange: [0, 255], mean: [0, 1, 2], std: [1, 2, 4] }), [
      colour,
    ]);
    expect([...tensor].slice(0, 6)).toEqual([0, 0, 0, 3, 1.5, 0.75]);
  });

  it('refuses a segment of another size, naming both', () => {
    expect(() => checkSegment(input({}), makeSegment())).toThrow(
      'it has 2 frames of 4 x 4 gray8, the pack takes 2 of 2 x 1 rgb24',
    );
    expect(() => checkSegment(input({}), colour)).not.toThrow();
  });
});
