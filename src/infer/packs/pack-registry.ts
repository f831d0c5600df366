import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problem, VedetteError } from '../../platform/errors.ts';
import type { PackFile } from './pack-file.ts';
import { type PackManifest, parsePackManifest } from './pack-manifest.ts';
import { refreshShippedFiles } from './shipped-files.ts';
import { isPullable, verifyFile } from './verify-file.ts';

/** A pack whose manifest is sound; `load` has also checked its files. */
export interface Pack {
  readonly manifest: PackManifest;
  /** Where its files lie, or will lie once they are pulled. */
  readonly directory: string;
  /** Where its manifest lies, with the files that it comes with. */
  readonly home: string;
  /** Absolute path of the ONNX file. */
  readonly modelPath: string;
}

export type PackListing =
  | { readonly id: string; readonly pack: Pack; readonly error: null }
  | { readonly id: string; readonly pack: null; readonly error: VedetteError };

/** The packs that come with Vedette: `models/` beside `src/` or `dist/`. */
export function builtInPackDirectory(): string {
  return resolve(dirname(fileURLToPath(import.meta.url)), '../../../models');
}

/**
 * The packs of a folder, each in a folder of its own named by its id; and those of a second folder, which also holds the files that
 * the packs of the first come without (`vedette models pull`).
 */
export class PackRegistry {
  readonly #directory: string;
  readonly #pulledDirectory: string | null;

  constructor(directory: string = builtInPackDirectory(), pulledDirectory: string | null = null) {
    this.#directory = resolve(directory);
    this.#pulledDirectory = pulledDirectory === null ? null : resolve(pulledDirectory);
  }

  get directory(): string {
    return this.#directory;
  }

  /** Where pulled files go; null where this registry knows no such folder. */
  get pulledDirectory(): string | null {
    return this.#pulledDirectory;
  }

  /** Every pack, by id, the broken ones with what is wrong; files are not read (`verifyFiles` does). */
  async list(): Promise<readonly PackListing[]> {
    const folders = [this.#directory, ...(this.#pulledDirectory === null ? [] : [this.#pulledDirectory])];
    const names = new Set<string>();
    for (const folder of folders) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) if (entry.isDirectory()) names.add(entry.name);
    }
    const listings: PackListing[] = [];
    for (const name of [...names].toSorted()) {
      try {
        listings.push({ id: name, pack: await this.#read(name), error: null });
      } catch (error) {
        if (!(error instanceof VedetteError)) throw error;
        if (error.code !== 'VDT_PACK_NOT_FOUND') listings.push({ id: name, pack: null, error });
      }
    }
    return listings;
  }

  /** The manifest of one pack. Throws VDT_PACK_NOT_FOUND or VDT_PACK_INVALID. */
  async get(id: string): Promise<Pack> {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) throw this.#notFound(id);
    return this.#read(id);
  }

  /**
   * The pack, all its files there and unchanged. Files that come with Vedette and lie as copies beside pulled ones are brought up to date.
   * Throws VDT_PACK_NOT_FOUND, VDT_PACK_NOT_PULLED, VDT_PACK_OUTDATED, VDT_PACK_INVALID or VDT_PACK_CHECKSUM.
   */
  async load(id: string): Promise<Pack> {
    const pack = await this.get(id);
    if (isInstalled(pack)) await refreshShippedFiles(pack);
    await verifyFiles(pack);
    return pack;
  }

  async #read(id: string): Promise<Pack> {
    const own = join(this.#directory, id);
    const pulled = this.#pulledDirectory === null ? null : join(this.#pulledDirectory, id);
    const read = (folder: string) => readFile(join(folder, 'pack.json'), 'utf8').catch(() => null);
    const shippedText = await read(own);
    const text = shippedText ?? (pulled === null ? null : await read(pulled));
    if (text === null) throw this.#notFound(id);
    const home = shippedText === null && pulled !== null ? pulled : own;
    const manifest = parsePackManifest(id, text);
    const holdsAll = (folder: string) => manifest.files.every(({ path }) => existsSync(join(folder, path)));
    const shipped = pulled === null || holdsAll(own) || !manifest.files.some(isPullable);
    const directory = shipped && existsSync(own) ? own : (pulled ?? own);
    const model = manifest.files.find(({ path }) => path.endsWith('.onnx'));
    return { manifest, directory, home, modelPath: join(directory, model?.path ?? '') };
  }

  #notFound(id: string): VedetteError {
    return problem('VDT_PACK_NOT_FOUND', { pack: id, directory: this.#directory });
  }
}

/** Whether all files are there, whatever is in them; those that come with the pack may lie at its home yet. */
export function isInstalled({ manifest, directory, home }: Pack): boolean {
  const isThere = (file: PackFile) =>
    existsSync(join(directory, file.path)) || (!isPullable(file) && existsSync(join(home, file.path)));
  return manifest.files.every(isThere);
}

/**
 * Checks each file with `verifyFile`, the pulled ones first: without them nothing else matters. Throws VDT_PACK_NOT_PULLED, VDT_PACK_OUTDATED,
 * VDT_PACK_INVALID or VDT_PACK_CHECKSUM.
 */
export async function verifyFiles({ manifest, directory }: Pick<Pack, 'manifest' | 'directory'>): Promise<void> {
  const pulledFirst = manifest.files.toSorted((one, other) => Number(isPullable(other)) - Number(isPullable(one)));
  for (const file of pulledFirst) await verifyFile(manifest, file, join(directory, file.path));
}
