import { statSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { problem, VedetteError } from '../../platform/errors.ts';
import { nameOfHash } from './file-hash.ts';
import { makeFiles } from './make-files.ts';
import type { MadeFrom, PackFile } from './pack-file.ts';
import type { PackManifest } from './pack-manifest.ts';
import type { Pack, PackRegistry } from './pack-registry.ts';
import { nameOfSource, pullCheckpoint } from './pull-checkpoint.ts';
import { type Fetch, isUrl, pullFile, reasonFor, type WantedFile } from './pull-file.ts';
import { takePullLock } from './pull-lock.ts';
import { refreshShippedFiles } from './shipped-files.ts';
import { isPullable, isRight, verifyFile } from './verify-file.ts';

export interface PullPackOptions {
  readonly registry: PackRegistry;
  readonly id: string;
  /**
   * A file or URL to take the pack's file or checkpoint from, instead of where its manifest says. Where several are needed: a folder, or a URL
   * that ends with `/`, in which each has the name that ends its published address.
   */
  readonly from: string | null;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (path: string, doneBytes: number, totalBytes: number | null) => void;
}

export interface PulledFile {
  readonly path: string;
  /** Made: written out of a checkpoint. */
  readonly state: 'fetched' | 'made' | 'present';
}

/** One thing to fetch. */
type Errand =
  | { readonly source: string; readonly file: PackFile }
  | { readonly source: string; readonly madeFrom: MadeFrom; readonly files: readonly PackFile[] };

/** Largest file whose manifest does not tell its size. */
const UNKNOWN_SIZE_LIMIT_BYTES = 2 * 1024 ** 3;

/**
 * Fetches the files that a pack comes without, into the folder of pulled packs, or makes them there out of a published checkpoint; files
 * that are right already stay. The pack's other files are copied beside. Only one pull of a pack runs at a time.
 * Throws VDT_PACK_NOT_FOUND, VDT_PACK_INVALID where there is nothing to fetch, VDT_PULL_RUNNING, VDT_PULL_FAILED, VDT_PACK_CHECKSUM,
 * VDT_CHECKPOINT_UNREADABLE.
 */
export async function pullPack(options: PullPackOptions): Promise<readonly PulledFile[]> {
  const { registry, id, clock } = options;
  const pack = await registry.get(id);
  const files = pack.manifest.files.filter(isPullable);
  const refuse = (reason: string) => problem('VDT_PACK_INVALID', { pack: id, field: 'files', reason });
  if (files.length === 0) throw refuse('are all here: the pack comes whole');
  if (registry.pulledDirectory === null) throw refuse('have no folder to go to');
  const folder = join(registry.pulledDirectory, id);
  const lock = await mkdir(folder, { recursive: true })
    .then(() => takePullLock(id, folder, clock))
    .catch((error: unknown) => {
      throw error instanceof VedetteError ? error : refuse(`cannot be written to ${folder}: ${reasonFor(error)}`);
    });
  try {
    return await pullInto(folder, pack, files, options);
  } finally {
    await lock.release();
  }
}

async function pullInto(
  folder: string,
  pack: Pack,
  files: readonly PackFile[],
  options: PullPackOptions,
): Promise<readonly PulledFile[]> {
  const { manifest } = pack;
  const missing: PackFile[] = [];
  for (const file of files) {
    if (!(await isRight(manifest, file, join(folder, file.path)))) missing.push(file);
  }
  const errands = errandsFor(missing);
  for (const errand of errands) {
    const from = sourceOf(manifest, errand, errands.length, options.from);
    if ('file' in errand) {
      const { file } = errand;
      await pullFile({
        ...options,
        packId: manifest.id,
        wanted: wantedFile(manifest, file),
        target: join(folder, file.path),
        source: from ?? errand.source,
        onProgress: (doneBytes, totalBytes) => options.onProgress?.(file.path, doneBytes, totalBytes),
      });
    } else {
      const { signal, onProgress } = options;
      const checkpoint = await pullCheckpoint(manifest, errand.madeFrom, folder, { ...options, from });
      await makeFiles({ pack, files: errand.files, checkpoint, folder, signal, onProgress });
      await checkpoint.discard();
    }
  }
  await refreshShippedFiles({ ...pack, directory: folder });
  for (const name of await readdir(folder)) {
    if (name.startsWith('checkpoint-')) await rm(join(folder, name), { force: true }); // parts of a pull that was given up
  }
  return files.map((file) => ({
    path: file.path,
    state: missing.includes(file) ? (file.madeFrom ? 'made' : 'fetched') : 'present',
  }));
}

/** Files made from one checkpoint are one errand: it is fetched once. */
function errandsFor(files: readonly PackFile[]): readonly Errand[] {
  const errands: Errand[] = [];
  const checkpoints = new Map<string, PackFile[]>();
  for (const file of files) {
    const { madeFrom, source = '' } = file;
    if (!madeFrom) {
      errands.push({ source, file });
      continue;
    }
    const key = nameOfHash(madeFrom);
    const together = checkpoints.get(key);
    if (together) together.push(file);
    else {
      const fresh = [file];
      checkpoints.set(key, fresh);
      errands.push({ source: madeFrom.source, madeFrom, files: fresh });
    }
  }
  return errands;
}

/** Where `--from` has what an errand is for; null without `--from`. */
function sourceOf({ id }: PackManifest, errand: Errand, count: number, from: string | null): string | null {
  if (from === null) return null;
  const name = nameOfSource(errand.source);
  if (isUrl(from)) {
    if (new URL(from).pathname.endsWith('/')) return new URL(name, from).toString();
  } else if (isFolder(from)) return join(from, name);
  if (count === 1) return from;
  const reason = `are ${count}: give a folder, or a URL that ends with /, that holds them all`;
  throw problem('VDT_PACK_INVALID', { pack: id, field: 'files', reason });
}

function wantedFile(manifest: PackManifest, file: PackFile): WantedFile {
  const sizes = [file, ...(file.alternatives ?? [])].map(({ sizeBytes }) => sizeBytes ?? UNKNOWN_SIZE_LIMIT_BYTES);
  return {
    name: file.path,
    limitBytes: Math.max(...sizes),
    check: (location) => verifyFile(manifest, file, location),
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
