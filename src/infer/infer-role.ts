import { availableParallelism, hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { connectRedis, waitForRedis } from '../bus/connect-redis.ts';
import { Members } from '../bus/members.ts';
import { ChangeNotices, EventNotices } from '../bus/notices.ts';
import type { WorkQueues } from '../bus/queues.ts';
import type { SpawnProcess } from '../platform/child-process.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Role } from '../platform/role.ts';
import { Announcer } from './announcer.ts';
import type { LaneTimings } from './camera-lane.ts';
import { type OpenCameraModel, openCameraModel } from './camera-model.ts';
import { DropCounter } from './drop-counter.ts';
import type { InferSettings } from './infer-settings.ts';
import { Learner } from './learner.ts';
import { DefinitionLoader, type DefinitionSource } from './load-definitions.ts';
import { isInstalled, type Pack, PackRegistry } from './packs/pack-registry.ts';
import type { ProviderReport } from './runner/provider-chain.ts';
import { RunnerSupervisor } from './runner-supervisor.ts';
import { ShardLoop, type ShardStore } from './shard-loop.ts';
import { readTunings, type TuningByProvider, withinSettings } from './tuning/pack-tuning.ts';

export interface InferDeps {
  readonly store: ShardStore & DefinitionSource;
  readonly redisUrl: string;
  readonly queues: Pick<WorkQueues, 'enqueueDelivery' | 'enqueueClip'>;
  readonly settings: InferSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock?: Clock;
  readonly spawn?: SpawnProcess;
  readonly openModel?: OpenCameraModel;
  readonly timings?: LaneTimings;
}

export interface InferHealth {
  readonly runner: RunnerSupervisor['state'];
  readonly runnerPid: number | null;
  readonly providers: readonly ProviderReport[];
  readonly cameras: readonly string[];
}

export interface InferRole extends Role {
  /** For health and tests. */
  health(): InferHealth;
}

const TICK_MS = 1_000;
const REDIS_WAIT_MS = 10_000;

/** Scores the live cameras that this process owns. Throws at start VDT_UNAVAILABLE, VDT_PACK_…, VDT_PROVIDER_UNAVAILABLE. */
export function createInferRole(deps: InferDeps): InferRole {
  let running: Running | null = null;
  return {
    name: 'infer',
    async start() {
      running ??= await startInfer(deps);
    },
    async stop() {
      const ending = running;
      running = null;
      await ending?.stop();
    },
    health: () => running?.health() ?? { runner: 'stopped', runnerPid: null, providers: [], cameras: [] },
  };
}

interface Running {
  stop(): Promise<void>;
  health(): InferHealth;
}

async function startInfer(deps: InferDeps): Promise<Running> {
  const { settings, logger, metrics, clock = systemClock } = deps;
  const owner = `${hostname()}-${process.pid}-${newId('req')}`;
  const packs = await usablePacks(
    new PackRegistry(settings.packDirectory, settings.pulledDirectory),
    settings.defaultPacks,
    logger,
  );
  const opened: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of opened.toReversed()) await close();
  };
  try {
    const client = connectRedis(deps.redisUrl, { role: 'client' }, logger);
    opened.push(() => client.disconnect());
    const subscriber = connectRedis(deps.redisUrl, { role: 'blocking' }, logger);
    opened.push(() => subscriber.disconnect());
    await waitForRedis(client, REDIS_WAIT_MS);

    const drops = new DropCounter({
      metrics,
      logger,
      store: (cameraId, counts) => deps.store.cameras.addDropped(cameraId, counts),
    });
    opened.push(() => drops.flush());
    const runner = openRunner(deps, packs, await tuningOf(settings, packs), owner, clock, {
      onFeatures: (live) => loop.accept(live),
      onLost: (cameraId, count, reason) => drops.add(cameraId, count, reason),
      onBus: () => loop.noteOutage(),
      onState: () => loop.noteOutage(),
    });
    const members = new Members({ redis: client, role: 'infer', name: owner, ttlMs: leaseTtlMs(settings), clock });
    const eventNotices = new EventNotices({ publisher: client });
    const announcer = new Announcer({ eventNotices, queues: deps.queues, postRollMs: settings.postRollMs, logger });
    const learner = new Learner();
    const manifests = new Map(packs.map(({ manifest }) => [manifest.id, manifest]));
    const loop = new ShardLoop({
      store: deps.store,
      redis: client,
      members,
      runner,
      announcer,
      drops,
      definitions: new DefinitionLoader(deps.store, (packId, texts) => runner.embedText(packId, texts)),
      packs: manifests,
      settings,
      owner,
      openModel: deps.openModel ?? openCameraModel,
      learn: learner.learn,
      clock,
      logger,
      metrics,
      ...(deps.timings ? { timings: deps.timings } : {}),
    });
    await runner.start();
    for (const id of runner.refusedPacks) manifests.delete(id); // cameras go on without
    opened.push(() => learner.stop());
    opened.push(() => runner.stop());
    opened.push(() => members.leave());
    opened.push(() => announcer.settled());
    opened.push(() => loop.stop());
    opened.push(listenForChanges(client, subscriber, loop));
    opened.push(repeat(clock, TICK_MS, () => loop.tick()));
    opened.push(
      repeat(clock, settings.refreshMs ?? 2_000, async () => {
        await loop.refresh();
        await drops.flush();
      }),
    );
    await loop.refresh();
    return {
      stop: closeAll,
      health: () => ({
        runner: runner.state,
        runnerPid: runner.pid,
        providers: runner.providers,
        cameras: loop.ownedIds,
      }),
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Every sound pack whose files are there; those in `required` must be. Throws VDT_PACK_… */
async function usablePacks(registry: PackRegistry, required: readonly string[], logger: Logger): Promise<Pack[]> {
  for (const id of required) await registry.load(id);
  const packs: Pack[] = [];
  for (const { id, pack } of await registry.list()) {
    if (!pack || !isInstalled(pack)) continue; // it may come without its weights: models pull
    try {
      packs.push(await registry.load(id));
    } catch (error) {
      logger.warn({ pack: id, err: error }, 'pack.refused');
    }
  }
  return packs;
}

type RunnerEvents = Required<
  Pick<ConstructorParameters<typeof RunnerSupervisor>[0], 'onFeatures' | 'onLost' | 'onBus' | 'onState'>
>;

/** What `vedette models bench` stored for this machine, as far as the settings leave it free. */
async function tuningOf(
  settings: InferSettings,
  packs: readonly Pack[],
): Promise<Readonly<Record<string, TuningByProvider>>> {
  if (settings.pulledDirectory === undefined) return {};
  const manifests = packs.map(({ manifest }) => manifest);
  return withinSettings(await readTunings(settings.pulledDirectory, manifests), settings);
}

function openRunner(
  { settings, redisUrl, logger, metrics, spawn }: InferDeps,
  packs: readonly Pack[],
  tuning: Readonly<Record<string, TuningByProvider>>,
  consumer: string,
  clock: Clock,
  events: RunnerEvents,
): RunnerSupervisor {
  return new RunnerSupervisor({
    settings: {
      packs,
      required: settings.defaultPacks,
      providers: settings.providers,
      threads: threadsOf(settings.threads),
      batchSize: settings.batchSize,
      tuning,
      batchWaitMs: settings.batchWaitMs,
      redisUrl,
      consumer,
      inFlightPerCamera: settings.inFlightPerCamera ?? 8,
    },
    deadlineMs: settings.deadlineMs,
    logger,
    metrics,
    clock,
    ...(spawn ? { spawn } : {}),
    ...events,
  });
}

/** 0: all cores but one, which the rest of the service needs. */
export function threadsOf(configured: number): number {
  return configured > 0 ? configured : Math.max(1, availableParallelism() - 1);
}

function leaseTtlMs(settings: InferSettings): number {
  return settings.leaseTtlMs ?? 9_000;
}

function listenForChanges(publisher: Redis, subscriber: Redis, loop: ShardLoop): () => void {
  const notices = new ChangeNotices({ publisher, subscriber });
  return notices.subscribe(
    ({ kind, id }) => {
      if (kind === 'camera') void loop.noteChange(id);
      if (kind === 'review') void loop.noteReview(id);
      if (kind === 'definitions') void loop.noteDefinitions(id);
    },
    () => void loop.refresh(),
  );
}

/** Calls `work` again and again, `everyMs` after it is done; the returned function ends it. */
function repeat(clock: Clock, everyMs: number, work: () => Promise<void> | void): () => void {
  let ended = false;
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(everyMs, () => {
      void Promise.resolve(work()).finally(() => {
        if (!ended) next();
      });
    });
  };
  next();
  return () => {
    ended = true;
    cancel();
  };
}
