import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { problem } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { assertEvidenceKey } from './evidence-key.ts';
import type { ByteRange, EvidenceSource, EvidenceStat, EvidenceStore } from './evidence-store.ts';

/** Half-written files live here, beside the evidence and so on the same file system; no key can name it. */
const TEMPORARY = '.tmp';

/** Evidence in a folder: one file per key. */
export class FolderEvidenceStore implements EvidenceStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(key: string, source: EvidenceSource): Promise<EvidenceStat> {
    const target = this.#pathOf(key);
    const temporary = join(this.#root, TEMPORARY, newId('req'));
    await mkdir(dirname(temporary), { recursive: true });
    try {
      if ('bytes' in source) await writeFile(temporary, source.bytes, { flag: 'wx' });
      else await moveFile(source.file, temporary);
      await syncFile(temporary); // the rename must not survive a power cut that the bytes do not
      await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw thrown;
    }
    return statOf(target);
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    const path = this.#pathOf(key);
    // one handle for size and bytes: a clip that is replaced meanwhile does not mix with the old one
    const handle = await open(path, 'r').catch((thrown: unknown) => {
      throw isMissing(thrown) ? problem('VDT_NOT_FOUND', { what: 'Evidence', id: key }, { cause: thrown }) : thrown;
    });
    try {
      if (range === undefined) return createReadStream(path, { fd: handle });
      const { size } = await handle.stat();
      const start = range.start;
      const end = Math.min(range.end ?? size - 1, size - 1);
      if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end)) {
        throw problem('VDT_RANGE_INVALID', { range: `${start}-${range.end ?? ''}`, sizeBytes: size });
      }
      return createReadStream(path, { fd: handle, start, end });
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  async stat(key: string): Promise<EvidenceStat | null> {
    try {
      return await statOf(this.#pathOf(key));
    } catch (thrown) {
      if (isMissing(thrown)) return null;
      throw thrown;
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await rm(path, { force: true });
    await rmdir(dirname(path)).catch(() => {}); // only if this was the last piece
  }

  async removeAll(prefix: string): Promise<void> {
    await rm(this.#pathOf(prefix), { recursive: true, force: true });
  }

  async prefixes(): Promise<readonly string[]> {
    const entries = await readdir(this.#root, { withFileTypes: true }).catch((thrown: unknown) => {
      if (isMissing(thrown)) return [];
      throw thrown;
    });
    return entries.filter((entry) => entry.isDirectory() && entry.name !== TEMPORARY).map((entry) => entry.name);
  }

  #pathOf(key: string): string {
    assertEvidenceKey(key);
    return join(this.#root, key);
  }
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if (!hasCode(thrown, 'EXDEV')) throw thrown; // another file system: copy instead
    await copyFile(from, to);
    await rm(from, { force: true });
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function statOf(path: string): Promise<EvidenceStat> {
  return toStat(await stat(path));
}

function toStat(info: { readonly size: number; readonly mtimeMs: number; readonly ino: number }): EvidenceStat {
  const etag = `"${info.size.toString(36)}-${Math.round(info.mtimeMs).toString(36)}-${info.ino.toString(36)}"`;
  return { sizeBytes: info.size, modifiedMs: Math.round(info.mtimeMs), etag };
}

function isMissing(thrown: unknown): boolean {
  return hasCode(thrown, 'ENOENT') || hasCode(thrown, 'ENOTDIR');
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
