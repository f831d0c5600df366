import type { IncidentKind } from './incident-kind.ts';
import { isWithin, minuteOfDay } from './minute-of-day.ts';
import { DEFAULT_SEVERITY_POLICY, SEVERITIES, type Severity, type SeverityPolicy } from './severity-policy.ts';

export { DEFAULT_SEVERITY_POLICY, SEVERITIES, type Severity, type SeverityPolicy } from './severity-policy.ts';

/** A point of the picture, each 0 to 1 of its width or height. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface SeverityFacts {
  readonly kind: IncidentKind;
  /** Class of the object, where a detector named it. */
  readonly object: string | null;
  /** Where it stands; null where unknown, then no zone holds. */
  readonly place: Place | null;
  /** UTC ms. */
  readonly onsetMs: number;
  /** From the estimated onset to the last anomalous segment. */
  readonly durationMs: number;
  /** The highest so far of the sequential statistic, and of one segment's surprise, over the alarm threshold; at least 0. */
  readonly excess: number;
}

/** The level of the kind, plus what zone, time of day, duration and excess add, kept within low and critical. */
export function severityOf(facts: SeverityFacts, policy: SeverityPolicy = DEFAULT_SEVERITY_POLICY): Severity {
  const byObject = facts.object === null ? undefined : policy.kinds[facts.object];
  let level = SEVERITIES.indexOf(byObject ?? policy.kinds[facts.kind] ?? policy.otherKinds);
  level += zoneRaise(facts.place, policy) + hourRaise(facts.onsetMs, policy);
  if (facts.durationMs >= policy.longMs) level++;
  if (facts.durationMs >= policy.veryLongMs) level++;
  if (facts.excess >= policy.highExcess) level++;
  return SEVERITIES[Math.min(Math.max(0, level), SEVERITIES.length - 1)] ?? 'critical';
}

/** The graver of the two. */
export function graver(one: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(one) >= SEVERITIES.indexOf(other) ? one : other;
}

function zoneRaise(place: Place | null, { zones }: SeverityPolicy): number {
  if (place === null) return 0;
  const { x, y } = place;
  return highest(zones.filter(({ left, top, right, bottom }) => x >= left && x <= right && y >= top && y <= bottom));
}

function hourRaise(onsetMs: number, { hours, timeZone }: SeverityPolicy): number {
  if (hours.length === 0) return 0;
  const minute = minuteOfDay(onsetMs, timeZone);
  return highest(hours.filter(({ fromMinute, toMinute }) => isWithin(minute, fromMinute, toMinute)));
}

function highest(holding: readonly { readonly raise: number }[]): number {
  return holding.length === 0 ? 0 : Math.max(...holding.map(({ raise }) => raise));
}
