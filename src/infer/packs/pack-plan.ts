import type { Sampling } from '../../bus/sampling.ts';
import { problem } from '../../platform/errors.ts';
import { type PackManifest, samplingOf, stillSizeOf } from './pack-manifest.ts';

/** How the packs of one camera work together: one extractor, and a detector where there is one. */
export interface PackPlan {
  readonly extractor: PackManifest;
  readonly detector: PackManifest | null;
  /** Ids in the order of work, the extractor first. */
  readonly ids: readonly string[];
  /** Name of what is learned with them: their ids joined with `+`. */
  readonly key: string;
  readonly sampling: Sampling;
}

/**
 * Plans with a camera's packs; of several detectors the first is used. One decode serves all, so several extractors must ask for the
 * same rate, size and segment length; the first is used. Throws VDT_PACKS_UNUSABLE without an extractor, VDT_PACKS_DIFFER.
 */
export function planPacks(manifests: readonly PackManifest[]): PackPlan {
  const [extractor, ...others] = manifests.filter(({ kind }) => kind === 'extractor');
  const detector = manifests.find(({ kind }) => kind === 'detector') ?? null;
  if (!extractor) {
    const given = manifests.map(({ id }) => id).join(', ');
    throw problem('VDT_PACKS_UNUSABLE', { packs: given || 'none', reason: 'there is no extractor among them' });
  }
  const sampling = samplingOf(extractor);
  const odd = others.find((other) => JSON.stringify(samplingOf(other)) !== JSON.stringify(sampling));
  if (odd) throw problem('VDT_PACKS_DIFFER', { one: extractor.id, other: odd.id });
  if (!detector) return { extractor, detector, ids: [extractor.id], key: extractor.id, sampling };
  const still = stillSizeOf(detector);
  if (sampling.pixelFormat !== 'gray8' || !still || still.width < sampling.width || still.height < sampling.height) {
    throw problem('VDT_PACKS_DIFFER', { one: extractor.id, other: detector.id });
  }
  const ids = [extractor.id, detector.id];
  return { extractor, detector, ids, key: packsKey(ids), sampling: { ...sampling, still } };
}

/** Name of what is learned with packs, in the order of their work. */
export function packsKey(ids: readonly string[]): string {
  return ids.join('+');
}
