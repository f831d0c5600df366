import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { clipTokenizer } from '../../../../src/infer/runner/text/tokenize.ts';

/** A merge list in the form of the published one. */
const MERGES = ['#version: made up', 'c a', 'ca t</w>', "' s</w>", 'a b', 'ab c</w>', ''].join('\n');
/** Without merges a word is its letters, the last one marked: letters are 0 to 255 by byte, marked ones 256 more. */
const letter = (character: string) => character.charCodeAt(0) - 0x21;
const last = (character: string) => letter(character) + 256;
const CAT = 513;
const START = 512 + 5;
const END = START + 1;

const tiny = clipTokenizer('made-up', new TextEncoder().encode(MERGES), 12);
const idsOf = (tokens: Int32Array) => [...tokens.subarray(0, tokens.indexOf(END) + 1)];

describe('the tokenizer, on a made-up merge list', () => {
  it('begins and ends each text, and pads with zeros', () => {
    expect([...tiny('cat')]).toEqual([START, CAT, END, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...tiny('')]).toEqual([START, END, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('merges in the order of the list, letters of a word’s end being others', () => {
    expect(idsOf(tiny('abc'))).toEqual([START, 516, END]);
    expect(idsOf(tiny('abcat'))).toEqual([START, 515, CAT, END]);
    expect(idsOf(tiny('cab'))).toEqual([START, 512, last('b'), END]);
  });

  it.each([
    ['lower-cases', 'CAT Cat', [CAT, CAT]],
    ['takes many spaces and lines for one', ' cat \n\t cat ', [CAT, CAT]],
    ['parts contractions', "cat's", [CAT, 514]],
    ['straightens curly quotes', 'cat’s', [CAT, 514]],
    ['parts punctuation from words, and keeps runs of it', 'cat!?', [CAT, letter('!'), last('?')]],
    ['parts digits one by one', '12', [last('1'), last('2')]],
    ['resolves entities of HTML, twice', '&amp;lt; &#99;at', [last('<'), CAT]],
    [
      'leaves unknown entities as they are',
      '&nope;',
      [last('&'), letter('n'), letter('o'), letter('p'), last('e'), last(';')],
    ],
    ['composes accents', 'e\u0301', [...tiny('é')].slice(1, 3)],
    ['writes ligatures out and full-width letters in normal width', 'ﬁ Ａ', [letter('f'), last('i'), last('a')]],
    ['drops control characters', 'c\u0000a\u0007t', [CAT]],
  ])('%s', (_, text, ids) => {
    expect(idsOf(tiny(text))).toEqual([START, ...ids, END]);
  });

  it('writes letters beyond ASCII, and emoji, as their bytes', () => {
    expect(idsOf(tiny('é'))).toHaveLength(2 + 2);
    expect(idsOf(tiny('😀'))).toHaveLength(2 + 4);
  });

  it('cuts what is too long and keeps the end', () => {
    const tokens = tiny('cat '.repeat(50));
    expect([...tokens]).toEqual([START, ...new Array(10).fill(CAT), END]);
    expect([...tiny('x'.repeat(1_000_000))].at(-1)).toBe(END);
  });

  it('takes the names of its own marks, and of JavaScript’s objects, for words', () => {
    expect(tiny('<|endoftext|>').indexOf(END)).toBeGreaterThan(5);
    expect(idsOf(tiny('__proto__')).every((id) => Number.isInteger(id))).toBe(true);
  });

  it('reads the list gzipped as well', () => {
    expect([...clipTokenizer('made-up', gzipSync(MERGES), 12)('cat abc')]).toEqual([...tiny('cat abc')]);
  });

  it.each([
    ['is empty', ''],
    ['has a line that is no pair', '#version\na b c\n'],
    ['is no text', new Uint8Array([0xff, 0xfe, 0x00])],
    ['is a broken archive', gzipSync(MERGES).subarray(0, 20)],
  ])('given a list that %s, says so', (_, list) => {
    const bytes = typeof list === 'string' ? new TextEncoder().encode(list) : list;
    expect(() => clipTokenizer('clip', bytes, 77)).toThrow(
      expect.objectContaining({ code: 'VDT_PACK_INVALID', message: expect.stringContaining('text.vocabulary') }),
    );
  });
});

const PUBLISHED = new URL('../../../../../shared/models/clip_bpe_simple_vocab_16e6.txt.gz', import.meta.url).pathname;
const missing = existsSync(PUBLISHED) ? '' : ' (skipped: the published merge list is not on this machine)';

describe(`the tokenizer, on the published merge list${missing}`, () => {
  const tokenize = missing ? tiny : clipTokenizer('clip', readFileSync(PUBLISHED), 77);
  const published = (text: string) => {
    const tokens = tokenize(text);
    return [...tokens.subarray(0, tokens.lastIndexOf(49407) + 1)];
  };

  it.skipIf(missing).each([
    ['a photo of a cat', [320, 1125, 539, 320, 2368]],
    ['a person lying on the floor', [320, 2533, 7175, 525, 518, 4125]],
    ['Two people  FIGHTING in the street', [1237, 1047, 4652, 530, 518, 2012]],
    ['', []],
  ])('gives the known ids of "%s"', (text, ids) => {
    expect(published(text)).toEqual([49406, ...ids, 49407]);
    expect(tokenize(text)).toHaveLength(77);
  });

  it.skipIf(missing)('keeps the end token, the highest id, at the end of a text that is too long', () => {
    const tokens = tokenize('smoke '.repeat(300));
    expect(tokens[0]).toBe(49406);
    expect(tokens[76]).toBe(49407);
    expect(tokens.indexOf(49407)).toBe(76);
  });
});
