import { describe, expect, it } from 'vitest';
import { halved, halveInto, widened, widenedAt } from '../../../src/score/halved.ts';
import { SeededRandom } from '../../../src/score/random.ts';

const random = new SeededRandom(3);
const VALUES = Float32Array.from({ length: 2_000 }, () => (random.next() - 0.5) * 10 ** (8 * random.next() - 6));

describe('what is kept in half the bytes', () => {
  it('comes back within 0.4 percent, whatever its size and sign', () => {
    const back = widened(halved(VALUES));
    expect(back).toHaveLength(VALUES.length);
    for (const [index, value] of VALUES.entries()) {
      expect(Math.abs((back[index] ?? 0) - value)).toBeLessThanOrEqual(Math.abs(value) / 256);
    }
  });

  it('is kept exactly where nothing is lost, and does not change a second time', () => {
    const exact = Float32Array.from([0, -0, 1, -1.5, 0.0078125, 3e38, 1e-38]);
    expect([...widened(halved(exact.subarray(0, 5)))]).toEqual([...exact.subarray(0, 5)]);
    const once = halved(VALUES);
    expect(halved(widened(once))).toEqual(once);
  });

  it('is read at single places and in parts as it is read whole', () => {
    const halves = new Uint16Array(VALUES.length + 8);
    halveInto(VALUES, halves, 5);
    const whole = widened(halved(VALUES));
    expect(widened(halves, 5, VALUES.length)).toEqual(whole);
    expect(widened(halves, 105, 10)).toEqual(whole.slice(100, 110));
    for (const index of [0, 1, 999, 1_999]) expect(widenedAt(halves, 5 + index)).toBe(whole[index]);
  });

  it('takes a part of a longer array', () => {
    expect(halved(VALUES.subarray(10, 20))).toEqual(halved(VALUES).slice(10, 20));
  });
});
