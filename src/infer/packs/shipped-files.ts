import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { problem } from '../../platform/errors.ts';
import type { PackManifest } from './pack-manifest.ts';
import { reasonFor } from './pull-file.ts';
import { isPullable, isRight } from './verify-file.ts';

export interface PackPlaces {
  readonly manifest: PackManifest;
  /** Where the pack's manifest lies. */
  readonly home: string;
  /** Where its pulled files lie. */
  readonly directory: string;
}

/**
 * Copies the files that come with the pack beside its pulled ones, since ONNX Runtime reads weights only from the folder of the graph. A copy
 * that is right already stays; a newer Vedette's replaces it. A file that is wrong in both places is left to `verifyFiles`.
 * Throws VDT_PACK_OUTDATED where a copy cannot be written.
 */
export async function refreshShippedFiles({ manifest, home, directory }: PackPlaces): Promise<void> {
  if (home === directory) return;
  for (const file of manifest.files.filter((candidate) => !isPullable(candidate))) {
    const copy = join(directory, file.path);
    const shipped = join(home, file.path);
    if ((await isRight(manifest, file, copy)) || !(await isRight(manifest, file, shipped))) continue;
    const part = `${copy}.${process.pid}.part`; // two services may do this at once
    try {
      await mkdir(directory, { recursive: true });
      await copyFile(shipped, part);
      await rename(part, copy);
    } catch (error) {
      await rm(part, { force: true }).catch(() => {});
      const reason = `its copy in ${directory} cannot be written (${reasonFor(error)})`;
      const hint = 'Let this process write there, or run "vedette models pull ID" as a user who may.';
      throw problem('VDT_PACK_OUTDATED', { pack: manifest.id, file: file.path, reason }, { hint, cause: error });
    }
  }
}
