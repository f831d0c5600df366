import { deterministicId } from '../platform/ids.ts';
import type { SegmentScore } from '../score/segment-score.ts';
import type { SequentialStep } from '../score/sequential-rule.ts';
import { DEFAULT_MINIMUM_CERTAINTY, type Decide, type Decision, decideByCertainty } from './decision.ts';
import type { Incident, IncidentChange, IncidentPeak, IncidentSettings } from './incident.ts';
import { peakOf, placeOf, withDescriptor } from './incident-peak.ts';
import { graver, type Place, severityOf } from './severity.ts';
import { type Candidate, FRESH_STATE, readTrackerState, type SeenSegment, type TrackerState } from './tracker-state.ts';

export type { Incident, IncidentChange, IncidentSettings } from './incident.ts';
export type { Severity, SeverityPolicy } from './severity.ts';

const DEFAULT_DECIDE = decideByCertainty(DEFAULT_MINIMUM_CERTAINTY);

/**
 * The incident state machine of one camera: candidate → open → closed, at most one open. Pure: the same segments give
 * the same incidents, ids and times, whatever the wall clock says, so a replay after a crash writes nothing new.
 *
 * Decisions:
 * - Opens on the rule's alarm; goes on while the statistic is at least a share of the threshold (hysteresis: a
 *   statistic that wavers about its threshold is one incident); closes after the quiet time without such a segment.
 * - A close is dated `lastAnomalousMs + quietMs`, whether a quiet segment, the first one after a gap, or `tick`
 *   brought it: the date must not depend on which of them came first.
 * - An alarm within the quiet time extends the incident. After a close there is a cool-down in which nothing opens and
 *   nothing is opened again (an endpoint that has heard `closed` must not see the same id come alive). An alarm in it
 *   is kept, and opens a new incident when the cool-down ends, with its true onset: put off, never lost.
 * - Each alarm is decided by itself: alert, review or ignore. One that is ignored is no alarm. The incident is an alert as
 *   soon as one of its alarms was; where it opened for review that is a change of its own, told once.
 * - A new epoch (reconnect) changes nothing: what began before the stream broke is still the same incident.
 */
export class IncidentTracker {
  readonly #cameraId: string;
  readonly #settings: IncidentSettings;
  readonly #decide: Decide;
  #state: TrackerState;

  constructor(cameraId: string, settings: IncidentSettings) {
    this.#cameraId = cameraId;
    this.#settings = settings;
    this.#decide = settings.decide ?? DEFAULT_DECIDE;
    this.#state = FRESH_STATE;
  }

  /**
   * @param json what `toJSON` gave, or null for a camera never scored before
   * @throws VDT_INTERNAL when it is neither
   */
  static restore(json: unknown, cameraId: string, settings: IncidentSettings): IncidentTracker {
    const tracker = new IncidentTracker(cameraId, settings);
    tracker.#state = readTrackerState(json, cameraId);
    return tracker;
  }

  toJSON(): TrackerState {
    return this.#state;
  }

  /** The incident that is going on. */
  get open(): Incident | null {
    return this.#state.open;
  }

  /** Whether silence may still change something: an incident is open, or an alarm waits for the end of the cool-down. */
  get needsTick(): boolean {
    return this.#state.open !== null || Boolean(this.#state.candidate?.alarm);
  }

