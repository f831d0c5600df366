import { type Clock, toRfc3339 } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import { deterministicId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type EvictDependencies, evictBytes } from './evict-chunks.ts';
import type { DiskSpace, EventAnnouncer, KeepQueues, KeepStore, MeasureDisk, NewEvent } from './ports.ts';

export interface DiskDependencies extends EvictDependencies {
  readonly store: KeepStore;
  readonly queues: KeepQueues;
  readonly eventNotices: EventAnnouncer;
  readonly measureDisk: MeasureDisk;
  /** Below this the oldest chunks go early; 0 switches it off. */
  readonly minimumFreeBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'diskFreeBytes'>;
}

interface Episode {
  readonly sinceMs: number;
  readonly told: boolean;
}

const EPISODE_KEY = 'keep.storage-low';
/** Room is made up to this multiple of the minimum, so that eviction is not called for each chunk. */
const EVICT_TO = 1.1;
/** Only with this much free is the low over: a disk kept full by recording is one episode, not one an hour. */
const OVER_AT = 1.25;

/**
 * Looks at the free space of the data folder. When it is low, the oldest chunks make room (scores, incidents and evidence
 * are never eaten) and `storage.low` is told, once an episode, also across restarts and changes of the leader.
 */
export async function watchDisk(parts: DiskDependencies): Promise<void> {
  const { measureDisk, dataDir, minimumFreeBytes, logger, metrics, store } = parts;
  const space = await measureDisk(dataDir);
  metrics.diskFreeBytes.set(space.freeBytes);
  if (minimumFreeBytes <= 0) return;
  const isLow = space.freeBytes < minimumFreeBytes;
  if (isLow) {
    // room first: telling needs a database that can write
    const evicted = await evictBytes(minimumFreeBytes * EVICT_TO - space.freeBytes, parts);
    logger.warn({ freeBytes: space.freeBytes, minimumFreeBytes, ...evicted }, 'storage.evicted');
  }
  const episode = toEpisode(await store.settings.get(EPISODE_KEY));
  if (isLow && !episode?.told) await tell(episode, space, parts);
  else if (episode && space.freeBytes >= minimumFreeBytes * OVER_AT) {
    await store.settings.remove(EPISODE_KEY);
    logger.info({ freeBytes: space.freeBytes }, 'storage.recovered');
  }
}

/** The beginning is written down before it is told: told again after a crash, the event has the same id. */
async function tell(known: Episode | null, space: DiskSpace, parts: DiskDependencies): Promise<void> {
  const { store, queues, eventNotices, clock, logger } = parts;
  const sinceMs = known?.sinceMs ?? clock.nowMs();
  await store.settings.put(EPISODE_KEY, { sinceMs, told: false } satisfies Episode);
  const appended = await store.events.append(storageLowEvent(sinceMs, space, parts.minimumFreeBytes));
  await store.settings.put(EPISODE_KEY, { sinceMs, told: true } satisfies Episode);
  logger.warn({ freeBytes: space.freeBytes, minimumFreeBytes: parts.minimumFreeBytes }, 'storage.low');
  try {
    for (const id of appended.deliveryIds) await queues.enqueueDelivery(id, 0);
    for (const { sequence } of appended.events) await eventNotices.publish({ sequence });
  } catch (thrown) {
    logger.debug({ reason: reasonOf(thrown) }, 'storage.notice-lost'); // the sweep finds the rows
  }
}

function storageLowEvent(sinceMs: number, space: DiskSpace, minimumFreeBytes: number): NewEvent {
  const type = 'storage.low';
  const data = { storage: { freeBytes: space.freeBytes, totalBytes: space.totalBytes, minimumFreeBytes } };
  return {
    id: deterministicId('msg', type, sinceMs),
    type,
    cameraId: null,
    incidentId: null,
    body: JSON.stringify({ type, timestamp: toRfc3339(sinceMs), data }),
    createdMs: sinceMs,
  };
}

function toEpisode(value: unknown): Episode | null {
  if (typeof value !== 'object' || value === null || !('sinceMs' in value) || !('told' in value)) return null;
  return typeof value.sinceMs === 'number' ? { sinceMs: value.sinceMs, told: value.told === true } : null;
}
