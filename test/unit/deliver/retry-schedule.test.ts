import { describe, expect, it } from 'vitest';
import { nextAttemptMs, parseRetryAfterMs, RETRY_DELAYS_MS } from '../../../src/deliver/retry-schedule.ts';

const HOUR_MS = 3_600_000;
const base = { nowMs: 1_000_000, retryAfterMs: null, random: () => 0 };

describe('retry schedule', () => {
  it('makes ten attempts over about 75 hours', () => {
    let nowMs = 0;
    let attempts = 1;
    for (;;) {
      const nextMs = nextAttemptMs({ ...base, attemptsMade: attempts, nowMs });
      if (nextMs === null) break;
      nowMs = nextMs;
      attempts += 1;
    }
    expect(attempts).toBe(10);
    expect(nowMs / HOUR_MS).toBeGreaterThan(75);
    expect(nowMs / HOUR_MS).toBeLessThan(76);
  });

  it('waits 5 s, then 5 min, then 30 min', () => {
    const waits = [1, 2, 3].map((attemptsMade) => (nextAttemptMs({ ...base, attemptsMade }) ?? 0) - base.nowMs);
    expect(waits).toEqual([5_000, 300_000, 1_800_000]);
  });

  it('only ever adds jitter, at most a fifth', () => {
    for (let attemptsMade = 1; attemptsMade < RETRY_DELAYS_MS.length; attemptsMade++) {
      const delayMs = RETRY_DELAYS_MS[attemptsMade] ?? 0;
      for (const share of [0, 0.5, 0.999]) {
        const waitMs = (nextAttemptMs({ ...base, attemptsMade, random: () => share }) ?? 0) - base.nowMs;
        expect(waitMs).toBeGreaterThanOrEqual(delayMs);
        expect(waitMs).toBeLessThanOrEqual(delayMs * 1.2 + 1);
      }
    }
  });

  it('is patient when the receiver asks for it, within bounds', () => {
    expect(nextAttemptMs({ ...base, attemptsMade: 1, retryAfterMs: 60_000 })).toBe(base.nowMs + 60_000);
    expect(nextAttemptMs({ ...base, attemptsMade: 1, retryAfterMs: 1_000 })).toBe(base.nowMs + 5_000);
    expect(nextAttemptMs({ ...base, attemptsMade: 1, retryAfterMs: 1e12 })).toBe(base.nowMs + 24 * HOUR_MS);
  });

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 60_000],
    ['Wed, 21 Oct 2020 07:28:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['2026', 2_026_000],
    ['99999999999', null],
    ['', null],
  ])('reads Retry-After "%s" as %s ms', (header, expected) => {
    expect(parseRetryAfterMs(header, Date.UTC(2026, 9, 21, 7, 27, 0))).toBe(expected);
  });
});
