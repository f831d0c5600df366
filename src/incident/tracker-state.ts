import { problem } from '../platform/errors.ts';
import type { Decision } from './decision.ts';
import type { Incident, IncidentPeak, StrangeMoment } from './incident.ts';
import type { Place } from './severity.ts';

/** Where in a camera's stream the tracker stands. */
export interface SeenSegment {
  readonly epoch: number;
  readonly sequence: number;
  readonly endMs: number;
}

/** Raised statistic without an incident yet: what is kept so that an incident can begin at its onset. */
export interface Candidate {
  readonly onsetMs: number;
  readonly peak: IncidentPeak;
  /** Where the peak stood in the picture. */
  readonly place: Place | null;
  /** Highest excess over the alarm threshold so far, see `severityOf`. */
  readonly excess: number;
  /** The segment whose alarm will open the incident, once the cool-down after the last one is over. */
  readonly alarm: SeenSegment | null;
  /** `alert` once any of its alarms was certain enough. */
  readonly decision: Decision;
  readonly descriptors: readonly StrangeMoment[];
  readonly lastAnomalousMs: number;
}

const VERSION = 2;

/** Everything a tracker knows, as plain JSON. */
export interface TrackerState {
  readonly version: typeof VERSION;
  readonly seen: SeenSegment | null;
  readonly candidate: Candidate | null;
  readonly open: Incident | null;
  /** The same of the open incident. */
  readonly openExcess: number;
  readonly openPlace: Place | null;
  /** Close of the last incident. */
  readonly closedMs: number | null;
}

export const FRESH_STATE: TrackerState = {
  version: VERSION,
  seen: null,
  candidate: null,
  open: null,
  openExcess: 0,
  openPlace: null,
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
    state.version === VERSION &&
    isNullOr(state.seen, (seen) => isNumber(seen.epoch) && isNumber(seen.sequence) && isNumber(seen.endMs)) &&
    isNullOr(
      state.candidate,
      (one) => isNumber(one.onsetMs) && isNumber(one.excess) && isNumber(one.peak?.peakScore),
    ) &&
    isNullOr(state.open, (one) => typeof one.id === 'string' && isNumber(one.lastAnomalousMs)) &&
    isNumber(state.openExcess) &&
    (state.closedMs === null || isNumber(state.closedMs));
  if (!valid)
    throw problem(
      'VDT_INTERNAL',
      { reason: `the saved incident state of camera ${cameraId} has not the form of version ${VERSION}` },
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
