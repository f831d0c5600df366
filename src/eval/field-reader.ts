import type { VedetteError } from '../platform/errors.ts';

/** Makes the error for one field of a file: what is wrong and what would be right. */
export type Refuse = (field: string, reason: string, remedy: string) => VedetteError;

/** An object of a parsed JSON file; unknown keys are the file's own business. */
export type Fields = Readonly<Record<string, unknown>>;

/** Frame numbers of an anomaly, counted from 0, both ends included. */
export type FrameRange = readonly [first: number, last: number];

export function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw refuse('the file', `is not JSON: ${reason}`, 'Check it with a JSON validator; it may have been cut short.');
  }
}

export function readObject(value: unknown, field: string, refuse: Refuse): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(field, `must be an object, not ${nameOf(value)}`, `Write ${field} as {…}.`);
  return value as Fields;
}

export function readList(value: unknown, field: string, refuse: Refuse): readonly unknown[] {
  if (!Array.isArray(value)) throw refuse(field, `must be a list, not ${nameOf(value)}`, `Write ${field} as […].`);
  return value;
}

export function readText(value: unknown, field: string, refuse: Refuse): string {
  if (typeof value !== 'string' || value.trim() === '')
    throw refuse(field, `must be a text that is not empty, not ${nameOf(value)}`, `Give ${field} a value in quotes.`);
  return value;
}

/** Inclusive frame ranges, sorted, overlapping or touching ones merged. */
export function readRanges(value: unknown, field: string, refuse: Refuse): readonly FrameRange[] {
  const ranges = readList(value, field, refuse).map((item, index) => readRange(item, `${field}[${index}]`, refuse));
  const merged: [number, number][] = [];
  for (const [first, last] of ranges.sort((a, b) => a[0] - b[0])) {
    const previous = merged.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

function readRange(value: unknown, field: string, refuse: Refuse): FrameRange {
  const remedy = 'Write [first, last]: whole frame numbers from 0, both included, first not after last.';
  const [first, last, ...more] = readList(value, field, refuse);
  if (!isFrameNumber(first) || !isFrameNumber(last) || more.length > 0)
    throw refuse(field, `must be two whole numbers of at least 0, not ${JSON.stringify(value)}`, remedy);
  if (first > last) throw refuse(field, `begins at ${first} after its end ${last}`, remedy);
  return [first, last];
}

function isFrameNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** What a value is, for a message: never its whole content. */
export function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing (it is missing)';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `"${value.slice(0, 60)}"`;
  return String(value);
}
