import type { Sampling } from '../bus/sampling.ts';
import { planPacks, planUsable } from '../infer/packs/pack-plan.ts';
import { isInstalled, type PackRegistry } from '../infer/packs/pack-registry.ts';

/**
 * How a camera must be sampled for its packs. One decode serves all of them. Packs whose files are not here want nothing.
 * Throws VDT_PACK_… , VDT_PACKS_DIFFER, VDT_PACKS_UNUSABLE.
 */
export function createSamplingChoice(
  packs: PackRegistry,
): (camera: { readonly settings: { readonly packs: readonly string[] } }) => Promise<Sampling> {
  return async ({ settings }) => {
    for (const id of settings.packs) await packs.get(id);
    const here = (await packs.list()).flatMap(({ pack }) => (pack && isInstalled(pack) ? [pack.manifest] : []));
    const known = new Map(here.map((manifest) => [manifest.id, manifest]));
    const { plan } = planUsable(settings.packs, known);
    return (plan ?? planPacks([], known)).sampling;
  };
}
