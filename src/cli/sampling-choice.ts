import type { Sampling } from '../bus/sampling.ts';
import { samplingOf } from '../infer/packs/pack-manifest.ts';
import type { PackRegistry } from '../infer/packs/pack-registry.ts';
import { problem } from '../platform/errors.ts';

/**
 * How a camera must be sampled for its packs. One decode serves all of them, so packs of one camera must ask for the
 * same rate, size and segment length. Throws VDT_PACK_… , VDT_PACKS_DIFFER.
 */
export function createSamplingChoice(
  packs: PackRegistry,
): (camera: { readonly settings: { readonly packs: readonly string[] } }) => Promise<Sampling> {
  return async ({ settings }) => {
    const wishes = await Promise.all(
      settings.packs.map(async (id) => ({ id, sampling: samplingOf((await packs.get(id)).manifest) })),
    );
    const [first, ...others] = wishes;
    if (!first) throw problem('VDT_CONFIG_INVALID', { field: 'packs', reason: 'the camera has no pack' });
    const odd = others.find(({ sampling }) => JSON.stringify(sampling) !== JSON.stringify(first.sampling));
    if (odd) throw problem('VDT_PACKS_DIFFER', { one: first.id, other: odd.id });
    return first.sampling;
  };
}
