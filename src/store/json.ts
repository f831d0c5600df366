import { type RawBuilder, sql } from 'kysely';

/**
 * A value as a `jsonb` parameter. Stringified here because node-postgres would turn an array into a PostgreSQL
 * array instead.
 */
export function json<Value>(value: Value): RawBuilder<Value> {
  return sql<Value>`${JSON.stringify(value)}::jsonb`;
}
