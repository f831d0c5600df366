import type { Sampling } from '../bus/sampling.ts';
import { planPacks } from '../infer/packs/pack-plan.ts';
import { isInstalled, type PackRegistry } from '../infer/packs/pack-registry.ts';

/**
 * How a camera must be sampled for its packs. One decode serves all of them. A detector whose weights were not pulled wants nothing.
 * Throws VDT_PACK_… , VDT_PACKS_DIFFER, VDT_PACKS_UNUSABLE.
 */
export function createSamplingChoice(
  packs: PackRegistry,
): (camera: { readonly settings: { readonly packs: readonly string[] } }) => Promise<Sampling> {
  return async ({ settings }) => {
    const given = await Promise.all(settings.packs.map((id) => packs.get(id)));
    const used = given.filter((pack) => pack.manifest.kind !== 'detector' || isInstalled(pack));
    return planPacks(used.map(({ manifest }) => manifest)).sampling;
  };
}
