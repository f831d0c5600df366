import { describe, expect, it } from 'vitest';
import { type GumbelPrior, predictiveLevel } from '../../../src/score/gumbel-prediction.ts';
import { SeededRandom } from '../../../src/score/random.ts';

const PRIOR: GumbelPrior = { location: 6, locationDeviation: 1.5, scale: 0.8, scaleDeviation: 0.5 };
const RARE = 1 / 144;

function maximaOf(count: number, location: number, scale: number, seed = 1) {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => ({
    maximum: location - scale * Math.log(-Math.log(1 - random.next())),
    weight: 1,
  }));
}

describe('the predicted level of the next maximum', () => {
  it('is the law’s own quantile when very many maxima are known', () => {
    const level = predictiveLevel(maximaOf(1_000, 4, 0.5), PRIOR, RARE, 0);
    expect(level).toBeCloseTo(4 - 0.5 * Math.log(-Math.log(1 - RARE)), 0);
  });

  it('is exceeded as often as it says by the next maximum of cameras drawn from the prior, few though their maxima are', () => {
    const random = new SeededRandom(4);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    let exceeded = 0;
    const cameras = 400;
    for (let camera = 0; camera < cameras; camera++) {
      const location = PRIOR.location + PRIOR.locationDeviation * normal();
      const scale = PRIOR.scale * Math.exp(PRIOR.scaleDeviation * normal());
      const maxima = maximaOf(7, location, scale, 10 + camera);
      const level = predictiveLevel(maxima.slice(0, 6), PRIOR, 0.1, 0);
      if ((maxima[6]?.maximum ?? 0) > level) exceeded += 1;
    }
    expect(exceeded / cameras).toBeGreaterThan(0.06);
    expect(exceeded / cameras).toBeLessThan(0.14);
  });

  it('comes down as maxima gather, and rises with what may drift', () => {
    const maxima = maximaOf(48, 4, 0.5);
    const [one = 0, six = 0, all = 0] = [1, 6, 48].map((count) =>
      predictiveLevel(maxima.slice(0, count), PRIOR, RARE, 0),
    );
    expect(six).toBeLessThan(one);
    expect(all).toBeLessThan(six);
    expect(predictiveLevel(maxima, PRIOR, RARE, 0.6)).toBeGreaterThan(all);
  });

  it('counts a weight of two as two maxima', () => {
    const maxima = maximaOf(12, 4, 0.5);
    const doubled = maxima.map(({ maximum }) => ({ maximum, weight: 2 }));
    expect(predictiveLevel(doubled, PRIOR, RARE, 0)).toBeCloseTo(
      predictiveLevel([...maxima, ...maxima], PRIOR, RARE, 0),
    );
  });
});