  /**
   * Takes the next segment. One that is not after the last one seen (a replay, an older epoch) changes nothing.
   * @returns what changed, in order; a put-off incident may open and close at once
   */
  observe(score: SegmentScore, step: SequentialStep): readonly IncidentChange[] {
    const { seen } = this.#state;
    if (seen && !isAfter(score, seen)) return [];
    const changes: IncidentChange[] = [];
    if (seen && score.endMs < seen.endMs - this.#settings.quietMs) changes.push(...this.#forgetTime());
    this.#update({ seen: { epoch: score.epoch, sequence: score.sequence, endMs: score.endMs } });
    changes.push(...this.#closeIfQuiet(score.startMs));
    if (this.#state.open) {
      changes.push(...this.#continue(this.#state.open, score, step));
    } else {
      this.#update({ candidate: this.#nextCandidate(score, step) });
      changes.push(...this.#openIfDue(score.endMs));
    }
    changes.push(...this.#closeIfQuiet(score.endMs));
    return changes;
  }

  /**
   * Lets time pass without segments: closes the open incident once the camera has been silent for the quiet time.
   * A camera that still delivers is left to `observe`, since segments on their way may prolong the incident.
   */
  tick(nowMs: number): readonly IncidentChange[] {
    const { seen } = this.#state;
    if (!seen || nowMs - seen.endMs < this.#settings.quietMs) return [];
    return [...this.#closeIfQuiet(nowMs), ...this.#openIfDue(nowMs), ...this.#closeIfQuiet(nowMs)];
  }

  #continue(open: Incident, score: SegmentScore, step: SequentialStep): IncidentChange[] {
    const hold = (this.#settings.holdFraction ?? 0.5) * step.threshold;
    if (!step.alarm && step.statistic < hold) return [];
    const lastAnomalousMs = Math.max(open.lastAnomalousMs, score.endMs);
    const openExcess = Math.max(this.#state.openExcess, excessOf(score, step));
    const isPeak = score.score > open.peakScore;
    const openPlace = isPeak ? placeOf(score, this.#settings) : this.#state.openPlace;
    const next: Incident = {
      ...open,
      ...(isPeak ? peakOf(score, this.#settings) : {}),
      descriptors: withDescriptor(open.descriptors, score),
      lastAnomalousMs,
    };
    const decision = open.decision === 'alert' ? 'alert' : (this.#decisionOf(score, step) ?? open.decision);
    const severity = graver(open.severity, this.#severity(next, openPlace, openExcess));
    if (severity === open.severity && decision === open.decision) {
      this.#update({ open: next, openExcess, openPlace });
      return [];
    }
    const incident: Incident = { ...next, decision, severity, revision: open.revision + 1 };
    this.#update({ open: incident, openExcess, openPlace });
    return [{ type: decision === open.decision ? 'updated' : 'promoted', incident }];
  }

  /** Gathers the run-up of an incident, so that it has its peak from before the alarm too. */
  #nextCandidate(score: SegmentScore, step: SequentialStep): Candidate | null {
    const { candidate, closedMs } = this.#state;
    const pending = candidate?.alarm ?? null;
    if (!step.alarm && step.statistic <= 0) return pending ? candidate : null;
    const onsetMs = Math.min(
      Math.max(step.onsetMs ?? score.startMs, closedMs ?? Number.NEGATIVE_INFINITY),
      score.endMs,
    );
    const decision = this.#decisionOf(score, step);
    const alarm = pending ?? (decision ? { epoch: score.epoch, sequence: score.sequence, endMs: score.endMs } : null);
    // Without a pending alarm another onset means another run-up; the last one came to nothing.
    const earlier = candidate && (pending || candidate.onsetMs === onsetMs) ? candidate : null;
    const isPeak = !earlier || score.score > earlier.peak.peakScore;
    return {
      onsetMs: earlier ? Math.min(earlier.onsetMs, onsetMs) : onsetMs,
      peak: isPeak ? peakOf(score, this.#settings) : earlier.peak,
      place: isPeak ? placeOf(score, this.#settings) : earlier.place,
      excess: Math.max(earlier?.excess ?? 0, excessOf(score, step)),
      alarm,
      decision: earlier?.decision === 'alert' ? 'alert' : (decision ?? 'review'),
      descriptors: withDescriptor(earlier?.descriptors ?? [], score),
      lastAnomalousMs: step.alarm || !earlier ? score.endMs : this.#lastAnomalous(earlier, score, step),
    };
  }

  /** What the segment's alarm leads to; null where it is none, or none worth a look. */
  #decisionOf(score: SegmentScore, step: SequentialStep): Decision | null {
    if (!step.alarm) return null;
    const decision = this.#decide(excessOf(score, step), score.certainty);
    return decision === 'ignore' ? null : decision;
  }

  #lastAnomalous(earlier: Candidate, score: SegmentScore, step: SequentialStep): number {
    const holds = step.statistic >= (this.#settings.holdFraction ?? 0.5) * step.threshold;
    return holds ? Math.max(earlier.lastAnomalousMs, score.endMs) : earlier.lastAnomalousMs;
  }

  #openIfDue(timeMs: number): IncidentChange[] {
    const { candidate, closedMs, open } = this.#state;
    if (open || !candidate?.alarm) return [];
    const cooldownMs = this.#settings.cooldownMs ?? this.#settings.quietMs;
    const openedMs = Math.max(
      candidate.alarm.endMs,
      closedMs === null ? Number.NEGATIVE_INFINITY : closedMs + cooldownMs,
    );
    if (timeMs < openedMs) return [];
    const { alarm, onsetMs, lastAnomalousMs, excess, peak, place, decision, descriptors } = candidate;
    const incident: Incident = {
      id: deterministicId('inc', this.#cameraId, alarm.epoch, alarm.sequence),
      cameraId: this.#cameraId,
      state: 'open',
      decision,
      severity: this.#severity({ ...peak, onsetMs, lastAnomalousMs }, place, excess),
      onsetMs,
      openedMs,
      lastAnomalousMs,
      closedMs: null,
      ...peak,
      descriptors,
      revision: 1,
      gridRows: this.#settings.gridRows ?? null,
      gridColumns: this.#settings.gridColumns ?? null,
    };
    this.#update({ open: incident, openExcess: excess, openPlace: place, candidate: null });
    return [{ type: 'opened', incident }];
  }

  #closeIfQuiet(timeMs: number): IncidentChange[] {
    const { open } = this.#state;
    return open && timeMs - open.lastAnomalousMs >= this.#settings.quietMs ? [this.#close(open)] : [];
  }

  #close(open: Incident): IncidentChange {
    // A put-off incident may have gone quiet before it could open; it still closes after it opened.
    const closedMs = Math.max(open.lastAnomalousMs + this.#settings.quietMs, open.openedMs);
    const incident: Incident = { ...open, state: 'closed', closedMs, revision: open.revision + 1 };
    this.#update({ open: null, openExcess: 0, openPlace: null, candidate: null, closedMs });
    return { type: 'closed', incident };
  }

  /**
   * The camera's wall clock stepped back by more than the quiet time (a new epoch says so): times before and after
   * cannot be compared. What is open closes, and no cool-down is kept that might last for hours of the new time.
   */
  #forgetTime(): IncidentChange[] {
    const { open } = this.#state;
    const changes = open ? [this.#close(open)] : [];
    this.#update({ candidate: null, closedMs: null });
    return changes;
  }

  #severity(
    incident: Pick<IncidentPeak, 'kind' | 'object'> & Pick<Incident, 'onsetMs' | 'lastAnomalousMs'>,
    place: Place | null,
    excess: number,
  ) {
    const { kind, object, onsetMs, lastAnomalousMs } = incident;
    const durationMs = lastAnomalousMs - onsetMs;
    return severityOf({ kind, object, place, onsetMs, durationMs, excess }, this.#settings.severity);
  }

  #update(change: Partial<TrackerState>): void {
    this.#state = { ...this.#state, ...change };
  }
}

function isAfter(score: SegmentScore, seen: SeenSegment): boolean {
  return score.epoch > seen.epoch || (score.epoch === seen.epoch && score.sequence > seen.sequence);
}

/** How far beyond the alarm threshold, as a multiple of it; by the statistic or by this segment's surprise alone. */
function excessOf(score: SegmentScore, step: SequentialStep): number {
  const ratio = step.threshold > 0 ? Math.max(step.statistic, score.surprise) / step.threshold : 0;
  // A rule that starts over at its alarm reports the statistic after that; the alarm says that it was reached.
  return step.alarm ? Math.max(1, ratio) : ratio;
}
