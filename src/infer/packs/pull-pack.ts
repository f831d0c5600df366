import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { problem } from '../../platform/errors.ts';
import { isPullable, type PackRegistry } from './pack-registry.ts';
import { type Fetch, pullFile } from './pull-file.ts';

export interface PullPackOptions {
  readonly registry: PackRegistry;
  readonly id: string;
  /** A file or URL to take the pack's file from, instead of where its manifest says. */
  readonly from: string | null;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (path: string, doneBytes: number, totalBytes: number | null) => void;
}

export interface PulledFile {
  readonly path: string;
  readonly state: 'fetched' | 'present';
}

/**
 * Fetches the files that a pack comes without, into the folder of pulled packs.
 * Throws VDT_PACK_NOT_FOUND, VDT_PACK_INVALID where there is nothing to fetch, VDT_PULL_FAILED, VDT_PACK_CHECKSUM.
 */
export async function pullPack(options: PullPackOptions): Promise<readonly PulledFile[]> {
  const { registry, id, from, onProgress } = options;
  const { manifest } = await registry.get(id);
  const files = manifest.files.filter(isPullable);
  const refuse = (reason: string) => problem('VDT_PACK_INVALID', { pack: id, field: 'files', reason });
  if (files.length === 0) throw refuse('are all here: the pack comes whole');
  if (from !== null && files.length > 1) throw refuse(`are ${files.length}: one source cannot give them all`);
  if (registry.pulledDirectory === null) throw refuse('have no folder to go to');
  const pulled: PulledFile[] = [];
  for (const file of files) {
    const state = await pullFile({
      ...options,
      packId: id,
      file,
      target: join(registry.pulledDirectory, id, file.path),
      source: from ?? file.source ?? '',
      onProgress: (doneBytes, totalBytes) => onProgress?.(file.path, doneBytes, totalBytes),
    });
    pulled.push({ path: file.path, state });
  }
  return pulled;
}
