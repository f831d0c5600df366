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

export const VERSION = 1;
/** From here on: -ln p of each cue, nats, in the order of the camera's cues; 0 for a cue that is about something else. */
export const CUES = 14;

export const CLASSES = [LAYOUT.person, LAYOUT.twoWheeler, LAYOUT.vehicle, LAYOUT.animal, LAYOUT.other] as const;

/** Whether both are of this layout and of cameras that look with as many cues. */
export function comparable(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one[LAYOUT.version] === VERSION && other[LAYOUT.version] === VERSION;
}

/** Which coarse class a detector's class belongs to. */
export function coarseClassOf(label: string): number {
  if (label === 'person') return LAYOUT.person;
  if (label === 'bicycle' || label === 'motorcycle' || label === 'motorbike') return LAYOUT.twoWheeler;
  if (['car', 'truck', 'bus', 'van', 'train'].includes(label)) return LAYOUT.vehicle;
  if (['dog', 'cat', 'bird', 'horse', 'cow', 'sheep', 'bear'].includes(label)) return LAYOUT.animal;
  return LAYOUT.other;
}
