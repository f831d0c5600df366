import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { connectRedis, waitForRedis } from '../bus/connect-redis.ts';
import { EmbeddedRedis } from '../bus/embedded-redis.ts';
import { ChangeNotices, EventNotices } from '../bus/notices.ts';
import { openQueues, type WorkQueues } from '../bus/queues.ts';
import { systemResolveHost, TargetGuard } from '../deliver/target-guard.ts';
import type { PackRegistry } from '../infer/packs/pack-registry.ts';
import type { EvidenceStore } from '../media/evidence-store.ts';
import { FolderEvidenceStore } from '../media/folder-evidence-store.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config-schema.ts';
import { createLogger, type Logger } from '../platform/logger.ts';
import { createMetrics, type Metrics } from '../platform/metrics.ts';
import { openSecretBox } from '../platform/secret-box.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { defaultPackIds, openPackRegistry } from './installed-packs.ts';

/** What the roles share in one process; each role is handed what it needs of it. */
export interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly media: EvidenceStore;
  readonly packs: PackRegistry;
  /** What a new camera gets. */
  readonly defaultPacks: readonly string[];
  readonly guard: TargetGuard;
  /** Null where no Redis is wanted: a command that works on the database while no service runs. */
  readonly bus: Bus | null;
  close(): Promise<void>;
}

export interface Bus {
  readonly url: string;
  /** Short commands. */
  readonly redis: Redis;
  readonly queues: WorkQueues;
  readonly changeNotices: ChangeNotices;
  readonly eventNotices: EventNotices;
  /** Who we are in leases: unique per process life. */
  readonly owner: string;
  /** A write, not a greeting: a full Redis answers PING and takes nothing. */
  check(): Promise<void>;
}

/** What readiness rests on, each by a real write; the gauges show the last look. */
export function readinessChecks({
  store,
  bus,
  metrics,
}: Parts): readonly { readonly name: string; check(): Promise<void> }[] {
  const watched = (name: string, gauge: Metrics['storeUp'], check: () => Promise<void>) => ({
    name,
    check: async () => {
      try {
        await check();
        gauge.set(1);
      } catch (thrown) {
        gauge.set(0);
        throw thrown;
      }
    },
  });
  return [
    watched('database', metrics.storeUp, () => store.check()),
    ...(bus ? [watched('redis', metrics.redisUp, () => bus.check())] : []),
  ];
}

const REDIS_WAIT_MS = 15_000;

/** Database, evidence and packs, without Redis. */
export async function openOfflineParts(config: Config): Promise<Parts> {
  const logger = createLogger({ level: 'warn' });
  const base = await openBase(config, logger);
  return { ...base, bus: null, close: () => base.store.close() };
}

/** All of it; starts an own redis-server where none is configured and `embedded` allows it. */
export async function openParts(config: Config): Promise<Parts> {
  const logger = createLogger({ level: config.log.level });
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of closing.reverse().splice(0)) await step().catch(() => {});
  };
  try {
    const embedded = config.redisUrl === undefined ? new EmbeddedRedis({ dataDir: config.dataDir, logger }) : null;
    const base = await openBase(config, logger);
    closing.push(() => base.store.close());
    await embedded?.start();
    if (embedded) closing.push(() => embedded.stop());
    const bus = await openBus(config.redisUrl ?? embedded?.url ?? '', logger, closing);
    return { ...base, bus, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function openBase(config: Config, logger: Logger): Promise<Omit<Parts, 'bus' | 'close'>> {
  const store = await openStore({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    secretBox: openSecretBox(config.secretKeyFile ?? join(config.dataDir, 'secret.key')),
    logger,
  });
  const packs = openPackRegistry(config);
  return {
    config,
    clock: systemClock,
    logger,
    metrics: createMetrics(),
    store,
    media: new FolderEvidenceStore(join(config.dataDir, 'evidence')),
    packs,
    defaultPacks: await defaultPackIds(config, packs),
    guard: new TargetGuard({ allowTargets: config.webhooks.allowTargets, resolveHost: systemResolveHost }),
  };
}

async function openBus(url: string, logger: Logger, closing: (() => Promise<unknown>)[]): Promise<Bus> {
  const redis = connectRedis(url, { role: 'client' }, logger);
  closing.push(async () => redis.disconnect());
  await waitForRedis(redis, REDIS_WAIT_MS);
  const changesSubscriber = connectRedis(url, { role: 'blocking' }, logger);
  const eventsSubscriber = connectRedis(url, { role: 'blocking' }, logger);
  const queues = openQueues(url, logger);
  closing.push(
    async () => changesSubscriber.disconnect(),
    async () => eventsSubscriber.disconnect(),
    () => queues.close(),
  );
  const owner = `${process.pid}-${randomUUID()}`;
  return {
    url,
    redis,
    queues,
    changeNotices: new ChangeNotices({ publisher: redis, subscriber: changesSubscriber }),
    eventNotices: new EventNotices({ publisher: redis, subscriber: eventsSubscriber }),
    owner,
    check: async () => {
      await redis.set(`vedette:checked:${owner}`, String(systemClock.nowMs()), 'PX', 60_000);
    },
  };
}
