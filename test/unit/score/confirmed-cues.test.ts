import { describe, expect, it } from 'vitest';
import type { CueDefinition, Reading } from '../../../src/score/cue-head.ts';
import { cueSurprises } from '../../../src/score/normality-model.ts';
import { calibrateTail } from '../../../src/score/tail.ts';

const CUES: readonly CueDefinition[] = [
  { name: 'standing', weight: 0.5, evidence: 'extrapolated' },
  { name: 'left-object', weight: 0.5, evidence: 'extrapolated', confirmedBy: { cue: 'standing', from: 0 } },
];
const TAILS = CUES.map(() =>
  calibrateTail(
    Array.from({ length: 200 }, (_, index) => index / 200),
    4,
  ),
);
const HERE = { left: 0.4, right: 0.5, top: 0.4, bottom: 0.6 };
const BESIDE = { left: 0.51, right: 0.6, top: 0.4, bottom: 0.6 };
const ELSEWHERE = { left: 0.8, right: 0.9, top: 0.4, bottom: 0.6 };

const left: Reading = { raw: 9, cell: 0, value: 1, box: HERE };
const heard = (standing: Reading): number => cueSurprises(CUES, [standing, left], TAILS, 1000)[1] ?? Number.NaN;

describe('a cue that another must confirm', () => {
  it('is heard where the other sees something in the same place, or right beside it', () => {
    expect(heard({ raw: 1, cell: 0, value: 1, box: HERE })).toBeGreaterThan(8);
    expect(heard({ raw: 0, cell: 0, value: 1, box: BESIDE })).toBeGreaterThan(8);
    expect(heard({ raw: 0, cell: 0, value: 1 })).toBeGreaterThan(8);
  });

  it('is not heard where the other sees nothing, or something elsewhere', () => {
    expect(heard({ raw: -0.1, cell: 0, value: 1, box: HERE })).toBe(0);
    expect(heard({ raw: 5, cell: 0, value: 1, box: ELSEWHERE })).toBe(0);
  });

  it('is heard alone where the other has nothing to look with, knows too little yet, or is not there', () => {
    expect(heard({ raw: -8, cell: 0, value: 0, silent: true })).toBeGreaterThan(8);
    const [standing, object] = CUES as readonly [CueDefinition, CueDefinition];
    const young = [{ ...standing, maturity: { from: 600, full: 1001 } }, object];
    expect(cueSurprises(young, [{ raw: -8, cell: 0, value: 0 }, left], TAILS, 1000)[1]).toBeGreaterThan(8);
    expect(cueSurprises(CUES.slice(1), [left], TAILS.slice(1), 1000)[0]).toBeGreaterThan(8);
  });
});
