import { describe, expect, it } from 'vitest';
import { DEFAULT_SEVERITY_POLICY, graver, severityOf } from '../../../src/incident/severity.ts';

describe('severity', () => {
  it.each([
    { excess: 1, durationMs: 0, severity: 'low' },
    { excess: 1.2, durationMs: 0, severity: 'medium' },
    { excess: 2, durationMs: 0, severity: 'high' },
    { excess: 3, durationMs: 0, severity: 'critical' },
    { excess: 1, durationMs: 30_000, severity: 'medium' },
    { excess: 1, durationMs: 120_000, severity: 'high' },
    { excess: 3, durationMs: 120_000, severity: 'critical' },
  ])('is $severity at $excess times the threshold for $durationMs ms', ({ excess, durationMs, severity }) => {
    expect(severityOf({ excess, durationMs })).toBe(severity);
  });

  it("follows a site's own policy", () => {
    expect(severityOf({ excess: 1, durationMs: 0 }, { ...DEFAULT_SEVERITY_POLICY, criticalExcess: 1 })).toBe(
      'critical',
    );
  });

  it('knows the graver of two', () => {
    expect(graver('low', 'high')).toBe('high');
    expect(graver('critical', 'high')).toBe('critical');
  });
});
