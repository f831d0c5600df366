import { type RawBuilder, sql } from 'kysely';
import { toRfc3339 } from '../platform/clock.ts';

declare const instantBrand: unique symbol;

/**
 * UTC epoch ms on its way into a `timestamptz` column. Rows come back as plain numbers (`parseInstant` is installed in
 * both drivers); the brand keeps a bare number from being written where SQL needs a timestamp.
 */
export type Instant = number & { readonly [instantBrand]: true };

/** `epochMs` as a `timestamptz` parameter; whole milliseconds. */
export function instant(epochMs: number): RawBuilder<Instant> {
  return sql<Instant>`${toRfc3339(epochMs)}::timestamptz`;
}

/** As `instant`, with null for null. */
export function instantOrNull(epochMs: number | null): RawBuilder<Instant> | null {
  return epochMs === null ? null : instant(epochMs);
}

/** PostgreSQL's text of a `timestamptz` (`2026-01-01 00:00:00.123+00`, whatever the session's zone) to UTC epoch ms. */
export function parseInstant(text: string): number {
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  return Date.parse(iso);
}

/** Object identifiers of PostgreSQL types whose text both drivers read our way. */
export const OID_BIGINT = 20;
export const OID_TIMESTAMPTZ = 1184;
