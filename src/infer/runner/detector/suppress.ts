import type { DetectedObject } from '../../../score/detected-object.ts';

/** An object as one tile shows it. */
export interface TileObject extends DetectedObject {
  /** Its box ends at a border inside the picture: the tile beside it sees it whole, or more of it. */
  readonly cut: boolean;
}

export interface SuppressOptions {
  /** Of two boxes of one class that share more than this (intersection over union) the weaker goes. */
  readonly overlap: number;
  /** Most objects of a picture; the weakest go. */
  readonly maximum: number;
}

/** Two boxes that share so much are one thing, whatever it is called. */
const SAME_THING = 0.8;
/** A cut box goes when so much of it lies in another box. */
const COVERED = 0.6;

/**
 * Takes the doubles out of the objects of all tiles of a picture (greedy non-maximum suppression). What a tile's border cuts comes
 * last, so that the view of the whole wins. The result is in order of confidence; equal ones keep their order.
 */
export function suppress(objects: readonly TileObject[], { overlap, maximum }: SuppressOptions): DetectedObject[] {
  const order = objects.toSorted((a, b) => Number(a.cut) - Number(b.cut) || b.confidence - a.confidence);
  const kept: TileObject[] = [];
  for (const object of order) {
    const double = kept.some((other) => {
      const { union, inside } = sharedOf(object, other);
      if (object.cut && inside > COVERED) return true;
      return union > (other.label === object.label ? overlap : SAME_THING);
    });
    if (!double) kept.push(object);
  }
  return kept
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, maximum)
    .map(({ box, confidence, label, classProbabilities }) => ({ box, confidence, label, classProbabilities }));
}

/** `union`: intersection over union; `inside`: share of the first that lies in the second. */
function sharedOf(
  { box: a }: DetectedObject,
  { box: b }: DetectedObject,
): { readonly union: number; readonly inside: number } {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return { union: 0, inside: 0 };
  const common = width * height;
  const areaOf = (box: DetectedObject['box']) => (box.right - box.left) * (box.bottom - box.top);
  return { union: common / (areaOf(a) + areaOf(b) - common), inside: common / areaOf(a) };
}
