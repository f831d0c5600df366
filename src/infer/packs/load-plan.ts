import { VedetteError } from '../../platform/errors.ts';
import { companionsOf, type PackPlan, planPacks } from './pack-plan.ts';
import type { Pack, PackRegistry } from './pack-registry.ts';

/** A plan whose packs are all there and unchanged. */
export interface LoadedPlan {
  readonly plan: PackPlan;
  /** In the order of `plan.ids`. */
  readonly packs: readonly Pack[];
}

/** Loads the packs that are named and those that go with them. Throws VDT_PACK_…, VDT_PACKS_UNUSABLE, VDT_PACKS_DIFFER. */
export async function loadPlan(registry: PackRegistry, packIds: readonly string[]): Promise<LoadedPlan> {
  const packs = new Map<string, Pack>();
  for (const id of packIds) packs.set(id, await registry.load(id));
  const named = packIds.flatMap((id) => packs.get(id)?.manifest ?? []);
  for (const id of companionsOf(named)) {
    const pack = await registry.load(id).catch((error: unknown) => {
      if (error instanceof VedetteError && error.code === 'VDT_PACK_NOT_FOUND') return null; // the plan says who needs it
      throw error;
    });
    if (pack) packs.set(id, pack);
  }
  const plan = planPacks(named, new Map([...packs].map(([id, { manifest }]) => [id, manifest])));
  return { plan, packs: plan.ids.flatMap((id) => packs.get(id) ?? []) };
}
