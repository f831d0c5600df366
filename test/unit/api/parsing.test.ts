import { describe, expect, it } from 'vitest';
import { readByteRange } from '../../../src/api/byte-range.ts';
import { readCredentials } from '../../../src/api/credentials.ts';

describe('a byte range', () => {
  it.each([
    [undefined, null],
    ['bytes=0-9', { start: 0, end: 9 }],
    ['bytes=90-', { start: 90, end: 99 }],
    ['bytes=90-1000', { start: 90, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-1000', { start: 0, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-3', null],
    ['bytes=0-1,5-6', null],
    ['bytes=-', null],
    ['frames=0-9', null],
    ['bytes=a-b', null],
  ])('%s of 100 bytes', (header, expected) => {
    expect(readByteRange(header, 100)).toEqual(expected);
  });

  it('finds nothing in an empty file', () => {
    expect(readByteRange('bytes=0-0', 0)).toBe('unsatisfiable');
  });
});

describe('credentials', () => {
  const key = `vdt_${'aB3-_'.repeat(8)}`;
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  it.each([
    [`Bearer ${key}`, { scheme: 'bearer', key }],
    [`bearer  ${key}`, { scheme: 'bearer', key }],
    [basic(`anyone:${key}`), { scheme: 'basic', key }],
    [basic(`:${key}`), { scheme: 'basic', key }],
    [basic(key), { scheme: 'basic', key }],
    [undefined, null],
    ['', null],
    [key, null],
    ['Bearer ', null],
    ['Bearer abc', null],
    [`Bearer ${key} ${key}`, null],
    [`Digest ${key}`, null],
    [basic('a:b'), null],
    [`Bearer ${'vdt_'.padEnd(500, 'a')}`, null],
  ])('in %s', (header, expected) => {
    expect(readCredentials(header)).toEqual(expected);
  });
});
