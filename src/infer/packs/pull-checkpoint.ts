import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { problem, VedetteError } from '../../platform/errors.ts';
import { hashesOf, isPublished, nameOfHash } from './file-hash.ts';
import type { MadeFrom } from './pack-file.ts';
import type { PackManifest } from './pack-manifest.ts';
import { type Fetch, isUrl, pullFile, reasonFor, type WantedFile } from './pull-file.ts';

/** Largest checkpoint whose manifest does not tell its size. */
const UNKNOWN_SIZE_LIMIT_BYTES = 8 * 1024 ** 3;

export interface PullCheckpointOptions {
  /** A file of this machine or a URL, instead of the published addresses. */
  readonly from: string | null;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (name: string, doneBytes: number, totalBytes: number | null) => void;
}

type Published = Pick<MadeFrom, 'source' | 'sha256' | 'gitBlob' | 'sizeBytes' | 'format'>;

/** A checkpoint on this machine, and which of the published ones it is. */
export interface PulledCheckpoint {
  readonly path: string;
  /** Where it came from. */
  readonly source: string;
  readonly published: Published;
  /** Takes it away, where it was fetched only to be turned into weights. */
  discard(): Promise<void>;
}

/**
 * Fetches a published checkpoint into `folder` and checks its hash; a file of this machine is used where it lies. Without `from` the
 * published addresses are tried one after the other. Throws VDT_PULL_FAILED, VDT_PACK_CHECKSUM.
 */
export async function pullCheckpoint(
  { id }: PackManifest,
  madeFrom: MadeFrom,
  folder: string,
  options: PullCheckpointOptions,
): Promise<PulledCheckpoint> {
  const { from, onProgress, signal } = options;
  const published: readonly Published[] = [madeFrom, ...(madeFrom.alternatives ?? [])];
  if (from !== null && !isUrl(from)) return localCheckpoint(id, from, published, signal);
  const addresses = published.filter((one) => isUrl(one.source));
  const attempts = from === null ? addresses.map((one) => ({ source: one.source, accepted: [one] })) : [];
  if (from !== null) attempts.push({ source: from, accepted: [...published] });
  const failures: unknown[] = [];
  for (const { source, accepted } of attempts) {
    const name = nameOfSource(source);
    const wanted = wantedCheckpoint(id, name, accepted, signal);
    // named by what it must be, so that a later call goes on with it
    const target = join(folder, `checkpoint-${nameOfHash(accepted[0] ?? madeFrom).replace(':', '-')}`);
    try {
      const progress = (doneBytes: number, totalBytes: number | null) => onProgress?.(name, doneBytes, totalBytes);
      await pullFile({ ...options, packId: id, wanted, target, source, onProgress: progress });
      const found = wanted.found();
      if (found) return { path: target, source, published: found, discard: () => rm(target, { force: true }) };
    } catch (error) {
      failures.push(error);
      if (signal.aborted || !(error instanceof VedetteError) || error.code !== 'VDT_PULL_FAILED') throw error;
    }
  }
  const { source } = madeFrom;
  throw failures[0] ?? problem('VDT_PULL_FAILED', { pack: id, file: source, source, reason: 'it is no address' });
}

async function localCheckpoint(
  id: string,
  path: string,
  published: readonly Published[],
  signal: AbortSignal,
): Promise<PulledCheckpoint> {
  const wanted = wantedCheckpoint(id, path, published, signal);
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no file');
    await wanted.check(path);
  } catch (error) {
    if (error instanceof VedetteError || signal.aborted) throw error;
    throw problem(
      'VDT_PULL_FAILED',
      { pack: id, file: path, source: path, reason: reasonFor(error) },
      { cause: error },
    );
  }
  return { path, source: path, published: wanted.found() ?? (published[0] as Published), discard: async () => {} };
}

/** A file is the wanted one if its hash is that of one of the published; `found` tells which it was. */
function wantedCheckpoint(id: string, name: string, published: readonly Published[], signal: AbortSignal) {
  let found: Published | null = null;
  const check: WantedFile['check'] = async (location) => {
    const actual = await hashesOf(location, signal);
    found = published.find((one) => isPublished(one, actual)) ?? null;
    if (found) return;
    const expected = published.map(nameOfHash).join(' or ');
    const byGit = published.every(({ sha256 }) => sha256 === undefined);
    const shown = nameOfHash(byGit ? { gitBlob: actual.gitBlob } : { sha256: actual.sha256 });
    throw problem('VDT_PACK_CHECKSUM', { pack: id, file: name, actual: shown, expected });
  };
  const limitBytes = Math.max(...published.map(({ sizeBytes }) => sizeBytes ?? UNKNOWN_SIZE_LIMIT_BYTES));
  return { name, limitBytes, check, found: () => found };
}

/** Last part of an address's path, for people and for folders of downloads. */
export function nameOfSource(source: string): string {
  const path = URL.canParse(source) ? new URL(source).pathname : source;
  const last = path.split('/').findLast((part) => part !== '') ?? 'file';
  return last.includes('%') ? last.replaceAll(/[^A-Za-z0-9._-]/g, '_') : last;
}
