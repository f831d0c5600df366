import { describe, expect, it } from 'vitest';
import { isWithin, minuteOfDay } from '../../../src/incident/minute-of-day.ts';
import {
  DEFAULT_SEVERITY_POLICY,
  graver,
  type SeverityFacts,
  type SeverityPolicy,
  severityOf,
} from '../../../src/incident/severity.ts';

const ONSET_MS = Date.UTC(2026, 0, 15, 23, 30);
const facts = (changes: Partial<SeverityFacts> = {}): SeverityFacts => ({
  kind: 'fast-motion',
  object: null,
  place: { x: 0.5, y: 0.5 },
  onsetMs: ONSET_MS,
  durationMs: 0,
  excess: 1,
  ...changes,
});
const policy = (changes: Partial<SeverityPolicy>): SeverityPolicy => ({ ...DEFAULT_SEVERITY_POLICY, ...changes });

describe('severity by default', () => {
  it.each([
    { kind: 'unusual-look', severity: 'low' },
    { kind: 'fast-motion', severity: 'medium' },
    { kind: 'rider', severity: 'medium' },
    { kind: 'vehicle', severity: 'high' },
    { kind: 'agitation', severity: 'high' },
    { kind: 'left-object', severity: 'high' },
  ] as const)('of $kind is $severity', ({ kind, severity }) => {
    expect(severityOf(facts({ kind }))).toBe(severity);
  });

  it('rises by one level with the half minute and by two with two minutes', () => {
    expect(severityOf(facts({ durationMs: 29_999 }))).toBe('medium');
    expect(severityOf(facts({ durationMs: 30_000 }))).toBe('high');
    expect(severityOf(facts({ durationMs: 120_000 }))).toBe('critical');
  });

  it('gives strangeness a say of one level, however strange', () => {
    expect(severityOf(facts({ excess: 5.9 }))).toBe('medium');
    expect(severityOf(facts({ excess: 6 }))).toBe('high');
    expect(severityOf(facts({ excess: 500 }))).toBe('high');
  });

  it('never leaves low to critical', () => {
    expect(severityOf(facts({ kind: 'vehicle', durationMs: 1e9, excess: 9 }))).toBe('critical');
    const zones = [{ name: 'sky', left: 0, top: 0, right: 1, bottom: 1, raise: -3 }];
    expect(severityOf(facts({ kind: 'unusual' }), policy({ zones }))).toBe('low');
  });
});

describe("a site's own policy", () => {
  it('has its say by class of object before the kind', () => {
    const kinds = { ...DEFAULT_SEVERITY_POLICY.kinds, bicycle: 'critical', rider: 'low' } as const;
    expect(severityOf(facts({ kind: 'rider', object: 'bicycle' }), policy({ kinds }))).toBe('critical');
    expect(severityOf(facts({ kind: 'rider', object: 'skateboard' }), policy({ kinds }))).toBe('low');
  });

  it('falls back to its level of all else for a kind that it does not know', () => {
    expect(severityOf(facts(), policy({ kinds: {}, otherKinds: 'critical' }))).toBe('critical');
  });

  it('raises in a zone, by the highest where zones overlap, and nowhere else', () => {
    const zones = [
      { name: 'yard', left: 0.4, top: 0.4, right: 1, bottom: 1, raise: -1 },
      { name: 'door', left: 0.45, top: 0.45, right: 0.6, bottom: 0.6, raise: 2 },
    ];
    expect(severityOf(facts(), policy({ zones }))).toBe('critical');
    expect(severityOf(facts({ place: { x: 0.9, y: 0.9 } }), policy({ zones }))).toBe('low');
    expect(severityOf(facts({ place: { x: 0.1, y: 0.1 } }), policy({ zones }))).toBe('medium');
    expect(severityOf(facts({ place: null }), policy({ zones }))).toBe('medium');
  });

  it('raises by the local hour of the onset', () => {
    const night = [{ fromMinute: 22 * 60, toMinute: 6 * 60, raise: 1 }];
    expect(severityOf(facts(), policy({ hours: night }))).toBe('high');
    // 23:30 UTC is 08:30 in Tokyo
    expect(severityOf(facts(), policy({ hours: night, timeZone: 'Asia/Tokyo' }))).toBe('medium');
  });
});

describe('local time', () => {
  it('knows summer time', () => {
    expect(minuteOfDay(Date.UTC(2026, 0, 1, 12), 'Europe/Berlin')).toBe(13 * 60);
    expect(minuteOfDay(Date.UTC(2026, 6, 1, 12, 5), 'Europe/Berlin')).toBe(14 * 60 + 5);
    expect(minuteOfDay(Date.UTC(2026, 0, 1, 0, 0, 59), 'UTC')).toBe(0);
  });

  it('spans midnight', () => {
    expect([0, 359, 360, 1_319, 1_320].map((minute) => isWithin(minute, 1_320, 360))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(isWithin(5, 60, 60)).toBe(true);
  });
});

it('knows the graver of two', () => {
  expect(graver('low', 'high')).toBe('high');
  expect(graver('critical', 'high')).toBe('critical');
});
