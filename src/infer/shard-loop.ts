import type { Redis } from 'ioredis';
import { Lease } from '../bus/lease.ts';
import type { Members } from '../bus/members.ts';
import { acknowledge } from '../bus/segment-reader.ts';
import { DEFAULT_SEVERITY_POLICY } from '../incident/severity-policy.ts';
import type { Clock } from '../platform/clock.ts';
import { reasonOf, VedetteError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Camera } from '../store/cameras.ts';
import type { Store } from '../store/store.ts';
import type { Announcer } from './announcer.ts';
import { CameraLane, LANE_TIMINGS, type LaneTimings } from './camera-lane.ts';
import type { CameraModel, CameraModelSettings, OpenCameraModel, SavedModel } from './camera-model.ts';
import { sensesOf, textPackOf } from './camera-senses.ts';
import type { DropCounter } from './drop-counter.ts';
import { hideHealth, showHealth } from './health-gauge.ts';
import type { InferSettings } from './infer-settings.ts';
import type { Learn } from './learner.ts';
import type { DefinitionLoader } from './load-definitions.ts';
import { loadFeedback } from './load-feedback.ts';
import type { PackManifest } from './packs/pack-manifest.ts';
import { planUsable } from './packs/pack-plan.ts';
import { featureShapeOf, segmentSecondsOf } from './packs/picture-manifest.ts';
import { requiredSegments } from './required-segments.ts';
import type { LiveFeatures } from './runner/protocol.ts';
import type { RunnerSupervisor } from './runner-supervisor.ts';

/** What the loop needs of the store. */
export interface ShardStore {
  readonly cameras: Pick<Store['cameras'], 'all' | 'takeToken' | 'addDropped'>;
  readonly states: Pick<Store['states'], 'load' | 'runtime'>;
  readonly commitScores: Store['commitScores'];
  readonly references: Pick<Store['references'], 'ofCamera'>;
  readonly reviews: Pick<Store['reviews'], 'verdictsOf'>;
}

export interface ShardLoopOptions {
  readonly store: ShardStore;
  /** A connection of role `client`. */
  readonly redis: Redis;
  readonly members: Members;
  readonly runner: Pick<RunnerSupervisor, 'assign' | 'attend' | 'unassign' | 'release' | 'noteToken'>;
  readonly announcer: Announcer;
  readonly drops: DropCounter;
  /** Reads what users call abnormal on their cameras; without it no camera has definitions. */
  readonly definitions?: Pick<DefinitionLoader, 'load'>;
  /** Manifests of the loaded packs. */
  readonly packs: ReadonlyMap<string, PackManifest>;
  readonly settings: InferSettings;
  readonly owner: string;
  readonly openModel: OpenCameraModel;
  readonly learn: Learn;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly timings?: LaneTimings;
}

interface OwnedCamera {
  readonly lease: Lease;
  readonly lane: CameraLane;
  readonly assignment: number;
  /** What of the camera's settings went into the lane; another value means a new lane. */
  readonly shape: string;
  /** Key of the plan: names what the camera has learned. */
  readonly packId: string;
  hasState: boolean;
  /** Monotonic ms at which reviews were last read. */
  feedbackMs: number;
  /** The pack that reads the camera's definitions; null where none of its packs can. */
  readonly textPack: ReturnType<typeof textPackOf>;
  /** Monotonic ms at which definitions are read again. */
  definitionsDueMs: number;
  /** One reading at a time, so that an older answer never follows a newer one. */
  readingDefinitions: Promise<void>;
}

/** After losing a camera to another writer: time for that one to finish before we read what it wrote. */
const REOPEN_DELAY_MS = 1_000;
/** Reviews and definitions are read so often even if no notice of one came. */
const FEEDBACK_EVERY_MS = 60_000;
/** Definitions that could not be read are tried again. */
const DEFINITIONS_RETRY_MS = 10_000;

/**
 * Owns a fair share of the cameras by lease, and scores each in a lane of its own. Every step may fail and is tried again
 * by the next look; whatever happens, a camera's writes carry the token taken with its lease.
 */
