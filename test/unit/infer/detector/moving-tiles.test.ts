import { describe, expect, it } from 'vitest';
import { movingTiles } from '../../../../src/infer/runner/detector/moving-tiles.ts';
import { makeSegment } from '../../../support/segments.ts';

const WIDTH = 48;
const HEIGHT = 16;
const tiles = [
  { left: 0, width: 416, height: 416 },
  { left: 208, width: 416, height: 416 },
];

/** Frames of a gray wall with a brighter patch of 6 x 6 whose left edge is at `lefts[frame]`; null: no patch. */
function walk(lefts: readonly (number | null)[], noise = 0): ReturnType<typeof makeSegment> {
  const pixels = new Uint8Array(lefts.length * WIDTH * HEIGHT).fill(100);
  let random = 1;
  for (const [frame, left] of lefts.entries()) {
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++) {
        random = (random * 48_271) % 2_147_483_647;
        const at = frame * WIDTH * HEIGHT + y * WIDTH + x;
        const patch = left !== null && x >= left && x < left + 6 && y >= 4 && y < 10 ? 60 : 0;
        pixels[at] = 100 + patch + Math.round(((random / 2_147_483_647) * 2 - 1) * noise);
      }
  }
  const frameTimesMs = lefts.map((_, i) => i * 100);
  return makeSegment({ width: WIDTH, height: HEIGHT, frameTimesMs, pixels });
}

describe('where something moves', () => {
  it.each([
    ['nothing', walk([null, null, null]), [false, false]],
    ['nothing but noise of the sensor', walk([20, 20, 20], 3), [false, false]],
    ['what stands still', walk([4, 4, 4]), [false, false]],
    ['a walker on the left', walk([2, 4, 6]), [true, false]],
    ['a walker on the right', walk([40, 39, 38]), [false, true]],
    ['a walker in the part that both tiles see', walk([20, 21, 22]), [true, true]],
    ['what creeps by one pixel in all', walk([38, 38, 39]), [false, true]],
  ] as const)('%s', (_, segment, expected) => {
    expect(movingTiles(segment, tiles, 624)).toEqual(expected);
  });
});
