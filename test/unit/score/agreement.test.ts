import { describe, expect, it } from 'vitest';
import { agreementOf } from '../../../src/score/agreement.ts';

const CERTAIN = Math.log(1000);

describe('agreement of cues', () => {
  it('is whole while no cue sees anything, and without cues', () => {
    expect(agreementOf([0, 0, 0])).toBe(1);
    expect(agreementOf([])).toBe(1);
  });

  it('is 0.6 for one witness and grows with each further one', () => {
    expect(agreementOf([CERTAIN, 0, 0])).toBeCloseTo(0.6, 12);
    expect(agreementOf([CERTAIN, CERTAIN, 0])).toBeCloseTo(0.84, 12);
    expect(agreementOf([CERTAIN, CERTAIN, CERTAIN])).toBeCloseTo(0.936, 12);
  });

  it('falls as a lone cue moves away from the others, and never leaves 0 to 1', () => {
    const lone = [0, 1, 2, 4, 7, 50].map((surprise) => agreementOf([surprise, 0]));
    for (let i = 1; i < lone.length; i++) expect(lone[i]).toBeLessThanOrEqual(lone[i - 1] ?? 1);
    expect(lone.at(-1)).toBeCloseTo(0.6, 12);
  });

  it('is less shaken by a weak alarm than by a strong one', () => {
    expect(agreementOf([1, 0])).toBeGreaterThan(agreementOf([3, 0]));
  });
});
