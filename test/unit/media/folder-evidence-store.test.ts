import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evidenceKey } from '../../../src/media/evidence-key.ts';
import { FolderEvidenceStore } from '../../../src/media/folder-evidence-store.ts';

let base: string;
let store: FolderEvidenceStore;
const key = evidenceKey('inc_1', 'clip.mp4');
const bytes = Buffer.from('0123456789');
const textOf = async (stream: Readable) => (await buffer(stream)).toString();

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'vedette-evidence-'));
  store = new FolderEvidenceStore(join(base, 'evidence'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('evidence in a folder', () => {
  it('gives back what was put, whole or in part', async () => {
    const stat = await store.put(key, { bytes });
    expect(stat.sizeBytes).toBe(10);
    expect(await textOf(await store.open(key))).toBe('0123456789');
    expect(await textOf(await store.open(key, { start: 2, end: 4 }))).toBe('234');
    expect(await textOf(await store.open(key, { start: 7 }))).toBe('789');
    expect(await textOf(await store.open(key, { start: 0, end: 999 }))).toBe('0123456789');
    expect(await textOf(await store.open(key, { start: 9, end: 9 }))).toBe('9');
  });

  it.each([{ start: 10 }, { start: -1 }, { start: 5, end: 4 }, { start: 0.5 }])(
    'refuses the range %j',
    async (range) => {
      await store.put(key, { bytes });
      await expect(store.open(key, range)).rejects.toMatchObject({ code: 'VDT_RANGE_INVALID', status: 416 });
    },
  );

  it('takes over a file, leaving nothing where it was', async () => {
    const file = join(base, 'cut.mp4');
    await writeFile(file, bytes);
    await store.put(key, { file });
    expect(await readdir(base)).toEqual(['evidence']);
    expect(await readFile(join(base, 'evidence/inc_1/clip.mp4'))).toEqual(bytes);
  });

  it('lets a reader of the old clip finish it while a new one takes its place', async () => {
    await store.put(key, { bytes: Buffer.alloc(300_000, 'a') });
    const before = await store.stat(key);
    const stream = await store.open(key);
    const reading = buffer(stream);
    const after = await store.put(key, { bytes: Buffer.alloc(10, 'b') });
    expect((await reading).equals(Buffer.alloc(300_000, 'a'))).toBe(true);
    expect(after.etag).not.toBe(before?.etag);
    expect(await textOf(await store.open(key))).toBe('bbbbbbbbbb');
  });

  it('leaves the old clip and no rubbish when a put fails', async () => {
    await store.put(key, { bytes });
    await expect(store.put(key, { file: join(base, 'none') })).rejects.toThrow();
    expect(await textOf(await store.open(key))).toBe('0123456789');
    expect(await readdir(join(base, 'evidence/.tmp'))).toEqual([]);
  });

  it('tells what is missing, and removes what is there', async () => {
    expect(await store.stat(key)).toBeNull();
    await expect(store.open(key)).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
    await store.remove(key);
    await store.put(key, { bytes });
    await store.put(evidenceKey('inc_1', 'snapshot.jpg'), { bytes });
    await store.put(evidenceKey('inc_2', 'snapshot.jpg'), { bytes });
    expect([...(await store.prefixes())].sort()).toEqual(['inc_1', 'inc_2']);
    await store.remove(key);
    expect(await store.stat(key)).toBeNull();
    await store.removeAll('inc_1');
    await store.remove(evidenceKey('inc_2', 'snapshot.jpg'));
    expect(await store.prefixes()).toEqual([]);
  });

  it('has no evidence before the first put', async () => {
    expect(await store.prefixes()).toEqual([]);
  });

  it.each([
    '',
    '..',
    '../secret.key',
    'inc_1/../../secret.key',
    '/etc/passwd',
    'inc_1//clip.mp4',
    'inc_1/.hidden',
    '.tmp/x',
    'inc_1\\..\\x',
    'inc_1/clip\0.mp4',
    'inc_1/clip.mp4\n',
    'a/b/c/d/e',
    `inc_1/${'x'.repeat(200)}`,
    'inc_1/%2e%2e/x',
  ])('refuses the key %j', async (bad) => {
    await expect(store.put(bad, { bytes })).rejects.toMatchObject({ code: 'VDT_EVIDENCE_KEY_INVALID' });
    await expect(store.open(bad)).rejects.toMatchObject({ code: 'VDT_EVIDENCE_KEY_INVALID' });
    await expect(store.removeAll(bad)).rejects.toMatchObject({ code: 'VDT_EVIDENCE_KEY_INVALID' });
  });
});
