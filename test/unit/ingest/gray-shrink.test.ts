import { describe, expect, test } from 'vitest';
import { GrayShrink } from '../../../src/ingest/gray-shrink.ts';

describe('small gray pictures', () => {
  test('weigh the colours by BT.601 and keep black and white', () => {
    const colours = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0]);
    const gray = new GrayShrink({ width: 5, height: 1 }, { width: 5, height: 1 }).shrink(colours);
    expect([...gray]).toEqual([77, 149, 29, 255, 0]);
  });

  test('are means over the covered area, also where pixels are cut', () => {
    const line = Uint8Array.from([0, 60, 120].flatMap((level) => [level, level, level]));
    // three pixels onto two: (0 + 60 / 2) / 1.5 and (60 / 2 + 120) / 1.5
    expect([...new GrayShrink({ width: 3, height: 1 }, { width: 2, height: 1 }).shrink(line)]).toEqual([20, 100]);
    expect([...new GrayShrink({ width: 1, height: 3 }, { width: 1, height: 2 }).shrink(line)]).toEqual([20, 100]);
  });

  test('keep the mean of any picture within half a gray level', () => {
    const from = { width: 62, height: 41 };
    const picture = new Uint8Array(from.width * from.height * 3);
    let random = 1;
    for (let i = 0; i < picture.length; i += 3) {
      random = (random * 48_271) % 2_147_483_647;
      picture.fill(random % 256, i, i + 3);
    }
    const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const gray = new GrayShrink(from, { width: 24, height: 16 }).shrink(picture);
    expect(Math.abs(mean(gray) - mean(picture))).toBeLessThan(0.5);
  });

  test('come from larger pictures only', () => {
    expect(() => new GrayShrink({ width: 3, height: 9 }, { width: 4, height: 4 })).toThrow(RangeError);
  });
});
