import { problem } from '../platform/errors.ts';

/** One page of a listing; `nextCursor` is null on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; hand it back unchanged for the page that follows. */
  readonly nextCursor: string | null;
}

type Key = readonly (string | number)[];

/** The sort key of the last row seen, as opaque base64url text. */
export function encodeCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Reads a cursor of `kinds.length` parts; VDT_REQUEST_INVALID where it was not made by `encodeCursor` for this listing. */
export function decodeCursor<const Kinds extends readonly ('string' | 'number')[]>(
  cursor: string,
  kinds: Kinds,
): { readonly [Index in keyof Kinds]: Kinds[Index] extends 'number' ? number : string } {
  const refuse = () =>
    problem(
      'VDT_REQUEST_INVALID',
      { field: 'cursor', reason: 'was not made by this listing' },
      { hint: 'Use nextCursor of the page before unchanged, or leave it out to start from the first page.' },
    );
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(key) || key.length !== kinds.length) throw refuse();
  if (!kinds.every((kind, i) => typeof key[i] === kind && (kind !== 'number' || Number.isFinite(key[i]))))
    throw refuse();
  return key as never;
}

/** Cuts `limit + 1` fetched rows to a page; the extra row only tells that there is more. */
export function toPage<Item>(rows: readonly Item[], limit: number, keyOf: (item: Item) => Key): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}
