import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecretBox } from '../../../src/platform/secret-box.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vedette-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('secret box', () => {
  test('makes a key file that only its owner can read, and reads it again', () => {
    const file = join(folder, 'sub', 'secret.key');
    const sealed = openSecretBox(file).seal('pass word');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(sealed).not.toContain('pass word');
    expect(openSecretBox(file).open(sealed)).toBe('pass word');
    expect(readFileSync(file, 'utf8').trim()).toHaveLength(44);
  });

  test('refuses what was changed or sealed with another key', () => {
    const box = openSecretBox(join(folder, 'a.key'));
    const sealed = box.seal('x');
    expect(() => box.open(`${sealed.slice(0, -2)}AA`)).toThrow(/cannot be read/);
    expect(() => openSecretBox(join(folder, 'b.key')).open(sealed)).toThrow(/cannot be read/);
  });
});
