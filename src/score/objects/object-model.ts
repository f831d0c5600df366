import { NO_FOLD } from '../nearest-references.ts';
import type { ObservedObject } from '../observation.ts';
import { fitHeightLine, type HeightLine } from './expected-height.ts';
import { type LabelStatistics, labelStatistics, statisticsOf } from './label-statistics.ts';
import { describeObject, type ObjectDescriptor } from './object-descriptor.ts';
import { collectReferences, distancesTo, type FoldedObject, type ObjectReferences } from './object-references.ts';
import { fitPartTail, type PartTail, partSurprise } from './part-tail.ts';

/** The parts of an object's strangeness, in the order of every table of parts. */
export const PARTS = ['speed', 'class', 'size', 'direction'] as const;
export type Part = (typeof PARTS)[number];

/** What is normal of objects on a camera; plain data. */
export interface ObjectModel {
  readonly heightLine: HeightLine;
  readonly labels: readonly LabelStatistics[];
  readonly references: ObjectReferences;
  /** Median distance of normal objects, per part; 1 where the part is no distance. */
  readonly medians: readonly number[];
  /** Per part; empty while too few objects were seen to say what is normal of one: then only its place counts. */
  readonly tails: readonly PartTail[];
}

/** How strange one object is. */
export interface ObjectStrangeness {
  readonly descriptor: ObjectDescriptor;
  /** -ln p per part, nats, in the order of PARTS. */
  readonly parts: readonly number[];
  /** Their Euclidean norm: the oddest part decides, and what is odd in two or three ways is stranger still. */
  readonly together: number;
  /** ln(1 + expected heights to the nearest spot where something stood). */
  readonly place: number;
}

/** An object of the history: the fold of its recording. */
export interface LearnedObject {
  readonly fold: number;
  readonly object: ObservedObject;
}

const MINIMUM_OBJECTS = 40;
const MINIMUM_FOLDS = 3;
/** Objects that the height line is fitted to. */
const LINE_OBJECTS = 3_000;
const LEAST_MEDIAN = 1e-4;

/**
 * Learns from the objects of the history. References, medians of distances and tails are made so that an object is never compared with
 * its own recording; the height line and the classes' usual speeds, a few numbers from all objects, are shared.
 *
 * @returns the model, and the strangeness of each object by what the other recordings taught
 */
export function learnObjects(
  learned: readonly LearnedObject[],
  seed: number,
): { readonly model: ObjectModel; readonly strangeness: readonly ObjectStrangeness[] } {
  const heightLine = lineOf(learned);
  const folded: readonly FoldedObject[] = learned.map(({ fold, object }) => ({
    fold,
    descriptor: describeObject(object, heightLine),
  }));
  const references = collectReferences(folded, seed);
  const labels = labelStatistics(folded.map(({ descriptor }) => descriptor));
  const distances = folded.map(({ descriptor, fold }) => quantitiesOf(references, labels, descriptor, fold));
  const medians = PARTS.map((part, index) =>
    part === 'speed' ? 1 : Math.max(LEAST_MEDIAN, median(distances.map(({ parts }) => parts[index] ?? 0))),
  );
  const model = { heightLine, labels, references, medians, tails: [] };
  const raws = distances.map(({ parts }) => rawsOf(parts, medians));
  const folds = [...new Set(learned.map(({ fold }) => fold))];
  const enough = learned.length >= MINIMUM_OBJECTS && folds.length >= MINIMUM_FOLDS;
  const tailsWithout = (left: number) =>
    PARTS.map((_, part) =>
      fitPartTail(raws.filter((_, at) => learned[at]?.fold !== left).map((raw) => raw[part] ?? 0)),
    );
  const byFold = new Map(enough ? folds.map((fold) => [fold, tailsWithout(fold)]) : []);
  return {
    model: { ...model, tails: enough ? tailsWithout(NO_FOLD) : [] },
    strangeness: folded.map(({ descriptor, fold }, at) =>
      strangenessOf(descriptor, byFold.get(fold) ?? [], raws[at] ?? [], distances[at]?.place ?? 0),
    ),
  };
}

/** How strange an object is to the model. */
export function judgeObject(model: ObjectModel, object: ObservedObject): ObjectStrangeness {
  const descriptor = describeObject(object, model.heightLine);
  const { parts, place } = quantitiesOf(model.references, model.labels, descriptor, NO_FOLD);
  return strangenessOf(descriptor, model.tails, rawsOf(parts, model.medians), place);
}

/** Per part: ln of the speed over what is usual of the class, or the distance to normal objects. */
function quantitiesOf(
  references: ObjectReferences,
  labels: readonly LabelStatistics[],
  descriptor: ObjectDescriptor,
  fold: number,
): { readonly parts: readonly number[]; readonly place: number } {
  const { classes, size, velocity, place } = distancesTo(references, descriptor, fold);
  const speed = descriptor.logSpeed - statisticsOf(labels, descriptor.label).usualLogSpeed;
  return { parts: [speed, classes, size, velocity], place };
}

function rawsOf(parts: readonly number[], medians: readonly number[]): readonly number[] {
  return PARTS.map((part, index) => {
    const value = parts[index] ?? 0;
    return part === 'speed' ? value : Math.log1p(value / (medians[index] ?? 1));
  });
}

function strangenessOf(
  descriptor: ObjectDescriptor,
  tails: readonly PartTail[],
  raws: readonly number[],
  place: number,
): ObjectStrangeness {
  const parts = PARTS.map((_, index) => {
    const tail = tails[index];
    return tail ? partSurprise(tail, raws[index] ?? 0) : 0;
  });
  return { descriptor, parts, together: Math.hypot(...parts), place: Math.log1p(place) };
}

/** Of the most frequent class alone, so that mixed traffic does not bend the line. */
function lineOf(learned: readonly LearnedObject[]): HeightLine {
  const counts = new Map<string, number>();
  for (const { object } of learned) counts.set(object.label, (counts.get(object.label) ?? 0) + 1);
  const usual = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
  const own = learned.filter(({ object }) => object.label === usual);
  const step = Math.max(1, Math.ceil(own.length / LINE_OBJECTS));
  const boxes = own.filter((_, index) => index % step === 0).map(({ object }) => object.box);
  return fitHeightLine(
    boxes.map((box) => box.bottom),
    boxes.map((box) => box.bottom - box.top),
  );
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
