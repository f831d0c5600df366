import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Role } from '../platform/role.ts';
import { applyRetention, type RetentionSettings } from './apply-retention.ts';
import type { EventAnnouncer, EvidenceFolder, KeepQueues, KeepStore, LeaderLease, MeasureDisk } from './ports.ts';
import { sweepOutbox } from './sweep-outbox.ts';
import { watchDisk } from './watch-disk.ts';

export interface KeepSettings {
  readonly dataDir: string;
  /** Below this the oldest chunks go early; 0 switches it off. */
  readonly minimumFreeBytes: number;
  readonly retention: RetentionSettings;
}

export interface KeepDependencies {
  readonly store: KeepStore;
  readonly queues: KeepQueues;
  readonly eventNotices: EventAnnouncer;
  readonly media: EvidenceFolder;
  readonly lease: LeaderLease;
  readonly measureDisk: MeasureDisk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'diskFreeBytes'>;
  readonly settings: KeepSettings;
}

interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<void>;
}

const TICK_MS = 5_000;
const SWEEP_MS = 15_000;
const DISK_MS = 15_000;
const RETENTION_MS = 60_000;

/** Housekeeping; one leader at a time does it, by lease. A chore that fails is logged and comes again at its time. */
export function createKeepRole(dependencies: KeepDependencies): Role {
  const { store, queues, lease, clock, settings } = dependencies;
  const logger = dependencies.logger.child({ role: 'keep' });
  let stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  const mayGoOn = () => lease.held && !stopping.signal.aborted;
  const shared = { ...dependencies, logger, mayGoOn, dataDir: settings.dataDir };
  const chores: readonly Chore[] = [
    {
      name: 'outbox',
      everyMs: SWEEP_MS,
      run: async () => {
        const swept = await sweepOutbox({ store, queues, clock });
        logger.debug(swept, 'keep.swept');
      },
    },
    {
      name: 'disk',
      everyMs: DISK_MS,
      run: () => watchDisk({ ...shared, minimumFreeBytes: settings.minimumFreeBytes }),
    },
    {
      name: 'retention',
      everyMs: RETENTION_MS,
      run: async () => {
        const report = await applyRetention({ ...shared, settings: settings.retention });
        if (Object.values(report).some((count) => count > 0)) logger.info(report, 'keep.retention');
      },
    },
  ];

  return {
    name: 'keep',
    async start() {
      stopping = new AbortController();
      running = loop(chores, stopping.signal, mayGoOn, dependencies.lease, clock, logger);
    },
    async stop() {
      stopping.abort();
      await running;
      await lease.release();
    },
  };
}

async function loop(
  chores: readonly Chore[],
  stop: AbortSignal,
  mayGoOn: () => boolean,
  lease: LeaderLease,
  clock: Clock,
  logger: Logger,
): Promise<void> {
  const dueMs = new Map<string, number>();
  while (!stop.aborted) {
    if (await leads(lease, logger)) {
      for (const chore of chores) {
        const startedMs = clock.monotonicMs();
        if (!mayGoOn() || startedMs < (dueMs.get(chore.name) ?? 0)) continue;
        dueMs.set(chore.name, startedMs + chore.everyMs);
        try {
          await chore.run();
        } catch (thrown) {
          logger.warn({ chore: chore.name, reason: reasonOf(thrown) }, 'keep.chore-failed');
        }
      }
    } else {
      dueMs.clear(); // a new leader begins with everything
    }
    await clock.sleep(TICK_MS, stop);
  }
}

async function leads(lease: LeaderLease, logger: Logger): Promise<boolean> {
  if (lease.held) return true;
  try {
    const acquired = await lease.acquire();
    if (acquired) logger.info({}, 'keep.leading');
    return acquired;
  } catch (thrown) {
    logger.debug({ reason: reasonOf(thrown) }, 'keep.lease-unknown'); // Redis is away; its loss is logged by the connection
    return false;
  }
}
