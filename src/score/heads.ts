import type { AnyCueHead } from './cue-head.ts';
import { motionHead } from './motion-head.ts';

/** The heads of a camera, by what its packs give. */
export function headsFor(_packs: { readonly detector: boolean }): readonly AnyCueHead[] {
  return [motionHead];
}
