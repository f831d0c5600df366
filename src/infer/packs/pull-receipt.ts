import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { problem } from '../../platform/errors.ts';
import { nameOfHash, sha256Of } from './file-hash.ts';
import type { PackFile } from './pack-file.ts';
import type { PackManifest } from './pack-manifest.ts';

const receiptSchema = Type.Record(
  Type.String(),
  Type.Object({
    sha256: Type.String(),
    sizeBytes: Type.Integer(),
    /** SHA-256 of the tensors.json by which it was laid out. */
    tensors: Type.String(),
    from: Type.Object({ source: Type.String(), checkpoint: Type.String() }),
  }),
);

/** `pulled.json`, by file: what was made of which checkpoint; the manifest cannot know the checksum of a made file beforehand. */
export type PullReceipt = Static<typeof receiptSchema>;

/** The receipt of a folder; empty where there is none that can be read. */
export async function readReceipt(folder: string): Promise<PullReceipt> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, 'pulled.json'), 'utf8'));
    return Value.Check(receiptSchema, value) ? value : {};
  } catch {
    return {};
  }
}

/** Adds one file to the receipt of its folder. */
export async function addToReceipt(folder: string, path: string, entry: PullReceipt[string]): Promise<void> {
  const text = `${JSON.stringify({ ...(await readReceipt(folder)), [path]: entry }, null, 2)}\n`;
  const part = join(folder, 'pulled.json.part');
  const handle = await open(part, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(part, join(folder, 'pulled.json'));
}

/** SHA-256 that the manifest gives the tensors.json of a made file. */
export function layoutHashOf({ files }: PackManifest, { madeFrom }: PackFile): string {
  return files.find(({ path }) => path === madeFrom?.tensors)?.sha256 ?? '';
}

/**
 * Compares a file made from a checkpoint with the receipt beside it, and the receipt with what the manifest asks for now. Throws
 * VDT_PACK_OUTDATED where it was made of something else or laid out differently, VDT_PACK_CHECKSUM where it was changed since.
 */
export async function verifyMadeFile(manifest: PackManifest, file: PackFile, location: string): Promise<void> {
  const { path, madeFrom, sizeBytes } = file;
  const hint = `Run "vedette models pull ${manifest.id}" again; what is still right is not fetched twice.`;
  const outdated = (reason: string) =>
    problem('VDT_PACK_OUTDATED', { pack: manifest.id, file: path, reason }, { hint });
  const receipt = await readReceipt(dirname(location));
  const entry = Object.hasOwn(receipt, path) ? receipt[path] : undefined;
  if (!entry) throw outdated('nothing tells what it was made from');
  const accepted = madeFrom ? [madeFrom, ...(madeFrom.alternatives ?? [])].map(nameOfHash) : [];
  if (!accepted.includes(entry.from.checkpoint)) throw outdated('it was made from another checkpoint');
  if (entry.tensors !== layoutHashOf(manifest, file)) throw outdated('its tensors lie elsewhere now');
  if (entry.sizeBytes !== sizeBytes) throw outdated(`it has ${entry.sizeBytes} bytes, not ${sizeBytes}`);
  const { size } = await stat(location);
  const actual = size === entry.sizeBytes ? await sha256Of(location) : `of another file of ${size} bytes`;
  if (actual !== entry.sha256) {
    throw problem('VDT_PACK_CHECKSUM', { pack: manifest.id, file: path, actual, expected: entry.sha256 }, { hint });
  }
}
