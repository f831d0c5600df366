import { join } from 'node:path';
import { isInstalled, PackRegistry } from '../infer/packs/pack-registry.ts';
import type { Config } from '../platform/config-schema.ts';

const EXTRACTOR = 'motion-grid';
/** The detectors that come with a manifest, the best first. */
const DETECTORS = ['yolox-nano', 'fastest-det'];

/** Where `vedette models pull` puts what it fetches. */
export function pulledPackDirectory({ dataDir }: Config): string {
  return join(dataDir, 'models');
}

export function openPackRegistry(config: Config): PackRegistry {
  return new PackRegistry(config.packs.directory, pulledPackDirectory(config));
}

/** The packs that a new camera gets; `auto` takes a detector along where one is installed. */
export async function defaultPackIds({ packs }: Config, registry: PackRegistry): Promise<readonly string[]> {
  if (packs.default !== 'auto') return packs.default;
  for (const id of DETECTORS) {
    const detector = await registry.get(id).catch(() => null);
    if (detector && isInstalled(detector)) return [EXTRACTOR, id];
  }
  return [EXTRACTOR];
}
