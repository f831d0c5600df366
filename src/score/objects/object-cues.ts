import type { CueDefinition } from '../cue-head.ts';

export type ObjectCueName =
  | 'object'
  | 'object-speed'
  | 'object-class'
  | 'object-size'
  | 'object-direction'
  | 'object-place';

/**
 * `object` joins an object's parts before the strangest object is taken: a rider is a little odd in several ways at once. The parts by
 * themselves hear what is odd in one way only, and tell what it is. `object-place` only says that nothing stood there before.
 */
export const OBJECT_CUES: readonly (CueDefinition & { readonly name: ObjectCueName })[] = [
  { name: 'object', weight: 0.25, evidence: 'extrapolated' },
  { name: 'object-speed', weight: 0.2, evidence: 'extrapolated' },
  { name: 'object-class', weight: 0.2, evidence: 'extrapolated' },
  { name: 'object-size', weight: 0.2, evidence: 'extrapolated' },
  { name: 'object-direction', weight: 0.2, evidence: 'extrapolated' },
  { name: 'object-place', weight: 0.015, evidence: 'counted' },
];
