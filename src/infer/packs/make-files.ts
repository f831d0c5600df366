import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problem } from '../../platform/errors.ts';
import { redactUrl } from '../../platform/redact.ts';
import { Checkpoint } from './checkpoint/checkpoint.ts';
import { Unreadable } from './checkpoint/unreadable.ts';
import { parseWeightsLayout, type WeightsLayout } from './checkpoint/weights-layout.ts';
import { writeWeights } from './checkpoint/write-weights.ts';
import { nameOfHash } from './file-hash.ts';
import type { PackFile } from './pack-file.ts';
import type { Pack } from './pack-registry.ts';
import type { PulledCheckpoint } from './pull-checkpoint.ts';
import { isUrl, reasonFor } from './pull-file.ts';
import { addToReceipt, layoutHashOf } from './pull-receipt.ts';
import { verifyFile } from './verify-file.ts';

export interface MakeFilesOptions {
  readonly pack: Pack;
  /** All made from this checkpoint. */
  readonly files: readonly PackFile[];
  readonly checkpoint: PulledCheckpoint;
  /** Where they go; it is there. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: ((path: string, doneBytes: number, totalBytes: number | null) => void) | undefined;
}

/**
 * Turns a checkpoint into the weights files that a pack's graphs read, and notes each in the receipt.
 * Throws VDT_CHECKPOINT_UNREADABLE, VDT_PACK_INVALID where a tensors.json is not sound, VDT_PULL_FAILED for the disk.
 */
export async function makeFiles(options: MakeFilesOptions): Promise<void> {
  const { pack, files, checkpoint, folder, signal, onProgress } = options;
  const { manifest } = pack;
  const named = isUrl(checkpoint.source) ? redactUrl(checkpoint.source) : checkpoint.source;
  let opened: Checkpoint | null = null;
  let path = '';
  try {
    opened = await Checkpoint.open(checkpoint.path, checkpoint.published.format);
    for (const file of files) {
      path = file.path;
      const layout = await layoutOf(pack, file);
      const { sha256 } = await writeWeights({
        checkpoint: opened,
        layout,
        target: join(folder, path),
        signal,
        onProgress: (doneBytes, totalBytes) => onProgress?.(path, doneBytes, totalBytes),
      });
      await addToReceipt(folder, path, {
        sha256,
        sizeBytes: layout.sizeBytes,
        tensors: layoutHashOf(manifest, file),
        from: { source: named, checkpoint: nameOfHash(checkpoint.published) },
      });
    }
  } catch (error) {
    if (error instanceof Unreadable) {
      const reason = error.message.replaceAll(/\p{Cc}/gu, '?'); // names in it come from the file
      throw problem('VDT_CHECKPOINT_UNREADABLE', { pack: manifest.id, file: named, reason }, { cause: error });
    }
    if (signal.aborted || !(error as NodeJS.ErrnoException).code?.startsWith('E')) throw error;
    const reason = `writing it failed: ${reasonFor(error)}`;
    throw problem('VDT_PULL_FAILED', { pack: manifest.id, file: path, source: named, reason }, { cause: error });
  } finally {
    await opened?.close();
  }
}

async function layoutOf({ manifest, home }: Pack, { madeFrom, path, sizeBytes }: PackFile): Promise<WeightsLayout> {
  const refuse = (field: string, reason: string) => problem('VDT_PACK_INVALID', { pack: manifest.id, field, reason });
  const file = manifest.files.find((candidate) => candidate.path === madeFrom?.tensors);
  if (!file) throw refuse(path, 'has no tensors.json');
  const location = join(home, file.path);
  await verifyFile(manifest, file, location);
  const parsed = parseWeightsLayout(await readFile(location, 'utf8'));
  if ('fault' in parsed) throw refuse(file.path, parsed.fault);
  if (parsed.layout.sizeBytes !== sizeBytes) {
    throw refuse(path, `has ${sizeBytes} bytes in pack.json and ${parsed.layout.sizeBytes} in ${file.path}`);
  }
  return parsed.layout;
}
