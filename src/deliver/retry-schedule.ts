const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Wait before each attempt, ms: the example schedule of Standard Webhooks 1.0.0, ten attempts over about 75 hours. */
export const RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** Up to this share is added to a wait, never taken away, so that the receivers of one outage do not come back at once. */
const JITTER = 0.2;
/** A receiver may ask for patience, but not for the alert to be forgotten. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS;

export interface RetryInput {
  /** Attempts made so far, the one that just failed included: 1 or more. */
  readonly attemptsMade: number;
  readonly nowMs: number;
  /** From the receiver's Retry-After; null without one. */
  readonly retryAfterMs: number | null;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

/** When to try again, UTC ms; null once the schedule is used up. */
export function nextAttemptMs(input: RetryInput): number | null {
  const delayMs = RETRY_DELAYS_MS[input.attemptsMade];
  if (delayMs === undefined) return null;
  const wantedMs = Math.min(input.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
  return Math.round(input.nowMs + Math.max(delayMs, wantedMs) * (1 + JITTER * input.random()));
}

/** Reads a Retry-After header (RFC 9110 section 10.2.3: seconds or an HTTP date) as a wait in ms; null if unreadable. */
export function parseRetryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND_MS;
  // Date.parse takes far more than HTTP dates, bare numbers for instance; an HTTP date begins with its weekday
  if (!/^[A-Z][a-z]{2}/.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
