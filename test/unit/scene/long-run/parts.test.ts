import { describe, expect, it } from 'vitest';
import { BlockCodec } from '../../../../src/scene/long-run/block-codec.ts';
import { DaytimeModel } from '../../../../src/scene/long-run/daytime.ts';
import { BRIGHTEST, DARKEST, GrayPicture } from '../../../../src/scene/long-run/gray-picture.ts';
import { atHour, SCENE_KINDS } from '../../../../src/scene/long-run/scene-kind.ts';
import { SensorNoise } from '../../../../src/scene/long-run/sensor-noise.ts';
import { shiftBetweenPixels } from '../../../../src/scene/long-run/shift-picture.ts';

describe('sensor noise', () => {
  it.each([DARKEST, 128, BRIGHTEST])('on grey %i spills nothing into neighbouring pixels', (gray) => {
    const pixels = new Uint8Array(40_000).fill(gray);
    new SensorNoise(1, 5).addTo(new Int32Array(pixels.buffer), 12345);
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    const deviation = Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length);
    expect(mean).toBeCloseTo(gray, 0);
    expect(deviation).toBeGreaterThan(4.5);
    expect(deviation).toBeLessThan(5.5);
    expect(pixels.reduce((most, value) => Math.max(most, Math.abs(value - gray)), 0)).toBeLessThanOrEqual(15);
  });
});

describe('shifting between pixels', () => {
  it('gives the mean of the four neighbours at half a pixel each way', () => {
    const picture = new GrayPicture(8, 4);
    picture.pixels.forEach((_, index) => {
      picture.pixels[index] = (index * 37) % 200;
    });
    const before = picture.pixels.slice();
    shiftBetweenPixels(picture, 8, 8);
    for (let y = 0; y < 3; y += 1) {
      for (let x = 0; x < 7; x += 1) {
        const at = y * 8 + x;
        const four = [at, at + 1, at + 8, at + 9].reduce((sum, index) => sum + (before[index] ?? 0), 0) / 4;
        expect(Math.abs((picture.pixels[at] ?? 0) - four)).toBeLessThanOrEqual(1.5);
      }
    }
  });
});

describe('the light of a day', () => {
  it.each([1, 2, 3])(
    'with infrared (seed %i) switches once at dusk, once at dawn, each time through a washed-out moment',
    (seed) => {
      const street = SCENE_KINDS.find(({ name }) => name === 'street');
      if (!street) throw new Error('no street');
      const day = new DaytimeModel(street, seed, 12, 86_400);
      const switches: number[] = [];
      for (let second = 1; second < 86_400; second += 1) {
        const [before, now] = [day.at(second - 1), day.at(second)];
        if (Math.round(before.infrared) !== Math.round(now.infrared)) switches.push(day.hourAt(second));
      }
      expect(switches).toHaveLength(2);
      expect(switches[0]).toBeGreaterThan(19);
      expect(switches[1]).toBeLessThan(7);
      const dusk = ((switches[0] ?? 0) - 12) * 3600;
      const levels = Array.from({ length: 60 }, (_, tenth) => day.at(dusk - 3 + tenth / 10).level);
      expect(Math.max(...levels)).toBeGreaterThan(1.5 * (levels[0] ?? 0));
    },
  );
});

describe('hard compression', () => {
  it('holds still what hardly changes between key frames, and shows what does', () => {
    const codec = new BlockCodec(16, 8, 5);
    const picture = new Uint8Array(128).fill(100);
    codec.pass(new Int32Array(picture.buffer), 0);
    const key = picture.slice();
    const next = new Uint8Array(128).fill(102);
    // the right block changes for good
    for (let y = 0; y < 8; y += 1) next.fill(160, y * 16 + 8, y * 16 + 16);
    codec.pass(new Int32Array(next.buffer), 1);
    expect(next[0]).toBe(key[0]);
    expect(next[8]).toBeGreaterThan(150);
  });
});

describe('a polygon', () => {
  it('covers its area and nothing else', () => {
    const picture = new GrayPicture(20, 20);
    picture.polygon([4, 4, 12, 4, 12, 10, 4, 10], 200);
    expect(picture.pixels[5 * 20 + 8]).toBe(200);
    expect(picture.pixels[2 * 20 + 8]).toBe(0);
    expect(picture.pixels[5 * 20 + 15]).toBe(0);
    const sum = picture.pixels.reduce((total, gray) => total + gray, 0) / 200;
    expect(sum).toBeGreaterThan(40);
    expect(sum).toBeLessThan(70);
  });
});

describe('a day curve', () => {
  it('is linear between its points and goes round at midnight', () => {
    const curve = [
      [6, 0],
      [18, 12],
    ] as const;
    expect(atHour(curve, 12)).toBe(6);
    expect(atHour(curve, 0)).toBe(6);
    expect(atHour(curve, 23.999)).toBeCloseTo(6, 1);
  });
});
