import type { CameraInput } from '../../../src/store/cameras.ts';
import type { ScoreCommit } from '../../../src/store/commit-scores.ts';
import type { NewEvent } from '../../../src/store/events.ts';
import type { IncidentState } from '../../../src/store/incidents.ts';
import type { ScoreRecord } from '../../../src/store/scores.ts';

/** 1 January 2026, 00:00 UTC. */
export const START_MS = Date.UTC(2026, 0, 1);

export function cameraInput(id: string, changes: Partial<CameraInput> = {}): CameraInput {
  return { id, url: 'rtsp://10.0.0.5:554/live', ...changes };
}

/** The `sequence`th one-second segment. */
export function score(cameraId: string, sequence: number, changes: Partial<ScoreRecord> = {}): ScoreRecord {
  return {
    cameraId,
    epoch: START_MS,
    sequence,
    endMs: START_MS + (sequence + 1) * 1_000,
    score: 0.25,
    certainty: 0.9,
    cues: [
      { name: 'motion', probability: 0.01 },
      { name: 'appearance', probability: 0.5 },
    ],
    hottestCell: { row: 2, column: 3 },
    dependenceSegments: 1,
    held: false,
    ...changes,
  };
}

export function incident(id: string, cameraId: string, changes: Partial<IncidentState> = {}): IncidentState {
  return {
    id,
    cameraId,
    state: 'open',
    decision: 'alert',
    certainty: 0.9,
    severity: 'medium',
    kind: 'fast-motion',
    title: 'fast bicycle',
    object: 'bicycle',
    onsetMs: START_MS + 1_000,
    openedMs: START_MS + 3_000,
    lastAnomalousMs: START_MS + 3_000,
    closedMs: null,
    peakScore: 0.97,
    peakMs: START_MS + 2_500,
    peakCues: [
      {
        name: 'motion',
        raw: 12.5,
        probability: 0.001,
        cell: { row: 1, column: 4 },
        box: { left: 0.5, top: 0.1, right: 0.6, bottom: 0.3 },
        label: 'bicycle',
        comparison: 'bicycle 3.0 times faster than anything seen here',
      },
    ],
    peakCell: { row: 1, column: 4 },
    explanation: 'faster than anything seen here',
    nearestNormal: [{ atMs: START_MS - 60_000, distance: 3.25 }],
    heat: Array.from({ length: 48 }, (_, cell) => cell / 100),
    descriptors: [{ endMs: START_MS + 2_500, surprise: 14.5, values: [0.25, -1] }],
    revision: 1,
    gridRows: 6,
    gridColumns: 8,
    ...changes,
  };
}

export function event(id: string, changes: Partial<NewEvent> = {}): NewEvent {
  return {
    id,
    type: 'incident.opened',
    cameraId: null,
    incidentId: null,
    body: `{"type":"incident.opened","id":"${id}"}`,
    createdMs: START_MS + 3_000,
    ...changes,
  };
}

export function commit(cameraId: string, token: number, changes: Partial<ScoreCommit> = {}): ScoreCommit {
  return { cameraId, token, records: [], changes: [], events: [], runtime: {}, ...changes };
}
