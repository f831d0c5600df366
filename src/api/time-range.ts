import { problem } from '../platform/errors.ts';

/**
 * UTC epoch ms of an RFC 3339 time with a zone. The schema has checked the form; this refuses what `Date` cannot
 * hold (leap seconds, RFC 9557 suffixes). @throws VDT_REQUEST_INVALID naming `field`
 */
export function parseTime(field: string, text: string): number {
  const epochMs = Date.parse(text);
  if (Number.isFinite(epochMs)) return epochMs;
  throw problem(
    'VDT_REQUEST_INVALID',
    { field, reason: 'is not a time that this service can hold' },
    { hint: 'Write it like 2026-03-01T12:00:00.000Z, without a leap second or a [zone] suffix.' },
  );
}

/** The optional `from` and `to` of a query as ms; `from` must lie before `to`. @throws VDT_REQUEST_INVALID */
export function parseTimeRange(query: { readonly from?: string; readonly to?: string }): {
  fromMs?: number;
  toMs?: number;
} {
  const range = {
    ...(query.from === undefined ? {} : { fromMs: parseTime('query.from', query.from) }),
    ...(query.to === undefined ? {} : { toMs: parseTime('query.to', query.to) }),
  };
  if (range.fromMs !== undefined && range.toMs !== undefined) requireOrder(range.fromMs, range.toMs);
  return range;
}

export function requireOrder(fromMs: number, toMs: number): void {
  if (fromMs < toMs) return;
  throw problem(
    'VDT_REQUEST_INVALID',
    { field: 'query.from', reason: 'is not before query.to' },
    { hint: 'Ask for a range whose from lies before its to.' },
  );
}
