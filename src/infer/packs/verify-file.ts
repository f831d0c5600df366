import { stat } from 'node:fs/promises';
import { problem, VedetteError } from '../../platform/errors.ts';
import { nameOfHash, sha256Of } from './file-hash.ts';
import type { PackFile } from './pack-file.ts';
import type { PackManifest } from './pack-manifest.ts';
import { verifyMadeFile } from './pull-receipt.ts';

/** Whether "vedette models pull" can fetch or make the file. */
export function isPullable({ source, madeFrom }: PackFile): boolean {
  return madeFrom !== undefined || (source !== undefined && /^https?:\/\//.test(source));
}

/**
 * Compares a file of a pack, wherever it lies, with what the manifest says of it: size and SHA-256, or the receipt of what it was made from.
 * Throws VDT_PACK_NOT_PULLED, VDT_PACK_OUTDATED, VDT_PACK_INVALID or VDT_PACK_CHECKSUM.
 */
export async function verifyFile(manifest: PackManifest, file: PackFile, location: string): Promise<void> {
  const { id } = manifest;
  const found = await stat(location).catch(() => null);
  const refuse = (reason: string) => problem('VDT_PACK_INVALID', { pack: id, field: file.path, reason });
  if (!found?.isFile()) {
    throw isPullable(file) ? problem('VDT_PACK_NOT_PULLED', { pack: id, file: file.path }) : refuse('is missing');
  }
  if (file.madeFrom) return verifyMadeFile(manifest, file, location);
  const accepted = [file, ...(file.alternatives ?? [])];
  const sizes = accepted.map(({ sizeBytes }) => sizeBytes);
  if (!sizes.includes(undefined) && !sizes.includes(found.size)) {
    throw refuse(`has ${found.size} bytes, the manifest says ${sizes.join(' or ')}`);
  }
  const actual = await sha256Of(location);
  if (!accepted.some(({ sha256 }) => sha256 === actual)) {
    const expected = accepted.map(nameOfHash).join(' or ');
    throw problem('VDT_PACK_CHECKSUM', { pack: id, file: file.path, actual: nameOfHash({ sha256: actual }), expected });
  }
}

/** Whether `verifyFile` has nothing against the file. */
export function isRight(...[manifest, file, location]: Parameters<typeof verifyFile>): Promise<boolean> {
  return verifyFile(manifest, file, location).then(
    () => true,
    (error: unknown) => {
      if (error instanceof VedetteError) return false;
      throw error;
    },
  );
}
