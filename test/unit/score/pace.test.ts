import { describe, expect, it } from 'vitest';
import { Pace } from '../../../src/score/pace.ts';
import { SeededRandom } from '../../../src/score/random.ts';

function played(pace: Pace, segments: number, scale: number, seed = 3): Pace {
  const random = new SeededRandom(seed);
  for (let segment = 0; segment < segments; segment++) pace.observe(-Math.log(1 - random.next()) * scale);
  return pace;
}

describe('the pace of a scene', () => {
  it('is one while the scene is as it was learned, or calmer', () => {
    expect(played(new Pace(), 20_000, 1).factor).toBeLessThan(1.1);
    expect(played(new Pace(), 20_000, 0.3).factor).toBe(1);
  });

  it('follows a livelier hour within a quarter of it', () => {
    expect(played(new Pace(), 1_800, 2).factor).toBeGreaterThan(1.4);
  });

  it('comes back after it', () => {
    expect(played(played(new Pace(), 3_600, 3), 7_200, 1).factor).toBeLessThan(1.1);
  });

  it('hardly moves for an event of ten seconds', () => {
    const pace = played(new Pace(), 5_000, 1);
    for (let segment = 0; segment < 20; segment++) pace.observe(30);
    expect(pace.factor).toBeLessThan(1.15);
  });

  it('never exceeds four', () => {
    expect(played(new Pace(), 20_000, 100).factor).toBeCloseTo(4);
  });
});
