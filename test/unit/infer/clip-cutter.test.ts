import { describe, expect, it } from 'vitest';
import type { Clip } from '../../../src/bus/segment.ts';
import type { PictureManifest } from '../../../src/infer/packs/picture-manifest.ts';
import { ClipCutter } from '../../../src/infer/runner/clip-cutter.ts';
import { PictureShrink } from '../../../src/media/picture-shrink.ts';

const input = (fields: Partial<PictureManifest['input']>): PictureManifest['input'] => ({
  name: 'clip',
  source: 'clip',
  framesPerSecond: 10,
  frames: 2,
  width: 2,
  height: 1,
  channels: 3,
  layout: 'NCTHW',
  type: 'float32',
  ...fields,
});
/** Picture n shows n in every pixel's red, its column in green, its row in blue. */
function clip({ frames, framesPerSecond, width, height }: Omit<Clip, 'pixels'>): Clip {
  const pixels: number[] = [];
  for (let n = 0; n < frames; n++) {
    for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) pixels.push(n, column, row);
  }
  return { frames, framesPerSecond, width, height, pixels: Uint8Array.from(pixels) };
}
const reds = (pixels: Uint8Array) => [...pixels].filter((_, i) => i % 3 === 0);

describe('what a pack takes of a camera’s clip', () => {
  const quick = clip({ frames: 16, framesPerSecond: 30, width: 2, height: 1 });

  it('is all of it where it asks for just that', () => {
    const cutter = new ClipCutter(input({ frames: 16, framesPerSecond: 30 }));
    expect(cutter.cut(quick)).toEqual(quick.pixels);
  });

  it.each([
    [1, 10, [15]],
    [2, 10, [12, 15]],
    [4, 15, [9, 11, 13, 15]],
    [6, 25, [9, 10, 11, 13, 14, 15]], // the nearest picture, 1.2 apart
  ])('is %i pictures at %i a second, counted back from the newest', (frames, framesPerSecond, expected) => {
    const pixels = new ClipCutter(input({ frames, framesPerSecond })).cut(quick);
    expect(reds(pixels).filter((_, i) => i % 2 === 0)).toEqual(expected);
  });

  it('is the centre of a picture that was made smaller', () => {
    const large = clip({ frames: 1, framesPerSecond: 10, width: 12, height: 8 });
    const cutter = new ClipCutter(input({ frames: 1, width: 2, height: 2, resize: { width: 6, height: 4 } }));
    // halved, columns 2 and 3 and rows 1 and 2: means of 4 and 5, 6 and 7; of 2 and 3, 4 and 5, rounded up
    expect([...cutter.cut(large)]).toEqual([0, 5, 3, 0, 7, 3, 0, 5, 5, 0, 7, 5]);
  });

  it('is nothing where the clip is too short, too small, or not there', () => {
    const cutter = new ClipCutter(input({ frames: 16, framesPerSecond: 30 }));
    const suits = (fields: Partial<Omit<Clip, 'pixels'>>) =>
      cutter.suits(clip({ frames: 16, framesPerSecond: 30, width: 2, height: 1, ...fields }));
    expect(suits({})).toBe(true);
    expect(suits({ frames: 32, framesPerSecond: 60 })).toBe(true);
    expect(suits({ frames: 15 })).toBe(false);
    expect(suits({ width: 1 })).toBe(false);
    expect(cutter.suits(undefined)).toBe(false);
    expect(cutter.suits({ ...quick, pixels: quick.pixels.subarray(3) })).toBe(false);
  });
});

describe('a picture made smaller', () => {
  it('has in each pixel the mean of the area that it covers', () => {
    const shrink = new PictureShrink({ width: 3, height: 1 }, { width: 2, height: 1 });
    const target = new Uint8Array(6);
    shrink.shrink(Uint8Array.of(0, 90, 3, 30, 90, 3, 90, 90, 3), target);
    expect([...target]).toEqual([10, 90, 3, 70, 90, 3]); // (0 + 30/2) / 1.5, (30/2 + 90) / 1.5
    expect(() => new PictureShrink({ width: 2, height: 2 }, { width: 3, height: 1 })).toThrow(RangeError);
  });
});
