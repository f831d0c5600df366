import { join } from 'node:path';
import type { Worker } from 'bullmq';
import type { EvidenceStore } from '../media/evidence-store.ts';
import type { SpawnProcess } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Role } from '../platform/role.ts';
import { ClipCutter } from './clip-cutter.ts';
import type { ClipSettings } from './clip-window.ts';
import { startClipWorker } from './clip-worker.ts';
import { startDeliveryWorker } from './delivery-worker.ts';
import { EndpointSlots } from './endpoint-slots.ts';
import { GuardedClient } from './guarded-client.ts';
import type {
  ChunkIndex,
  DeliveryLedger,
  DeliveryQueue,
  EndpointDirectory,
  EventAnnouncer,
  IncidentEvidence,
} from './ports.ts';
import type { TargetGuard } from './target-guard.ts';

export interface DeliverSettings {
  readonly dataDir: string;
  readonly ffmpegPath: string;
  readonly ffprobePath: string;
  /** Longest wait for a receiver, all in all. */
  readonly timeoutMs: number;
  /** Deliveries under way at once; of these at most `troubledLimit` for one endpoint that fails or is slow. */
  readonly concurrency: number;
  readonly troubledLimit?: number;
  /** Clips cut at once. Default 1. */
  readonly clipConcurrency?: number;
  readonly clip: ClipSettings;
}

export interface DeliverDependencies {
  readonly store: {
    readonly deliveries: DeliveryLedger;
    readonly endpoints: EndpointDirectory;
    readonly incidents: IncidentEvidence;
    readonly chunks: ChunkIndex;
  };
  readonly redisUrl: string;
  readonly queues: DeliveryQueue;
  readonly eventNotices: EventAnnouncer;
  readonly media: EvidenceStore;
  readonly guard: TargetGuard;
  readonly spawn: SpawnProcess;
  readonly random: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'deliveries' | 'deliveryAttempt' | 'clips'>;
  readonly settings: DeliverSettings;
}

const DEFAULT_TROUBLED_LIMIT = 4;
const CUT_TIMEOUT_MS = 120_000;
/** What is under way at a stop may end by itself for this long; then it is cut off and later done again. */
const STOP_GRACE_MS = 3_000;
const STOP_LIMIT_MS = 5_000;

/** Sends webhooks and cuts evidence; stateless, as many at once as you like. */
export function createDeliverRole(dependencies: DeliverDependencies): Role {
  const { store, redisUrl, queues, eventNotices, media, guard, spawn, random, clock, metrics, settings } = dependencies;
  const logger = dependencies.logger.child({ role: 'deliver' });
  let workers: readonly Worker[] = [];
  let client: GuardedClient | null = null;
  let stopping = new AbortController();

  return {
    name: 'deliver',
    async start() {
      stopping = new AbortController();
      const { concurrency, timeoutMs } = settings;
      client = new GuardedClient({ guard, clock, timeoutMs, connectionsPerTarget: concurrency });
      const slots = new EndpointSlots({
        concurrency,
        troubledLimit: settings.troubledLimit ?? DEFAULT_TROUBLED_LIMIT,
      });
      const cutter = new ClipCutter({
        ffmpegPath: settings.ffmpegPath,
        ffprobePath: settings.ffprobePath,
        timeoutMs: CUT_TIMEOUT_MS,
        spawn,
        clock,
        stopping: stopping.signal,
        logger,
      });
      const shared = { clock, logger, metrics, stopping: stopping.signal };
      const { deliveries, endpoints, incidents, chunks } = store;
      workers = [
        startDeliveryWorker({
          redisUrl,
          concurrency,
          parts: { ...shared, deliveries, endpoints, queue: queues, eventNotices, client, slots, random, timeoutMs },
        }),
        startClipWorker({
          redisUrl,
          concurrency: settings.clipConcurrency ?? 1,
          parts: {
            ...shared,
            incidents,
            chunks,
            media,
            cutter,
            settings: settings.clip,
            dataDir: settings.dataDir,
            workDir: join(settings.dataDir, 'tmp'),
          },
        }),
      ];
      logger.info({ concurrency }, 'deliver.started');
    },
    async stop() {
      const ending = workers;
      const openClient = client;
      workers = [];
      client = null;
      const allEnded = Promise.allSettled(ending.map((worker) => worker.close()));
      await within(STOP_GRACE_MS, allEnded, clock);
      stopping.abort();
      await openClient?.close();
      // Redis may be away, which lets BullMQ wait without end
      await within(STOP_LIMIT_MS, allEnded, clock);
    },
  };
}

async function within(limitMs: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  const giveUp = new AbortController();
  await Promise.race([work, clock.sleep(limitMs, giveUp.signal)]);
  giveUp.abort();
}
