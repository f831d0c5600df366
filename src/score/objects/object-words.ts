import type { Reading } from '../cue-head.ts';
import { type LabelStatistics, statisticsOf, USUAL_SHARE } from './label-statistics.ts';
import type { Part } from './object-model.ts';

/** A reading that knows what the words need. `value`: expected heights a second; where `part` is the size, height in expected heights. */
export interface ObjectReading extends Reading {
  /** What is odd about the object: the part that the cue looks at, of `object` the one that weighs most. Null: where it stands. */
  readonly part?: Part | null;
}

const NOTABLE_RATIO = 1.05;
const NAMED_CLASSES = 2;

/** "bicycle where only people were seen", "person 3.2 times faster than any person seen here". */
export function describeObjectReading(labels: readonly LabelStatistics[], cue: string, reading: ObjectReading): string {
  const subject = reading.label ?? 'object';
  switch (reading.part ?? cue.replace('object-', '')) {
    case 'speed':
      return ofSpeed(labels, subject, reading.value);
    case 'class':
      return ofClass(labels, subject);
    case 'size':
      return ofSize(subject, reading.value);
    case 'direction':
      return `${subject} moving as nothing moved here before`;
    case 'place':
      return `${subject} where nothing of the kind was seen before`;
    default:
      return `${subject} unlike what was seen here before`;
  }
}

function ofSpeed(labels: readonly LabelStatistics[], subject: string, speed: number): string {
  const statistics = statisticsOf(labels, subject);
  const ratio = speed / Math.max(1e-3, statistics.mostSpeed);
  if (ratio < NOTABLE_RATIO) return `${subject} at the edge of the speeds that are usual here`;
  const others = statistics.label === subject ? `any ${subject}` : 'anything';
  return `${subject} ${ratio.toFixed(1)} times faster than ${others} seen here`;
}

function ofClass(labels: readonly LabelStatistics[], subject: string): string {
  const known = labels.slice(0, -1);
  const own = known.find((entry) => entry.label === subject);
  const usual = known.filter((entry) => entry.label !== subject && entry.share >= USUAL_SHARE);
  if (own && own.share >= USUAL_SHARE) return `${subject} that looks unlike those seen here`;
  if (usual.length === 0) return `${subject} where nothing of the kind was seen before`;
  const names = usual.slice(0, NAMED_CLASSES).map((entry) => pluralOf(entry.label));
  const seen = names.join(' and ');
  return own || usual.length > NAMED_CLASSES
    ? `${subject} where mostly ${seen} were seen`
    : `${subject} where only ${seen} were seen`;
}

function ofSize(subject: string, relativeHeight: number): string {
  if (relativeHeight >= 1.2)
    return `${subject} ${relativeHeight.toFixed(1)} times taller than what is usual at this distance`;
  if (relativeHeight <= 1 / 1.2) {
    return `${subject} ${(1 / relativeHeight).toFixed(1)} times smaller than what is usual at this distance`;
  }
  return `${subject} of unusual shape`;
}

const IRREGULAR: Readonly<Record<string, string>> = {
  person: 'people',
  bus: 'buses',
  sheep: 'sheep',
  bench: 'benches',
};

function pluralOf(label: string): string {
  return IRREGULAR[label] ?? (label.endsWith('s') ? label : `${label}s`);
}
