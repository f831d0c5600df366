import type { AnyCueHead } from './cue-head.ts';
import { motionHead } from './motion-head.ts';

const HEADS: readonly AnyCueHead[] = [motionHead];

/** The heads of a camera, by what its packs give. */
export function headsFor(_packs: { readonly detector: boolean }): readonly AnyCueHead[] {
  return [motionHead];
}

/** Heads by their names, in that order; a name that nobody has is left out. */
export function headsNamed(names: readonly string[]): readonly AnyCueHead[] {
  return names.flatMap((name) => HEADS.find((head) => head.name === name) ?? []);
}