export class ShardLoop {
  readonly #options: ShardLoopOptions;
  readonly #owned = new Map<string, OwnedCamera>();
  /** Cameras not to be taken before this time (monotonic ms), with how often they failed. */
  readonly #waiting = new Map<string, { readonly untilMs: number; readonly failures: number }>();
  /** Cameras that a notice named since the last look. */
  readonly #named = new Set<string>();
  #lastAssignment = 0;
  #refreshing: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(options: ShardLoopOptions) {
    this.#options = options;
  }

  get ownedIds(): readonly string[] {
    return [...this.#owned.keys()];
  }

  accept(live: LiveFeatures): void {
    const owned = this.#owned.get(live.cameraId);
    if (owned?.assignment !== live.assignment) return; // of an earlier ownership: stays pending and is read again
    this.#options.runner.noteToken(live.cameraId, live.fencingToken);
    owned.lane.accept(live);
  }

  tick(): void {
    for (const { lane } of this.#owned.values()) lane.tick();
  }

  /** The runner or the bus was away: silence of a camera means nothing until the backlog is through. */
  noteOutage(): void {
    for (const { lane } of this.#owned.values()) lane.noteOutage();
  }

  /** A camera was changed: its settings, or what it has learned. */
  noteChange(cameraId: string): Promise<void> {
    this.#named.add(cameraId);
    this.#waiting.delete(cameraId);
    return this.refresh();
  }

  /** An incident of the camera was reviewed, or one of its references removed. Never rejects. */
  async noteReview(cameraId: string): Promise<void> {
    const owned = this.#owned.get(cameraId);
    if (owned) await this.#readFeedback(cameraId, owned);
  }

  /** What is abnormal before the camera was defined anew. Never rejects. */
  async noteDefinitions(cameraId: string): Promise<void> {
    const owned = this.#owned.get(cameraId);
    if (owned) await this.#readDefinitions(cameraId, owned);
  }

  /** Looks at what is there and takes or gives up cameras. Never rejects; one at a time. */
  refresh(): Promise<void> {
    this.#again = true;
    this.#refreshing ??= this.#refreshWhileAsked().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Commits what every lane has, saves what was learned, gives the leases back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#refreshing;
    await Promise.all([...this.#owned.keys()].map((id) => this.#giveUp(id, { save: true })));
  }

  async #refreshWhileAsked(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#refreshOnce();
      } catch (error) {
        this.#options.logger.warn({ reason: reasonOf(error) }, 'shards.refresh-failed');
      }
    }
  }

  async #refreshOnce(): Promise<void> {
    const { members, store, metrics, clock } = this.#options;
    const named = new Set(this.#named);
    const cameras = new Map((await store.cameras.all()).filter((camera) => camera.enabled).map((c) => [c.id, c]));
    for (const [id, owned] of this.#owned) await this.#reconsider(id, owned, cameras.get(id), named.has(id));
    for (const [id, owned] of this.#owned) {
      if (clock.monotonicMs() - owned.feedbackMs >= FEEDBACK_EVERY_MS) await this.#readFeedback(id, owned);
      // texts go through a model: no camera's lease waits for another one's
      if (clock.monotonicMs() >= owned.definitionsDueMs) void this.#readDefinitions(id, owned);
    }
    for (const id of named) this.#named.delete(id); // seen to; kept for the next look where the store was away
    const share = Math.ceil(cameras.size / (await members.announce()));
    for (const id of [...this.#owned.keys()].slice(share)) await this.#giveUp(id, { save: true });
    for (const camera of cameras.values()) {
      if (this.#stopped || this.#owned.size >= share) break;
      const waiting = this.#waiting.get(camera.id);
      if (this.#owned.has(camera.id) || (waiting && waiting.untilMs > clock.monotonicMs())) continue;
      await this.#take(camera);
    }
    for (const id of this.#waiting.keys()) if (!cameras.has(id)) this.#waiting.delete(id);
    metrics.leasesHeld.set({ role: 'infer' }, this.#owned.size);
  }

  async #reconsider(id: string, owned: OwnedCamera, camera: Camera | undefined, named: boolean): Promise<void> {
    if (!camera) {
      await this.#giveUp(id, { save: true });
    } else if (owned.shape !== this.#shapeOf(camera)) {
      await this.#giveUp(id, { save: true });
    } else if (named && owned.hasState && (await this.#options.store.states.load(id, owned.packId)) === null) {
      // learning was reset: what this lane remembers must not be written again
      await this.#giveUp(id, { save: false });
    }
  }

  async #take(camera: Camera): Promise<void> {
    const { redis, clock, owner, settings, logger } = this.#options;
    const lease = new Lease({
      redis,
      name: `scoring:${camera.id}`,
      owner,
      ttlMs: settings.leaseTtlMs ?? 9_000,
      clock,
      onLost: (reason) => {
        logger.warn({ camera: camera.id, reason }, 'camera.lease-lost');
        void this.#giveUp(camera.id, { save: true }).then(() => this.refresh());
      },
    });
    if (!(await lease.acquire())) return;
    try {
      const owned = await this.#open(camera, lease);
      if (!owned) {
        await lease.release();
        return;
      }
      this.#owned.set(camera.id, owned);
      this.#waiting.delete(camera.id);
      if (!lease.held) await this.#giveUp(camera.id, { save: false });
    } catch (error) {
      await lease.release();
      this.#putOff(camera.id, reasonOf(error));
    }
  }

  async #open(camera: Camera, lease: Lease): Promise<OwnedCamera | null> {
    const { store, runner, redis, settings, announcer, metrics, clock, logger } = this.#options;
    const { plan, missing } = planUsable(camera.settings.packs, this.#options.packs);
    if (!plan) {
      this.#putOff(camera.id, `none of its packs is loaded: ${camera.settings.packs.join(', ')}`);
      return null;
    }
    const { key: packId, base: manifest } = plan;
    if (missing.length > 0) {
      logger.warn({ camera: camera.id, wanted: camera.settings.packs, used: plan.ids, missing }, 'camera.pack-missing');
    }
    const token = await store.cameras.takeToken(camera.id, 'scoring');
    const saved = await store.states.runtime(camera.id);
    const state = await store.states.load(camera.id, packId);
    const segmentSeconds = segmentSecondsOf(manifest);
    const learningMinutes = camera.settings.learningMinutes ?? settings.learningMinutes;
    const shape = featureShapeOf(manifest);
    const modelSettings = {
      cameraId: camera.id,
      requiredSegments: requiredSegments(learningMinutes, segmentSeconds),
      alertBudgetPerDay: camera.settings.alertBudgetPerDay,
      segmentSeconds,
      senses: sensesOf(plan),
      cascade: settings.cascade === false ? [] : plan.cascade,
      incident: {
        quietMs: settings.quietMs,
        ...settings.incidentPolicy,
        severity: {
          ...(settings.incidentPolicy?.severity ?? DEFAULT_SEVERITY_POLICY),
          zones: camera.settings.zones ?? [],
        },
        alertBudgetPerDay: camera.settings.alertBudgetPerDay,
        gridRows: shape.rows,
        gridColumns: shape.columns,
      },
    };
    const model = this.#openModel(modelSettings, { state, runtime: saved?.runtime ?? null });
    this.#lastAssignment += 1;
    const assignment = this.#lastAssignment;
    const inFlight = settings.inFlightPerCamera ?? 8;
    let owned: OwnedCamera | null = null;
    const lane = new CameraLane({
      camera: { id: camera.id, name: camera.name },
      token,
      packId,
      model,
      committed: saved && { epoch: saved.epoch, sequence: saved.sequence },
      quietMs: settings.quietMs,
      fullBatch: Math.max(1, Math.floor(inFlight / 2)),
      publicUrl: settings.publicUrl ?? '',
      clock,
      logger: logger.child({ camera: camera.id }),
      timings: this.#options.timings ?? LANE_TIMINGS,
      learn: this.#options.learn,
      commit: async (commit) => {
        const committed = await store.commitScores(commit);
        if (owned && commit.states && commit.states.length > 0) owned.hasState = true;
        return committed;
      },
      acknowledge: (entryIds) => acknowledge(redis, camera.id, entryIds),
      onAttention: (resting) => runner.attend(camera.id, assignment, resting),
      onRelease: (count) => runner.release(camera.id, assignment, count),
      onHealth: (change) => {
        logger.warn({ camera: camera.id, state: change.state, previously: change.previousState }, 'camera.health');
        showHealth(metrics, camera.id, change.state);
      },
      onScored: (records) => {
        metrics.segmentsScored.inc({ camera: camera.id }, records.length);
        for (const { endMs } of records) {
          metrics.segmentDelay.observe({ camera: camera.id }, Math.max(0, clock.nowMs() - endMs) / 1_000);
        }
      },
      onCommitted: (committed, changes) => {
        for (const { type, incident } of changes) {
          metrics.incidents.inc({ camera: camera.id, change: type });
          logger.info({ camera: camera.id, incident: incident.id, severity: incident.severity }, `incident.${type}`);
        }
        announcer.announce(committed, changes);
      },
      onUnscorable: (reason) => {
        logger.debug({ camera: camera.id, reason }, 'segment.unscorable');
        this.#options.drops.add(camera.id, 1, 'unscorable');
      },
      onLeaseLost: () => {
        logger.warn({ camera: camera.id }, 'camera.fenced');
        this.#waiting.set(camera.id, { untilMs: clock.monotonicMs() + REOPEN_DELAY_MS, failures: 0 });
        void this.#giveUp(camera.id, { save: false });
      },
    });
    owned = {
      lease,
      lane,
      assignment,
      shape: this.#shapeOf(camera),
      packId,
      hasState: state !== null,
      feedbackMs: clock.monotonicMs(),
      textPack: textPackOf(plan),
      definitionsDueMs: Number.POSITIVE_INFINITY,
      readingDefinitions: Promise.resolve(),
    };
    lane.setFeedback(await loadFeedback(store, camera.id, clock.nowMs()));
    await this.#readDefinitions(camera.id, owned);
    runner.assign({
      cameraId: camera.id,
      packIds: plan.ids,
      assignment,
      minimumToken: 0,
      resting: model.resting,
    });
    logger.info({ camera: camera.id, token, pack: packId, learned: model.learning.done }, 'camera.taken');
    return owned;
  }

  async #readFeedback(cameraId: string, owned: OwnedCamera): Promise<void> {
    const { store, clock, logger } = this.#options;
    owned.feedbackMs = clock.monotonicMs();
    try {
      owned.lane.setFeedback(await loadFeedback(store, cameraId, clock.nowMs()));
    } catch (error) {
      logger.warn({ camera: cameraId, reason: reasonOf(error) }, 'camera.feedback-unread');
    }
  }

  #readDefinitions(cameraId: string, owned: OwnedCamera): Promise<void> {
    const { definitions, clock, logger } = this.#options;
    const { textPack } = owned;
    if (!definitions || textPack === null) return Promise.resolve();
    owned.definitionsDueMs = Number.POSITIVE_INFINITY;
    owned.readingDefinitions = owned.readingDefinitions.then(async () => {
      try {
        owned.lane.setDefinitions(await definitions.load(cameraId, textPack));
        owned.definitionsDueMs = clock.monotonicMs() + FEEDBACK_EVERY_MS;
      } catch (error) {
        logger.warn({ camera: cameraId, reason: reasonOf(error) }, 'camera.definitions-unread');
        owned.definitionsDueMs = clock.monotonicMs() + DEFINITIONS_RETRY_MS;
      }
    });
    return owned.readingDefinitions;
  }

  /** What an older edition learned may be unreadable to this one: then the camera learns again, and says so. */
  #openModel(settings: CameraModelSettings, saved: SavedModel): CameraModel {
    try {
      return this.#options.openModel(settings, saved);
    } catch (error) {
      if (!(error instanceof VedetteError) || error.code !== 'VDT_SCORER_STATE_UNREADABLE') throw error;
      this.#options.logger.warn({ camera: settings.cameraId, reason: reasonOf(error) }, 'camera.learns-again');
      return this.#options.openModel(settings, { ...saved, state: null });
    }
  }

  /** The runner stops first, so that nothing arrives behind the last commit. */
  async #giveUp(cameraId: string, options: { readonly save: boolean }): Promise<void> {
    const owned = this.#owned.get(cameraId);
    if (!owned) return;
    this.#owned.delete(cameraId);
    this.#options.runner.unassign(cameraId);
    hideHealth(this.#options.metrics, cameraId);
    await owned.lane.stop(options);
    await owned.lease.release();
    this.#options.logger.info({ camera: cameraId }, 'camera.given-up');
  }

  #putOff(cameraId: string, reason: string): void {
    const { clock, logger } = this.#options;
    const failures = (this.#waiting.get(cameraId)?.failures ?? 0) + 1;
    const waitMs = Math.min(1_000 * 2 ** (failures - 1), 60_000);
    this.#waiting.set(cameraId, { untilMs: clock.monotonicMs() + waitMs, failures });
    logger.warn({ camera: cameraId, reason, waitMs }, 'camera.not-taken');
  }

  #shapeOf({ name, settings }: Camera): string {
    const { alertBudgetPerDay, packs, learningMinutes, zones } = settings;
    return JSON.stringify([name, alertBudgetPerDay, packs, learningMinutes, zones ?? []]);
  }
}
