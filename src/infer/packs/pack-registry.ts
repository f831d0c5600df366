import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problem, VedetteError } from '../../platform/errors.ts';
import { type PackManifest, parsePackManifest } from './pack-manifest.ts';

/** A pack whose manifest is sound; `load` has also checked its files. */
export interface Pack {
  readonly manifest: PackManifest;
  readonly directory: string;
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

/** The packs of one folder, each in a folder of its own named by its id. */
export class PackRegistry {
  readonly #directory: string;

  constructor(directory: string = builtInPackDirectory()) {
    this.#directory = resolve(directory);
  }

  get directory(): string {
    return this.#directory;
  }

  /** Every pack, by id, the broken ones with what is wrong; files are not read (`verifyFiles` does). */
  async list(): Promise<readonly PackListing[]> {
    const entries = await readdir(this.#directory, { withFileTypes: true }).catch(() => []);
    const listings: PackListing[] = [];
    for (const { name } of entries.filter((entry) => entry.isDirectory()).toSorted(byName)) {
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

  /** The pack, all its files there and unchanged. Throws VDT_PACK_NOT_FOUND, VDT_PACK_INVALID or VDT_PACK_CHECKSUM. */
  async load(id: string): Promise<Pack> {
    const pack = await this.get(id);
    await verifyFiles(pack);
    return pack;
  }

  async #read(id: string): Promise<Pack> {
    const directory = join(this.#directory, id);
    const text = await readFile(join(directory, 'pack.json'), 'utf8').catch(() => null);
    if (text === null) throw this.#notFound(id);
    const manifest = parsePackManifest(id, text);
    const model = manifest.files.find(({ path }) => path.endsWith('.onnx'));
    return { manifest, directory, modelPath: join(directory, model?.path ?? '') };
  }

  #notFound(id: string): VedetteError {
    return problem('VDT_PACK_NOT_FOUND', { pack: id, directory: this.#directory });
  }
}

/** Compares each file's size and SHA-256 with the manifest. Throws VDT_PACK_INVALID or VDT_PACK_CHECKSUM. */
export async function verifyFiles({ manifest, directory }: Pack): Promise<void> {
  for (const { path, sha256, sizeBytes } of manifest.files) {
    const file = join(directory, path);
    const found = await stat(file).catch(() => null);
    const refuse = (reason: string) => problem('VDT_PACK_INVALID', { pack: manifest.id, field: path, reason });
    if (!found?.isFile()) throw refuse('is missing');
    if (sizeBytes !== undefined && found.size !== sizeBytes) {
      throw refuse(`has ${found.size} bytes, the manifest says ${sizeBytes}`);
    }
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    const actual = hash.digest('hex');
    if (actual !== sha256) {
      throw problem('VDT_PACK_CHECKSUM', { pack: manifest.id, file: path, actual, expected: sha256 });
    }
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
