import type { Cue, GridCell, NormalMoment } from '../score/segment-score.ts';
import type { Decide, Decision } from './decision.ts';
import type { IncidentKind } from './incident-kind.ts';
import type { Severity, SeverityPolicy } from './severity-policy.ts';

/** What one segment looked like, for comparing incidents with one another. */
export interface StrangeMoment {
  readonly endMs: number;
  /** Nats. */
  readonly surprise: number;
  readonly values: readonly number[];
}

/** The highest score from onset to `lastAnomalousMs`, and what that segment said. */
export interface IncidentPeak {
  /** 0 to 1. */
  readonly peakScore: number;
  /** That segment's end. */
  readonly peakMs: number;
  readonly peakCues: readonly Cue[];
  readonly peakCell: GridCell | null;
  /** 0 to 1: how far that score can be trusted. */
  readonly certainty: number;
  readonly kind: IncidentKind;
  /** What it is about in a word or a few. */
  readonly title: string;
  /** Class of the object that it is about, where a detector named it. */
  readonly object: string | null;
  readonly explanation: string;
  /** The nearest moments of the camera's normal life, nearest first; empty where the scorer knows none. */
  readonly nearestNormal: readonly NormalMoment[];
  /** Strangeness of each grid cell, row-major, 0 to 1 in hundredths; null where the scorer gives none. */
  readonly heat: readonly number[] | null;
}

/** A stretch of anomalous time on one camera. All times are UTC epoch ms. */
export interface Incident extends IncidentPeak {
  /** `inc_…`, the same whenever the same segments are seen again. */
  readonly id: string;
  readonly cameraId: string;
  readonly state: 'open' | 'closed';
  /** `review` may become `alert` while the incident is open, never the other way. */
  readonly decision: Decision;
  /** Never falls while the incident is open. */
  readonly severity: Severity;
  /** Estimated beginning, before the detection; never before the previous incident's close. */
  readonly onsetMs: number;
  /** The moment at which it opened and its alert could leave: a segment's end, or the end of the cool-down. */
  readonly openedMs: number;
  /** End of the last segment that kept it going. */
  readonly lastAnomalousMs: number;
  /** `lastAnomalousMs` plus the quiet time (or `openedMs` if later), however the close came about. */
  readonly closedMs: number | null;
  /** Its strangest segments, at most twelve, the strangest first; empty where the scorer describes none. */
  readonly descriptors: readonly StrangeMoment[];
  /** 1 at opening, one more at each change given out. */
  readonly revision: number;
  /** Size of the grid that `peakCell` counts in; null where the camera's packs have none. */
  readonly gridRows: number | null;
  readonly gridColumns: number | null;
}

export interface IncidentChange {
  /** `promoted`: what was for review turned out certain, and is an alert from now on. */
  readonly type: 'opened' | 'promoted' | 'updated' | 'closed';
  readonly incident: Incident;
}

export interface IncidentSettings {
  /** An open incident closes after so long without an anomalous segment. */
  readonly quietMs: number;
  /** After a close no incident opens for so long; alarms in it are kept, not lost. `quietMs` unless told. */
  readonly cooldownMs?: number;
  /** Share of the alarm threshold at which an open incident still counts as going on, 0 to 1. 0.5 unless told. */
  readonly holdFraction?: number;
  /** The camera's budget, from which the sequential rule has its threshold; here it only enters explanations. */
  readonly alertBudgetPerDay?: number;
  /** What an alarm leads to; `decideByCertainty(DEFAULT_MINIMUM_CERTAINTY)` unless told. */
  readonly decide?: Decide;
  readonly severity?: SeverityPolicy;
  readonly gridRows?: number | null;
  readonly gridColumns?: number | null;
}
