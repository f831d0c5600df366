import type { IncidentChange } from '../incident/incident-tracker.ts';
import type { Clock } from '../platform/clock.ts';
import { reasonOf, VedetteError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { HealthChange } from '../score/camera-health/health-state.ts';
import type { DefinitionSet } from '../score/learned/definition-set.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { SegmentScore } from '../score/segment-score.ts';
import type { ScoreCommit, ScoreCommitted } from '../store/commit-scores.ts';
import type { IncidentState } from '../store/incidents.ts';
import type { ScoreRecord } from '../store/scores.ts';
import type { CameraModel } from './camera-model.ts';
import { healthEvent } from './health-event.ts';
import { type AlertSource, incidentEvent } from './incident-event.ts';
import type { Learn } from './learner.ts';
import type { CameraFeedback } from './load-feedback.ts';
import type { LiveFeatures } from './runner/protocol.ts';
import { EMPTY_BATCH, isAfter, joinBatches, type Position, type ScoreBatch } from './score-batch.ts';

export interface LaneTimings {
  /** Longest time that a score waits for its commit; an incident's change waits for nothing. */
  readonly flushMs: number;
  /** Shortest time between two notes of how far learning has come. */
  readonly learningNoteMs: number;
  /** While learning, what was seen is saved so often; afterwards, whenever something was learned. */
  readonly learningSaveMs: number;
  readonly retryMs: number;
  /** Pause before learning that failed is tried again. */
  readonly learningRetryMs: number;
}

export const LANE_TIMINGS: LaneTimings = {
  flushMs: 500,
  learningNoteMs: 2_000,
  learningSaveMs: 60_000,
  retryMs: 1_000,
  learningRetryMs: 60_000,
};

export interface LaneOptions {
  readonly camera: AlertSource;
  /** Scoring token under which the lane writes. */
  readonly token: number;
  readonly packId: string;
  readonly model: CameraModel;
  /** The last segment that was committed, by whomever: it and what lies before is not scored again. */
  readonly committed: Position | null;
  /** An open incident closes after the camera has been silent for this long. */
  readonly quietMs: number;
  /** Scores that are committed at once without waiting for `flushMs`. */
  readonly fullBatch: number;
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings?: LaneTimings;
  /** Boils the camera's history down, beside the event loop. */
  readonly learn: Learn;
  /** The store's unit of work. */
  readonly commit: (commit: ScoreCommit) => Promise<ScoreCommitted>;
  /** Marks stream entries as done. May reject: it is tried again with the next commit. */
  readonly acknowledge: (entryIds: readonly string[]) => Promise<void>;
  /** Which packs need not look at the camera's next segments, whenever that changes. */
  readonly onAttention?: (resting: readonly string[]) => void;
  /** So many more features may come. */
  readonly onRelease: (count: number) => void;
  /** After each commit, with the incident changes it made durable. */
  readonly onCommitted: (committed: ScoreCommitted, changes: readonly IncidentChange[]) => void;
  /** After the commit that made a change of the camera's own health durable. */
  readonly onHealth?: (change: HealthChange) => void;
  readonly onScored?: (records: readonly ScoreRecord[]) => void;
  /** A segment that could not be scored; it is acknowledged. */
  readonly onUnscorable: (reason: string) => void;
  /** Another owner has the token, or the camera is gone: nothing more is written. Called once. */
  readonly onLeaseLost: () => void;
}

/**
 * One camera's scoring, in order: features, score, sequential rule, incident, then one commit, then the acknowledgement.
 * A crash between any two steps repeats the segment and changes nothing twice. While the store is away the batch is kept
 * and tried again, and since nothing is released, no more than a handful of segments come meanwhile.
 */
export class CameraLane {
  readonly #options: LaneOptions;
  readonly #clock: Clock;
  readonly #model: CameraModel;
  readonly #timings: LaneTimings;
  #observed: Position | null;
  #committed: Position | null;
  #batch: ScoreBatch = EMPTY_BATCH;
  /** Entries whose commit stands but whose acknowledgement failed. */
  #unacknowledged: readonly string[] = [];
  #unreleased = 0;
  #commitDue = false;
  #learningNoted = false;
  #notedMs: number;
  #savedMs: number;
  #saveDue = false;
  #lastArrivalMs: number;
  #cancelTimer: (() => void) | null = null;
  #flushing: Promise<void> | null = null;
  #again = false;
  #ended = false;
  #failing = false;
  #resting: string;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#model = options.model;
    this.#timings = options.timings ?? LANE_TIMINGS;
    this.#observed = options.committed;
    this.#committed = options.committed;
    this.#resting = options.model.resting.join();
    const nowMs = options.clock.monotonicMs();
    this.#notedMs = nowMs - this.#timings.learningNoteMs;
    this.#savedMs = nowMs;
    this.#lastArrivalMs = nowMs;
  }

  /** The last segment whose outcome is durable. */
  get committed(): Position | null {
    return this.#committed;
  }

  /** Takes the next features; those of one camera must come in order, repeats are recognised. */
  accept({ entryId, features }: LiveFeatures): void {
    if (this.#ended) return;
    this.#unreleased += 1;
    this.#lastArrivalMs = this.#clock.monotonicMs();
    if (features === null || !isAfter(features, this.#committed)) {
      this.#done(entryId); // refused by the runner, or scored by an earlier life: its outcome stands
    } else if (isAfter(features, this.#observed)) {
      this.#observe(features, entryId);
    } else {
      // read again by a new runner while it waits for its commit here, which acknowledges it
      if (!this.#batch.entryIds.includes(entryId)) {
        this.#batch = joinBatches(this.#batch, { ...EMPTY_BATCH, entryIds: [entryId] });
        this.#commitDue = true;
      }
      this.#schedule(this.#timings.flushMs);
    }
  }

  /** Lets time pass: closes the incident of a silent camera, and repeats what could not be done. */
  tick(): void {
    if (this.#ended) return;
    this.#learnIfDue();
    if (this.#model.needsTick && this.#clock.monotonicMs() - this.#lastArrivalMs >= this.#options.quietMs) {
      const changes = this.#model.tick(this.#clock.nowMs());
      if (changes.length > 0) {
        this.#batch = joinBatches(this.#batch, { ...EMPTY_BATCH, changes });
        this.#commitDue = true;
        this.#schedule(0);
      }
    }
    if (!this.#model.learning.done && this.#learningBehind()) this.#schedule(0);
    if (this.#unacknowledged.length > 0) this.#schedule(0);
  }

  /** What people said of the camera's incidents, from the next segment on. */
  setFeedback(feedback: CameraFeedback): void {
    this.#model.setFeedback(feedback);
  }

  /** What the camera's user calls abnormal and normal, from the next segment on. */
  setDefinitions(definitions: DefinitionSet | null): void {
    this.#model.setDefinitions(definitions);
  }

  /** Segments may be on their way that a fault held up: silence counts anew from now. */
  noteOutage(): void {
    this.#lastArrivalMs = this.#clock.monotonicMs();
  }

  /** Commits what is there, with what was learned, if the store lets it within `graceMs`; then the lane is dead. */
  async stop(options: { readonly save: boolean; readonly graceMs?: number } = { save: true }): Promise<void> {
    if (this.#ended) return;
    this.#saveDue ||= options.save && this.#observed !== null;
    this.#commitDue ||= this.#saveDue;
    const settled = new AbortController();
    const flushed = this.#flushAll().finally(() => settled.abort());
    await Promise.race([flushed, this.#clock.sleep(options.graceMs ?? 5_000, settled.signal)]);
    this.#end();
  }

  #observe(features: SegmentFeatures, entryId: string): void {
    const wasLearning = !this.#model.learning.done;
    let outcome: ReturnType<CameraModel['observe']>;
    try {
      outcome = this.#model.observe(features);
    } catch (error) {
      this.#options.onUnscorable(reasonOf(error));
      this.#observed = features;
      this.#done(entryId);
      return;
    }
    this.#observed = features;
    this.#noteAttention();
    this.#learnIfDue();
    const health = this.#model.health?.change ?? null;
    if (health !== null) {
      this.#batch = joinBatches(this.#batch, { ...EMPTY_BATCH, health: [health] });
      this.#commitDue = true;
    }
    if (outcome === null) {
      // nothing durable hangs on a segment that is learned from; progress is noted at its own pace
      this.#done(entryId);
      if (wasLearning && this.#model.learning.done) this.#noteLearned();
      return;
    }
    const { score, changes } = outcome;
    const records = [recordOf(this.#options.camera.id, score, this.#model.health?.hold ?? false)];
    this.#batch = joinBatches(this.#batch, { ...EMPTY_BATCH, records, changes, entryIds: [entryId] });
    this.#commitDue = true;
    const urgent =
      changes.length > 0 || health !== null || this.#saveDue || this.#batch.records.length >= this.#options.fullBatch;
    this.#schedule(urgent ? 0 : this.#timings.flushMs);
  }

  #noteAttention(): void {
    const { resting } = this.#model;
    const key = resting.join();
    if (key === this.#resting) return;
    this.#resting = key;
    this.#options.onAttention?.(resting);
  }

  /** Segments go on being taken in, or scored by the old model, meanwhile. */
  #learnIfDue(): void {
    const task = this.#model.takeTask();
    if (task === null) return;
    this.#options.learn(task).then(
      (model) => {
        if (this.#ended) return;
        this.#model.adopt(model);
        this.#noteLearned();
      },
      (error: unknown) => {
        if (this.#ended) return;
        this.#options.logger.error({ reason: reasonOf(error) }, 'learning.failed');
        this.#clock.after(this.#timings.learningRetryMs, () => this.#model.retryTask());
      },
    );
  }

  #noteLearned(): void {
    this.#saveDue = true;
    this.#learningNoted = false;
    this.#commitDue = true;
    this.#schedule(0);
  }

  #done(entryId: string): void {
    this.#unacknowledged = [...this.#unacknowledged, entryId];
    this.#schedule(0);
  }

  #learningBehind(): boolean {
    return this.#observed !== null && this.#clock.monotonicMs() - this.#notedMs >= this.#timings.learningNoteMs;
  }

  #schedule(delayMs: number): void {
    if (this.#ended) return;
    if (delayMs > 0) {
      this.#cancelTimer ??= this.#clock.after(delayMs, () => {
        this.#cancelTimer = null;
        void this.#flush();
      });
      return;
    }
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    void this.#flush();
  }

  /** One flush at a time; what comes meanwhile goes with the next. */
  #flush(): Promise<void> {
    this.#again = true;
    this.#flushing ??= this.#flushWhileAsked().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flushWhileAsked(): Promise<void> {
    await Promise.resolve(); // what arrives in the same turn goes along
    while (this.#again && !this.#ended) {
      this.#again = false;
      await this.#flushOnce();
    }
  }

  async #flushAll(): Promise<void> {
    await this.#flush();
    while (!this.#ended && this.#hasWork()) {
      if (this.#failing) await this.#clock.sleep(this.#timings.retryMs);
      await this.#flush();
    }
  }

  #hasWork(): boolean {
    return this.#commitDue || this.#unacknowledged.length > 0;
  }

  async #flushOnce(): Promise<void> {
    try {
      if (!this.#model.learning.done && this.#learningBehind()) this.#commitDue = true;
      if (this.#commitDue) await this.#commitBatch();
      this.#releaseCommitted();
      await this.#acknowledgeDone();
      this.#failing = false;
    } catch (error) {
      if (error instanceof VedetteError && error.code === 'VDT_LEASE_LOST') {
        this.#end();
        this.#options.onLeaseLost();
        return;
      }
      if (!this.#failing) this.#options.logger.warn({ reason: reasonOf(error) }, 'lane.commit-failed');
      this.#failing = true;
      this.#again = false;
      this.#schedule(this.#timings.retryMs);
      return;
    }
    if (this.#batch.changes.length > 0 || this.#unacknowledged.length > 0) this.#again = true;
    else if (this.#commitDue) this.#schedule(this.#timings.flushMs);
  }

  async #commitBatch(): Promise<void> {
    const { camera, token, packId, publicUrl } = this.#options;
    const batch = this.#batch;
    const position = this.#observed;
    const { learning } = this.#model;
    const nowMs = this.#clock.monotonicMs();
    const condition = batch.health.at(-1);
    const save = this.#saveDue || (!learning.done && nowMs - this.#savedMs >= this.#timings.learningSaveMs);
    this.#batch = EMPTY_BATCH;
    this.#commitDue = false;
    this.#saveDue = false;
    try {
      const changes = batch.changes.map(({ type, incident }) => ({ type, incident: storedIncident(incident) }));
      const committed = await this.#options.commit({
        cameraId: camera.id,
        token,
        records: batch.records,
        changes,
        events: [
          ...changes.map(({ type, incident }) => incidentEvent(type, incident, camera, publicUrl)),
          ...batch.health.map((change) => healthEvent(change, camera)),
        ],
        runtime: this.#model.runtime(),
        ...(position ? { position } : {}),
        ...(learning.done && this.#learningNoted ? {} : { learning }),
        ...(condition ? { health: { state: condition.state, sinceMs: condition.sinceMs } } : {}),
        ...(save ? { states: [{ packId, bytes: this.#model.serialize() }] } : {}),
        eventOfSuperseded: (incident) => incidentEvent('closed', incident, camera, publicUrl),
      });
      this.#learningNoted = learning.done;
      this.#notedMs = nowMs;
      if (save) this.#savedMs = nowMs;
      this.#committed = position;
      this.#unacknowledged = [...this.#unacknowledged, ...batch.entryIds];
      if (batch.records.length > 0) this.#options.onScored?.(batch.records);
      if (condition) this.#options.onHealth?.(condition);
      this.#options.onCommitted(committed, batch.changes);
    } catch (error) {
      this.#batch = joinBatches(batch, this.#batch);
      this.#commitDue = true;
      this.#saveDue ||= save;
      throw error;
    }
  }

  /** Rejects while Redis is away: the entries come again and are recognised, or are gone with it. */
  async #acknowledgeDone(): Promise<void> {
    const entryIds = this.#unacknowledged;
    if (entryIds.length === 0) return;
    this.#unacknowledged = [];
    try {
      await this.#options.acknowledge(entryIds);
    } catch (error) {
      this.#unacknowledged = [...entryIds, ...this.#unacknowledged].slice(-1_000);
      throw error;
    }
  }

  #releaseCommitted(): void {
    const count = this.#unreleased - this.#batch.entryIds.length;
    if (count <= 0) return;
    this.#unreleased -= count;
    this.#options.onRelease(count);
  }

  #end(): void {
    this.#ended = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}

function recordOf(cameraId: string, score: SegmentScore, held: boolean): ScoreRecord {
  return {
    cameraId,
    epoch: score.epoch,
    sequence: score.sequence,
    endMs: score.endMs,
    score: score.score,
    certainty: score.certainty,
    cues: score.cues.map(({ name, probability }) => ({ name, probability })),
    hottestCell: score.hottestCell,
    dependenceSegments: score.dependenceSegments,
    held,
  };
}

function storedIncident(incident: IncidentChange['incident']): IncidentState {
  return { ...incident, gridRows: incident.gridRows ?? 1, gridColumns: incident.gridColumns ?? 1 };
}
