import type { AnyCueHead } from './cue-head.ts';
import { motionHead } from './motion-head.ts';
import { objectHead } from './objects/object-head.ts';
import { sceneChangeHead } from './scene-change/scene-change-head.ts';

const HEADS: readonly AnyCueHead[] = [motionHead, sceneChangeHead, objectHead];

/** The heads of a camera, by what its packs give. */
export function headsFor({ detector }: { readonly detector: boolean }): readonly AnyCueHead[] {
  return detector ? [motionHead, sceneChangeHead, objectHead] : [motionHead, sceneChangeHead];
}

/** Heads by their names, in that order; a name that nobody has is left out. */
export function headsNamed(names: readonly string[]): readonly AnyCueHead[] {
  return names.flatMap((name) => HEADS.find((head) => head.name === name) ?? []);
}
