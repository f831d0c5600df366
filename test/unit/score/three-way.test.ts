import { describe, expect, it } from 'vitest';
import { DEFAULT_COSTS, decide, decisionThresholds } from '../../../src/score/three-way.ts';

describe('the three-way decision', () => {
  it('has the thresholds of decision-theoretic rough sets', () => {
    const costs = { falseAlert: 6, miss: 8, reviewOfAnomaly: 1, reviewOfNormal: 2 };
    expect(decisionThresholds(costs)).toEqual({ alertAbove: 4 / 5, ignoreBelow: 2 / 9 });
  });

  it('alerts at the alarm threshold of a camera that is sure of itself', () => {
    expect(decide(1, 0.9)).toBe('alert');
  });

  it('asks where a large deviation is hardly to be trusted', () => {
    expect(decide(1, 0.2)).toBe('review');
    expect(decide(3, 0.2)).toBe('alert');
  });

  it('ignores what hardly deviates, or what nothing is known of', () => {
    expect(decide(0.03, 1)).toBe('ignore');
    expect(decide(5, 0)).toBe('ignore');
  });

  it('alerts less readily when false alerts cost more, and asks more readily when misses do', () => {
    expect(decide(1, 0.3, { ...DEFAULT_COSTS, falseAlert: 40 })).toBe('review');
    expect(decide(0.03, 1, { ...DEFAULT_COSTS, miss: 100 })).toBe('review');
  });

  it('never asks when asking costs as much as a mistake', () => {
    const costs = { falseAlert: 4, miss: 4, reviewOfAnomaly: 4, reviewOfNormal: 4 };
    const decisions = Array.from({ length: 100 }, (_, step) => decide(step / 10, 0.5, costs));
    expect(decisions).not.toContain('review');
    expect(decisions).toContain('alert');
    expect(decisions).toContain('ignore');
  });
});
