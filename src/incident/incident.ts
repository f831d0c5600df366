import type { Cue, GridCell } from '../score/segment-score.ts';
import type { Severity, SeverityPolicy } from './severity.ts';

/** A stretch of anomalous time on one camera. All times are UTC epoch ms. */
export interface Incident {
  /** `inc_…`, the same whenever the same segments are seen again. */
  readonly id: string;
  readonly cameraId: string;
  readonly state: 'open' | 'closed';
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
  /** Highest score from onset to `lastAnomalousMs`, 0 to 1, and that segment's end, cues and hottest cell. */
  readonly peakScore: number;
  readonly peakMs: number;
  readonly peakCues: readonly Cue[];
  readonly peakCell: GridCell | null;
  readonly explanation: string;
  /** 1 at opening, one more at each change given out. */
  readonly revision: number;
  /** Size of the grid that `peakCell` counts in; null where the camera's packs have none. */
  readonly gridRows: number | null;
  readonly gridColumns: number | null;
}

export interface IncidentChange {
  readonly type: 'opened' | 'updated' | 'closed';
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
  readonly severity?: SeverityPolicy;
  readonly gridRows?: number | null;
  readonly gridColumns?: number | null;
}
