import { problem } from '../platform/errors.ts';
import type { SegmentScore } from '../score/segment-score.ts';
import type { Incident } from './incident.ts';

/** Where in a camera's stream the tracker stands. */
export interface SeenSegment {
  readonly epoch: number;
  readonly sequence: number;
  readonly endMs: number;
}

/** Raised statistic without an incident yet: what is kept so that an incident can begin at its onset. */
export interface Candidate {
  readonly onsetMs: number;
  readonly peak: SegmentScore;
  /** Highest excess over the alarm threshold so far, see `severityOf`. */
  readonly excess: number;
  /** The segment whose alarm will open the incident, once the cool-down after the last one is over. */
  readonly alarm: SeenSegment | null;
  readonly lastAnomalousMs: number;
}

/** Everything a tracker knows, as plain JSON. */
export interface TrackerState {
  readonly version: 1;
  readonly seen: SeenSegment | null;
  readonly candidate: Candidate | null;
  readonly open: Incident | null;
  /** The same of the open incident. */
  readonly openExcess: number;
  /** Close of the last incident. */
  readonly closedMs: number | null;
}

export const FRESH_STATE: TrackerState = {
  version: 1,
  seen: null,
  candidate: null,
  open: null,
  openExcess: 0,
  closedMs: null,
};

/**
 * Reads what `toJSON` gave.
 * @returns the fresh state for null or undefined: a camera never scored before
 * @throws VDT_INTERNAL for anything else: going on from nothing would leave an open incident open for ever
 */
export function readTrackerState(json: unknown, cameraId: string): TrackerState {
  if (json === null || json === undefined) return FRESH_STATE;
  const state = json as Partial<TrackerState>;
  const valid =
    typeof json === 'object' &&
    state.version === 1 &&
    isNullOr(state.seen, (seen) => isNumber(seen.epoch) && isNumber(seen.sequence) && isNumber(seen.endMs)) &&
    isNullOr(state.candidate, (one) => isNumber(one.onsetMs) && isNumber(one.excess) && isNumber(one.peak?.score)) &&
    isNullOr(state.open, (one) => typeof one.id === 'string' && isNumber(one.lastAnomalousMs)) &&
    isNumber(state.openExcess) &&
    (state.closedMs === null || isNumber(state.closedMs));
  if (!valid)
    throw problem(
      'VDT_INTERNAL',
      { reason: `the saved incident state of camera ${cameraId} has not the form of version 1` },
      { hint: 'It was written by another version or by hand; restore the database from a backup of this version.' },
    );
  return json as TrackerState;
}

function isNullOr<Value>(value: Value | null | undefined, check: (value: Value) => boolean): boolean {
  return value === null || (typeof value === 'object' && check(value));
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
