import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { referenceDocs } from '../../../scripts/reference-docs.ts';

const pages = Object.entries(await referenceDocs());

describe('generated reference pages', () => {
  test.each(pages)('docs/%s is what the code says (if not: npm run docs)', (name, text) => {
    expect(readFileSync(join('docs', name), 'utf8')).toBe(text);
  });
});
