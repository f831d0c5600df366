import type { CameraSenses } from '../score/heads.ts';
import type { PackPlan } from './packs/pack-plan.ts';

/** What scoring gets of a camera's packs. */
export function sensesOf({ normality, detector, learned, heads, key }: PackPlan): CameraSenses {
  const named = new Set(key.split('+'));
  return {
    normality,
    detector: detector !== null,
    heads: heads.map(({ id }) => ({ id })),
    // an extractor that only serves a head says nothing by itself, unless texts can be compared with it
    embeddings: learned.filter((extractor) => named.has(extractor.id) || extractor.text).map(({ id }) => id),
  };
}

/** The pack whose text tower reads a camera's definitions; null where none of its packs has one. */
export function textPackOf({
  learned,
}: Pick<PackPlan, 'learned'>): { readonly id: string; readonly logitScale: number } | null {
  for (const { id, text } of learned) if (text) return { id, logitScale: text.logitScale };
  return null;
}
