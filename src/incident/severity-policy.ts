import type { Box } from '../score/detected-object.ts';
import type { IncidentKind } from './incident-kind.ts';

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Part of the picture in which incidents weigh more or less than elsewhere. */
export interface SeverityZone extends Box {
  readonly name: string;
  /** Levels to add; negative ones lower. Whole, -3 to 3. */
  readonly raise: number;
}

/** A stretch of each day, local time; over midnight where `to` lies before `from`. */
export interface SeverityHours {
  /** Minutes after midnight; `from` included, `to` not. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly raise: number;
}

/**
 * How much an incident matters, which its score cannot say (MAD-Bench: good scores order severity badly): the score tells
 * how improbable, the policy tells how grave. Plain data, so that a site can have its own.
 */
export interface SeverityPolicy {
  /** Level by class of object ("bicycle") or kind of incident, the object first. */
  readonly kinds: Readonly<Record<string, Severity>>;
  /** Level of all else. */
  readonly otherKinds: Severity;
  /** Of this camera. Where zones overlap, the highest raise counts. */
  readonly zones: readonly SeverityZone[];
  /** The highest raise of those that hold at the onset counts. */
  readonly hours: readonly SeverityHours[];
  /** IANA name in which `hours` are meant. */
  readonly timeZone: string;
  /** An incident that lasts as long is raised by one level, or by two. */
  readonly longMs: number;
  readonly veryLongMs: number;
  /** Excess over the alarm threshold, as a multiple of it, that raises by one level: the only say that strangeness has. */
  readonly highExcess: number;
}

/**
 * Vehicles where none drive, brawl-like movement, things left behind, and what somebody trained or asked for come first; what only looks or moves differently comes
 * last. Two minutes make almost anything high. No hours and no zones: a site knows its own nights and doors.
 */
export const DEFAULT_KIND_LEVELS: Readonly<Record<IncidentKind, Severity>> = {
  vehicle: 'high',
  agitation: 'high',
  'left-object': 'high',
  'known-event': 'high',
  definition: 'high',
  rider: 'medium',
  person: 'medium',
  baggage: 'medium',
  'fast-motion': 'medium',
  'missing-object': 'medium',
  'scene-change': 'medium',
  presence: 'medium',
  animal: 'low',
  object: 'low',
  crowding: 'low',
  'unusual-motion': 'low',
  'unusual-look': 'low',
  unusual: 'low',
};

export const DEFAULT_SEVERITY_POLICY: SeverityPolicy = {
  kinds: DEFAULT_KIND_LEVELS,
  otherKinds: 'low',
  zones: [],
  hours: [],
  timeZone: 'UTC',
  longMs: 30_000,
  veryLongMs: 120_000,
  highExcess: 6,
};
