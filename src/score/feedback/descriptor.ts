import { FIGURE_FIELDS, figureIndex } from '../figures/figure-parts.ts';

const AREA = figureIndex('area');

/**
 * Where the numbers of a descriptor stand. A descriptor tells what the strangest thing of a segment looked like: where it is, how
 * large, how it moves, what it is, and, from CUES on, how surprising each cue found it. Plain numbers, so that it can be stored.
 */
export const LAYOUT = {
  /** VERSION; descriptors of another layout cannot be compared. */
  version: 0,
  /** Middle of the thing, 0 to 1 of the picture from its top left. */
  y: 1,
  x: 2,
  /** Share of the picture that it spans. */
  height: 3,
  width: 4,
  /** Pixels of the 240x160 picture a frame. */
  speed: 5,
  velocityX: 6,
  velocityY: 7,
  /** How abruptly brightness change itself changes, 0 to 1: limbs, scuffles. */
  agitation: 8,
  /** Probabilities of the coarse classes, all 0 where no detector looked. */
  person: 9,
  twoWheeler: 10,
  vehicle: 11,
  animal: 12,
  other: 13,
} as const;

/** Descriptors of version 1, of reviews from before there were figures, have none; those of version 2 have room for one. */
export const VERSION = 2;
const NUMBERS_OF_CELLS = 14;
/** From here on: the figure (FIGURE_FIELDS) that the thing is; all 0 where none was seen. */
export const FIGURE = NUMBERS_OF_CELLS;
/** From here on: -ln p of each cue, nats, in the order of the camera's cues; 0 for a cue that is about something else. */
export const CUES = FIGURE + FIGURE_FIELDS.length;
/** Where the cues begin, by version. */
const CUES_OF_VERSION: readonly (number | undefined)[] = [undefined, NUMBERS_OF_CELLS, CUES];

export const CLASSES = [LAYOUT.person, LAYOUT.twoWheeler, LAYOUT.vehicle, LAYOUT.animal, LAYOUT.other] as const;

/** -ln p of each cue, nats; none where the layout is not known. */
export function surprisesOf(descriptor: readonly number[]): readonly number[] {
  const from = CUES_OF_VERSION[descriptor[LAYOUT.version] ?? 0];
  return from === undefined ? [] : descriptor.slice(from);
}

/** The figure's numbers, in the order of FIGURE_FIELDS; null where none was seen. */
export function figureOf(descriptor: readonly number[]): readonly number[] | null {
  if (descriptor[LAYOUT.version] !== VERSION || (descriptor[FIGURE + AREA] ?? 0) === 0) return null;
  return descriptor.slice(FIGURE, CUES);
}

/** Whether both are of known layouts and of cameras that look with as many cues. */
export function comparable(one: readonly number[], other: readonly number[]): boolean {
  const cues = surprisesOf(one).length;
  return cues > 0 && cues === surprisesOf(other).length;
}

/** Which coarse class a detector's class belongs to. */
export function coarseClassOf(label: string): number {
  if (label === 'person') return LAYOUT.person;
  if (label === 'bicycle' || label === 'motorcycle' || label === 'motorbike') return LAYOUT.twoWheeler;
  if (['car', 'truck', 'bus', 'van', 'train'].includes(label)) return LAYOUT.vehicle;
  if (['dog', 'cat', 'bird', 'horse', 'cow', 'sheep', 'bear'].includes(label)) return LAYOUT.animal;
  return LAYOUT.other;
}
