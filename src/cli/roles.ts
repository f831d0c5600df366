import { createApiRole } from '../api/api-role.ts';
import { Lease } from '../bus/lease.ts';
import { SegmentPublisher } from '../bus/segment-publisher.ts';
import { createDeliverRole } from '../deliver/deliver-role.ts';
import { createInferRole } from '../infer/infer-role.ts';
import { createIngestRole } from '../ingest/ingest-role.ts';
import { systemLookup } from '../ingest/source-host.ts';
import { createKeepRole } from '../keep/keep-role.ts';
import { measureDisk } from '../keep/measure-disk.ts';
import { systemSpawn } from '../platform/child-process.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Role } from '../platform/role.ts';
import type { AppendedEvents } from '../store/events.ts';
import { apiDependencies } from './api-dependencies.ts';
import { incidentPolicy } from './detection-settings.ts';
import { pulledPackDirectory } from './installed-packs.ts';
import type { Bus, Parts } from './parts.ts';
import { createSamplingChoice } from './sampling-choice.ts';

export const ROLE_NAMES = ['infer', 'ingest', 'deliver', 'keep', 'api'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const GIGABYTE = 1e9;
const INGEST_LEASE_MS = 9_000;
const KEEP_LEASE_MS = 15_000;

/** How each role is put together, in the order of their start: what works comes before who speaks of it. */
export const ROLES: Readonly<Record<RoleName, (parts: Parts, bus: Bus) => Role>> = {
  infer: ({ config, defaultPacks, store, logger, metrics, clock }, bus) =>
    createInferRole({
      store,
      redisUrl: bus.url,
      queues: bus.queues,
      logger,
      metrics,
      clock,
      settings: {
        packDirectory: config.packs.directory,
        pulledDirectory: pulledPackDirectory(config),
        defaultPacks,
        providers: config.infer.providers,
        batchSize: config.infer.batchSize,
        batchWaitMs: config.infer.batchWaitMs,
        threads: config.infer.threads,
        deadlineMs: config.infer.deadlineSeconds * 1_000,
        learningMinutes: config.learning.minutes,
        cascade: config.packs.cascade,
        quietMs: config.incident.quietSeconds * 1_000,
        incidentPolicy: incidentPolicy(config),
        postRollMs: config.incident.postRollSeconds * 1_000,
        publicUrl: config.http.publicUrl,
      },
    }),

  ingest: (parts, bus) => {
    const { config, store, logger, metrics, clock } = parts;
    return createIngestRole({
      store,
      publisher: new SegmentPublisher({ redis: bus.redis, segmentsPerCamera: config.bus.segmentsPerCamera }),
      openLease: (cameraId, onLost) =>
        new Lease({
          redis: bus.redis,
          name: `ingest:${cameraId}`,
          owner: bus.owner,
          ttlMs: INGEST_LEASE_MS,
          clock,
          onLost,
        }),
      notices: bus.changeNotices,
      onEvents: (appended) => void announce(appended, bus, logger),
      lookup: systemLookup,
      random: Math.random,
      samplingFor: createSamplingChoice(parts.packs),
      spawn: systemSpawn,
      clock,
      logger,
      metrics,
      settings: {
        dataDir: config.dataDir,
        ffmpegPath: config.ingest.ffmpegPath,
        connectTimeoutMs: config.ingest.connectTimeoutSeconds * 1_000,
        stallMs: config.ingest.stallSeconds * 1_000,
        offlineMs: config.ingest.offlineSeconds * 1_000,
        chunkSeconds: config.ingest.chunkSeconds,
      },
    });
  },

  deliver: ({ config, store, media, guard, logger, metrics, clock }, bus) =>
    createDeliverRole({
      store,
      redisUrl: bus.url,
      queues: bus.queues,
      eventNotices: bus.eventNotices,
      media,
      guard,
      spawn: systemSpawn,
      random: Math.random,
      clock,
      logger,
      metrics,
      settings: {
        dataDir: config.dataDir,
        ffmpegPath: config.ingest.ffmpegPath,
        ffprobePath: config.ingest.ffprobePath,
        timeoutMs: config.webhooks.timeoutSeconds * 1_000,
        concurrency: config.webhooks.concurrency,
        clip: {
          preRollMs: config.incident.preRollSeconds * 1_000,
          postRollMs: config.incident.postRollSeconds * 1_000,
          maxClipMs: config.incident.maxClipSeconds * 1_000,
          // a chunk ends at the first key frame after its length, and is registered then
          patienceMs: 3 * config.ingest.chunkSeconds * 1_000,
        },
      },
    }),

  keep: ({ config, store, media, logger, metrics, clock }, bus) =>
    createKeepRole({
      store,
      queues: bus.queues,
      eventNotices: bus.eventNotices,
      media,
      lease: new Lease({
        redis: bus.redis,
        name: 'keep',
        owner: bus.owner,
        ttlMs: KEEP_LEASE_MS,
        clock,
        onLost: (reason) => logger.warn({ reason }, 'keep.lease-lost'),
      }),
      measureDisk,
      clock,
      logger,
      metrics,
      settings: {
        dataDir: config.dataDir,
        minimumFreeBytes: config.retention.minimumFreeGigabytes * GIGABYTE,
        retention: {
          chunkMs: config.retention.chunkHours * HOUR_MS,
          scoreMs: config.retention.scoreDays * DAY_MS,
          incidentMs: config.retention.incidentDays * DAY_MS,
        },
      },
    }),

  api: (parts) =>
    createApiRole({
      ...apiDependencies(parts),
      listen: { host: parts.config.http.host, port: parts.config.http.port },
    }),
};

/** Tells the live streams and the queue of new alerts. What fails here is found by the sweep and by the streams' own look. */
async function announce(appended: AppendedEvents, bus: Bus, logger: Logger): Promise<void> {
  try {
    for (const { sequence } of appended.events) await bus.eventNotices.publish({ sequence });
    for (const id of appended.deliveryIds) await bus.queues.enqueueDelivery(id, 0);
  } catch (thrown) {
    logger.warn({ reason: reasonOf(thrown) }, 'events.not-announced');
  }
}
