import type { ObjectDescriptor } from './object-descriptor.ts';

/** What is known of the objects of one class. */
export interface LabelStatistics {
  readonly label: string;
  /** Share of all objects. */
  readonly share: number;
  /** 95 % quantile of ln(speed + standing); thin evidence is drawn towards that of all objects. */
  readonly usualLogSpeed: number;
  /** Highest speed seen, expected heights a second. */
  readonly mostSpeed: number;
}

const QUANTILE = 0.95;
/** Weight of all objects' level against a class's own. */
const PRIOR_OBJECTS = 50;
/** All objects together, where a class was never seen. */
const ANY = '';

/** The classes seen, from the most frequent on; the last entry, without a label, stands for all objects. */
export function labelStatistics(objects: readonly ObjectDescriptor[]): readonly LabelStatistics[] {
  const groups = new Map<string, ObjectDescriptor[]>();
  for (const object of objects) {
    const group = groups.get(object.label);
    if (group) group.push(object);
    else groups.set(object.label, [object]);
  }
  const overall = quantile(objects.map((object) => object.logSpeed));
  const statistics = [...groups].map(([label, own]) => ({
    label,
    share: own.length / objects.length,
    usualLogSpeed:
      (own.length * quantile(own.map((object) => object.logSpeed)) + PRIOR_OBJECTS * overall) /
      (own.length + PRIOR_OBJECTS),
    mostSpeed: own.reduce((most, object) => Math.max(most, object.speed), 0),
  }));
  statistics.sort((a, b) => b.share - a.share || (a.label < b.label ? -1 : 1));
  const mostSpeed = Math.max(0, ...statistics.map((entry) => entry.mostSpeed));
  return [...statistics, { label: ANY, share: 1, usualLogSpeed: overall, mostSpeed }];
}

/** Share of all objects from which a class counts as usual on the camera. */
export const USUAL_SHARE = 0.01;

/** What is known of a class; of all objects where it is not usual. */
export function statisticsOf(statistics: readonly LabelStatistics[], label: string): LabelStatistics {
  return (
    statistics.find((entry) => entry.label === label && entry.share >= USUAL_SHARE) ??
    statistics.at(-1) ?? { label: ANY, share: 1, usualLogSpeed: 0, mostSpeed: 0 }
  );
}

function quantile(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(QUANTILE * sorted.length))] ?? 0;
}
