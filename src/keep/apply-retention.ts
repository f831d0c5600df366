import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { type EvictDependencies, evictBytes, evictOlderThan, evictOrphans } from './evict-chunks.ts';
import type { EvidenceFolder, KeepStore } from './ports.ts';

export interface RetentionSettings {
  readonly chunkMs: number;
  /** All chunks together; without it only age and free disk count. */
  readonly maxChunkBytes?: number | undefined;
  readonly scoreMs: number;
  /** Closed incidents with their evidence and reviews, events and finished deliveries. */
  readonly incidentMs: number;
}

export interface RetentionDependencies extends EvictDependencies {
  readonly store: KeepStore;
  readonly media: EvidenceFolder;
  readonly clock: Clock;
  readonly settings: RetentionSettings;
}

export type RetentionReport = Readonly<
  Record<'chunks' | 'chunkBytes' | 'scores' | 'incidents' | 'events' | 'evidence' | 'days', number>
>;

const ROWS_AT_ONCE = 5_000;
const INCIDENTS_AT_ONCE = 200;
/** Batches of one kind in one run: the rest waits for the next, so that one kind never starves the others. */
const BATCHES = 50;
const DAY_MS = 86_400_000;

/** Deletes what has had its time, in batches small enough to stand in nobody's way. Says how much it deleted. */
export async function applyRetention(parts: RetentionDependencies): Promise<RetentionReport> {
  const { store, media, clock, settings } = parts;
  const nowMs = clock.nowMs();
  const oldChunks = await evictOlderThan(nowMs - settings.chunkMs, parts);
  const orphans = await evictOrphans(parts);
  const excessBytes =
    settings.maxChunkBytes === undefined ? 0 : (await store.chunks.totalBytes()) - settings.maxChunkBytes;
  const excess = excessBytes > 0 ? await evictBytes(excessBytes, parts) : { chunks: 0, bytes: 0 };
  const days = await removeOldDays(parts, nowMs - settings.chunkMs);

  const inBatches = (limit: number, take: (limit: number) => Promise<number>) => takeBatches(limit, take, parts);
  const scores =
    (await inBatches(ROWS_AT_ONCE, (limit) => store.scores.deleteBefore(nowMs - settings.scoreMs, limit))) +
    (await inBatches(ROWS_AT_ONCE, (limit) => store.scores.deleteOrphans(limit)));
  const incidents = await inBatches(INCIDENTS_AT_ONCE, async (limit) => {
    const ids = await store.incidents.deleteBefore(nowMs - settings.incidentMs, limit);
    for (const id of ids) await media.removeAll(id);
    return ids.length;
  });
  const events = await inBatches(ROWS_AT_ONCE, (limit) =>
    store.events.deleteBefore(nowMs - settings.incidentMs, limit),
  );
  const evidence = await removeLeftEvidence(parts);
  return {
    chunks: oldChunks.chunks + orphans.chunks + excess.chunks,
    chunkBytes: oldChunks.bytes + orphans.bytes + excess.bytes,
    scores,
    incidents,
    events,
    evidence,
    days,
  };
}

async function takeBatches(
  limit: number,
  take: (limit: number) => Promise<number>,
  { mayGoOn }: EvictDependencies,
): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < BATCHES && mayGoOn(); batch++) {
    const taken = await take(limit);
    total += taken;
    if (taken < limit) break;
  }
  return total;
}

/** Evidence whose incident is gone: its camera was removed, or a crash came between row and files. */
async function removeLeftEvidence({ store, media, mayGoOn }: RetentionDependencies): Promise<number> {
  const prefixes = await media.prefixes();
  let removed = 0;
  for (let start = 0; start < prefixes.length && mayGoOn(); start += INCIDENTS_AT_ONCE) {
    const batch = prefixes.slice(start, start + INCIDENTS_AT_ONCE);
    const existing = await store.incidents.existing(batch);
    for (const prefix of batch.filter((name) => !existing.has(name))) {
      await media.removeAll(prefix);
      removed += 1;
    }
  }
  return removed;
}

/**
 * Recorded files that never came into the index (ingest was killed between file and row) lie in folders by day
 * (`chunks/<camera>/<YYYY-MM-DD>`, UTC); a folder goes as a whole once all of its day has had its time.
 */
async function removeOldDays({ dataDir }: EvictDependencies, beforeMs: number): Promise<number> {
  const root = join(dataDir, 'chunks');
  let removed = 0;
  for (const camera of await subfolders(root)) {
    for (const day of await subfolders(join(root, camera))) {
      const startMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
      // the last chunk of a day ends on the next: one more day of grace
      if (!(startMs + 2 * DAY_MS < beforeMs)) continue;
      await rm(join(root, camera, day), { recursive: true, force: true });
      removed += 1;
    }
  }
  return removed;
}

async function subfolders(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
