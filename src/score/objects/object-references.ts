import { Reservoir } from '../reservoir.ts';
import type { ObjectDescriptor } from './object-descriptor.ts';
import { nearestThree, type SortedReferences, sortReferences } from './sorted-references.ts';

const MAXIMUM_REFERENCES = 4_096;
/** Classes told apart: those that normal objects showed most. All others are one, "anything else". */
const TOLD_APART = 5;

/** Normal objects to compare with: a random choice of those seen while learning. */
export interface ObjectReferences {
  readonly size: SortedReferences;
  readonly velocity: SortedReferences;
  readonly place: SortedReferences;
  /** Weights of `toldApart`, then of anything else. */
  readonly classes: SortedReferences;
  /** Indices of classes, the most frequent first. */
  readonly toldApart: readonly number[];
}

export interface FoldedObject {
  readonly fold: number;
  readonly descriptor: ObjectDescriptor;
}

/** Mean distances of an object to the three nearest references, each at least 0. */
export interface ObjectDistances {
  readonly size: number;
  readonly velocity: number;
  readonly classes: number;
  /** Expected heights from the spots where something stood. */
  readonly place: number;
}

/** Chooses references evenly among all objects. */
export function collectReferences(objects: readonly FoldedObject[], seed: number): ObjectReferences {
  const reservoir = new Reservoir<FoldedObject>(MAXIMUM_REFERENCES, seed);
  for (const object of objects) reservoir.offer(() => object);
  const toldApart = mostFrequent(objects);
  const sorted = (dimensions: number, of: (descriptor: ObjectDescriptor) => readonly number[]) =>
    sortReferences(
      reservoir.chosen.map(({ fold, descriptor }) => ({ fold, values: of(descriptor) })),
      dimensions,
    );
  return {
    size: sorted(2, (descriptor) => descriptor.size),
    velocity: sorted(2, (descriptor) => descriptor.velocity),
    place: sorted(2, (descriptor) => descriptor.place),
    classes: sorted(TOLD_APART + 1, (descriptor) => classVector(toldApart, descriptor)),
    toldApart,
  };
}

/** Distances to the nearest references, those of `fold` left out. */
export function distancesTo(references: ObjectReferences, object: ObjectDescriptor, fold: number): ObjectDistances {
  const { size, velocity, place, classes, toldApart } = references;
  return {
    size: nearestThree(size, Float32Array.from(object.size), fold),
    velocity: nearestThree(velocity, Float32Array.from(object.velocity), fold),
    classes: nearestThree(classes, Float32Array.from(classVector(toldApart, object)), fold),
    place: nearestThree(place, Float32Array.from(object.place), fold) / object.expectedHeight,
  };
}

function classVector(toldApart: readonly number[], { classes, classWeights }: ObjectDescriptor): readonly number[] {
  const vector = new Array<number>(TOLD_APART + 1).fill(0);
  let others = 0;
  classes.forEach((index, place) => {
    const weight = classWeights[place] ?? 0;
    const dimension = toldApart.indexOf(index);
    if (dimension >= 0) vector[dimension] = weight;
    else others += weight * weight;
  });
  vector[TOLD_APART] = Math.sqrt(others);
  return vector;
}

/** By the sum of their weights; ties go to the lower index. */
function mostFrequent(objects: readonly FoldedObject[]): readonly number[] {
  const sums = new Map<number, number>();
  for (const { descriptor } of objects) {
    descriptor.classes.forEach((index, place) => {
      sums.set(index, (sums.get(index) ?? 0) + (descriptor.classWeights[place] ?? 0));
    });
  }
  return [...sums]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, TOLD_APART)
    .map(([index]) => index);
}
