import type { IncidentChange } from '../incident/incident-tracker.ts';
import type { HealthChange } from '../score/camera-health/health-state.ts';
import type { ScoreRecord } from '../store/scores.ts';

export interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

/** True where `a` lies after `b`, or there is no `b`. */
export function isAfter(a: Position, b: Position | null): boolean {
  return b === null || a.epoch > b.epoch || (a.epoch === b.epoch && a.sequence > b.sequence);
}

/** What a lane has observed since its last commit. */
export interface ScoreBatch {
  readonly records: readonly ScoreRecord[];
  readonly changes: readonly IncidentChange[];
  /** Changes of the camera's own health. */
  readonly health: readonly HealthChange[];
  /** Stream entries to acknowledge after the commit. */
  readonly entryIds: readonly string[];
}

export const EMPTY_BATCH: ScoreBatch = { records: [], changes: [], health: [], entryIds: [] };

export function joinBatches(first: ScoreBatch, second: ScoreBatch): ScoreBatch {
  return {
    records: [...first.records, ...second.records],
    changes: [...first.changes, ...second.changes],
    health: [...first.health, ...second.health],
    entryIds: [...first.entryIds, ...second.entryIds],
  };
}
