import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { PackFile } from '../../infer/packs/pack-file.ts';
import { BASE_PACK } from '../../infer/packs/pack-plan.ts';
import { isInstalled, type Pack, type PackRegistry } from '../../infer/packs/pack-registry.ts';
import type { Config } from '../../platform/config-schema.ts';
import { problem } from '../../platform/errors.ts';

interface TensorPlace {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where its float32 values begin, and how many bytes they take. */
  readonly offset: number;
  readonly bytes: number;
}

export interface RandomPacks {
  /** The configuration with a pack folder in which nothing is missing. */
  readonly config: Config;
  /** Packs whose weights are random. */
  readonly random: readonly string[];
  close(): Promise<void>;
}

/**
 * A folder with the named packs and what they need, in which weights that were not pulled are random numbers: for measuring speed, which does not
 * depend on them. Throws VDT_PACK_NOT_PULLED where a missing file is not made of tensors.
 */
export async function withRandomWeights(
  config: Config,
  registry: PackRegistry,
  ids: readonly string[],
): Promise<RandomPacks> {
  const folder = await mkdtemp(join(tmpdir(), 'vedette-random-weights-'));
  const close = () => rm(folder, { recursive: true, force: true });
  const random: string[] = [];
  try {
    for (const id of await withWhatTheyNeed(registry, ids)) {
      const pack = await registry.get(id);
      await cp(pack.directory, join(folder, id), { recursive: true }).catch(() => mkdir(join(folder, id)));
      if (isInstalled(pack)) continue;
      await fill(pack, join(config.packs.directory ?? registry.directory, id), join(folder, id));
      random.push(id);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const dataDir = join(folder, '.data');
  return { config: { ...config, dataDir, packs: { ...config.packs, directory: folder } }, random, close };
}

/** The base, the packs, and the extractors of heads among them. */
export async function withWhatTheyNeed(registry: PackRegistry, ids: readonly string[]): Promise<readonly string[]> {
  const all = new Set([BASE_PACK]);
  for (const id of ids) {
    const { manifest } = await registry.get(id);
    if (manifest.kind === 'head') all.add(manifest.extractor);
    all.add(id);
  }
  return [...all];
}

/** Writes what the pack lacks into `target`, and a manifest that asks for it. No text tower: no pictures pass through it. */
async function fill({ manifest, modelPath }: Pack, shipped: string, target: string): Promise<void> {
  await cp(shipped, target, { recursive: true });
  const stem = `${basename(modelPath, '.onnx')}.`;
  const files: PackFile[] = [];
  for (const file of manifest.files.filter(({ path }) => path.startsWith(stem))) {
    if (existsSync(join(target, file.path))) files.push(file);
    else if (file.madeFrom) files.push(await randomFile(target, file.path, file.madeFrom.tensors));
    else throw problem('VDT_PACK_NOT_PULLED', { pack: manifest.id, file: file.path });
  }
  const { text: _, ...rest } = JSON.parse(await readFile(join(target, 'pack.json'), 'utf8')) as Record<string, unknown>;
  await writeFile(join(target, 'pack.json'), JSON.stringify({ ...rest, files }));
}

async function randomFile(target: string, path: string, tensorsFile: string): Promise<PackFile> {
  const text = await readFile(join(target, tensorsFile), 'utf8');
  const { sizeBytes, tensors } = JSON.parse(text) as { sizeBytes: number; tensors: readonly TensorPlace[] };
  const hash = createHash('sha256');
  await mkdir(dirname(join(target, path)), { recursive: true });
  const file = await open(join(target, path), 'w');
  let written = 0;
  const write = async (bytes: Uint8Array) => {
    await file.write(bytes);
    hash.update(bytes);
    written += bytes.length;
  };
  const random = lcg(7);
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset)) {
    await write(new Uint8Array(tensor.offset - written));
    const values = valuesOf(tensor, random);
    await write(new Uint8Array(values.buffer));
  }
  await write(new Uint8Array(sizeBytes - written));
  await file.close();
  return { path, sha256: hash.digest('hex'), sizeBytes };
}

/** Values that keep activations near 1: speed does not depend on them, but numbers near 0 (denormals) would be slow. */
function valuesOf({ name, shape, bytes }: TensorPlace, random: () => number): Float32Array {
  const length = bytes / 4;
  if (shape.length < 2) return new Float32Array(length).fill(/(weight|running_var)$/.test(name) ? 1 : 0);
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
  const span = Math.sqrt(6 / fanIn);
  return Float32Array.from({ length }, () => (2 * random() - 1) * span);
}

function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
