/**
 * A text is embedded in several sentences whose descriptors are averaged (CLIP's prompt ensembles, Radford et al. 2021, 3.1.4). Both
 * sides share sentences that speak of surveillance pictures; one sentence of each side says which side it is, which draws the two apart
 * (Flashback's "repulsion" prompting).
 */
const SHARED: readonly string[] = [
  '{}',
  'a photo of {}',
  'a surveillance camera picture of {}',
  'low resolution CCTV footage of {}',
];
const OF_SIDE = { abnormal: 'an alarming scene: {}', normal: 'an ordinary scene: {}' } as const;

/** What is normal before a camera whose user says nothing of it. */
export const USUAL_NORMAL_TEXTS: readonly string[] = [
  'an ordinary scene in which nothing happens',
  'an empty place',
  'people walking',
  'people standing and talking',
  'traffic passing by',
];

/** The sentences in which a text, and the examples that say the same in other words, are embedded. */
export function promptsOf(texts: readonly string[], side: 'abnormal' | 'normal'): readonly string[] {
  return texts.flatMap((text) => [...SHARED, OF_SIDE[side]].map((template) => template.replace('{}', () => text)));
}
