import type { ObservedObject } from '../observation.ts';
import { expectedHeight, type HeightLine } from './expected-height.ts';

/** The classes of an object that are kept: the likeliest ones carry all there is to compare. */
export const KEPT_CLASSES = 4;
/** Speeds are given in pixels of a picture of this height, a frame at this rate. */
const PICTURE_HEIGHT = 160;
const PICTURE_ASPECT = 1.5;
const FRAMES_PER_SECOND = 10;
/** Speed that counts as standing, expected heights a second. */
const STANDING = 0.2;

/** What is compared of an object. Lengths are in expected heights of its row, so that near and far are alike. */
export interface ObjectDescriptor {
  readonly label: string;
  /** Expected heights a second. */
  readonly speed: number;
  /** ln(speed + standing). */
  readonly logSpeed: number;
  /** Expected heights a second, right and down. */
  readonly velocity: readonly [number, number];
  /** ln of height against the expected one, ln of width against height. */
  readonly size: readonly [number, number];
  /** Feet, in picture heights from the left and the top. */
  readonly place: readonly [number, number];
  readonly expectedHeight: number;
  /** Indices of the likeliest classes and, as many, objectness times the probability of each. */
  readonly classes: readonly number[];
  readonly classWeights: readonly number[];
}

/** Boils an object down to what is compared. */
export function describeObject(object: ObservedObject, line: HeightLine): ObjectDescriptor {
  const { box, classProbabilities } = object;
  const expected = expectedHeight(line, box.bottom);
  const height = Math.max(1e-3, box.bottom - box.top);
  const width = Math.max(1e-3, box.right - box.left) * PICTURE_ASPECT;
  const perSecond = FRAMES_PER_SECOND / (expected * PICTURE_HEIGHT);
  const speed = object.speed * perSecond;
  const classes = likeliest(classProbabilities);
  const objectness = Math.min(1, object.confidence / Math.max(1e-6, classProbabilities[classes[0] ?? 0] ?? 0));
  return {
    label: object.label,
    speed,
    logSpeed: Math.log(speed + STANDING),
    velocity: [object.velocityX * perSecond, object.velocityY * perSecond],
    size: [Math.log(height / expected), Math.log(width / height)],
    place: [((box.left + box.right) / 2) * PICTURE_ASPECT, box.bottom],
    expectedHeight: expected,
    classes,
    classWeights: classes.map((index) => (classProbabilities[index] ?? 0) * objectness),
  };
}

/** Indices of the largest values, in falling order. */
function likeliest(probabilities: Float32Array): readonly number[] {
  const best: number[] = [];
  for (let index = 0; index < probabilities.length; index++) {
    const value = probabilities[index] ?? 0;
    const last = best[KEPT_CLASSES - 1];
    if (last !== undefined && value <= (probabilities[last] ?? 0)) continue;
    let place = Math.min(best.length, KEPT_CLASSES - 1);
    while (place > 0 && value > (probabilities[best[place - 1] ?? 0] ?? 0)) {
      best[place] = best[place - 1] ?? 0;
      place -= 1;
    }
    best[place] = index;
  }
  return best;
}
