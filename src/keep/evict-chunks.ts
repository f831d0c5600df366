import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { KeepStore, KeptChunk } from './ports.ts';

export interface EvictDependencies {
  readonly store: Pick<KeepStore, 'chunks' | 'incidents'>;
  readonly dataDir: string;
  /** False ends the work between two batches: leadership is gone, or the service stops. */
  readonly mayGoOn: () => boolean;
}

export interface Evicted {
  readonly chunks: number;
  readonly bytes: number;
}

const BATCH = 500;
const NOTHING: Evicted = { chunks: 0, bytes: 0 };
/** A clip that is still to be cut begins this long before its incident: more than the longest pre-roll. */
const PINNED_BEFORE_ONSET_MS = 120_000;

/** Removes the chunks that end before `beforeMs`. */
export async function evictOlderThan(beforeMs: number, parts: EvictDependencies): Promise<Evicted> {
  let total = NOTHING;
  while (parts.mayGoOn()) {
    const oldest = await parts.store.chunks.oldest(BATCH);
    const expired = oldest.filter((chunk) => chunk.endMs < beforeMs);
    total = add(total, await removeChunks(expired, parts));
    if (expired.length < BATCH) break;
  }
  return total;
}

/** Removes chunks whose camera is gone. */
export async function evictOrphans(parts: EvictDependencies): Promise<Evicted> {
  let total = NOTHING;
  while (parts.mayGoOn()) {
    const orphans = await parts.store.chunks.orphans(BATCH);
    total = add(total, await removeChunks(orphans, parts));
    if (orphans.length < BATCH) break;
  }
  return total;
}

/**
 * Removes the oldest chunks of all cameras until `wantedBytes` are freed or none is left. Those from which a clip is still
 * to be cut are spared as long as there are others: live recording goes before evidence only when nothing else is left.
 */
export async function evictBytes(wantedBytes: number, parts: EvictDependencies): Promise<Evicted> {
  const pinnedFromMs = await pinnedStarts(parts);
  const isPinned = (chunk: KeptChunk) => chunk.endMs > (pinnedFromMs.get(chunk.cameraId) ?? Number.POSITIVE_INFINITY);
  let total = NOTHING;
  while (total.bytes < wantedBytes && parts.mayGoOn()) {
    const oldest = await parts.store.chunks.oldest(BATCH);
    const free = oldest.filter((chunk) => !isPinned(chunk));
    const chosen = upTo(wantedBytes - total.bytes, free.length > 0 ? free : oldest);
    if (chosen.length === 0) break;
    total = add(total, await removeChunks(chosen, parts));
  }
  return total;
}

async function pinnedStarts({ store }: EvictDependencies): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  for (const incident of await store.incidents.pendingEvidence(BATCH)) {
    const fromMs = incident.onsetMs - PINNED_BEFORE_ONSET_MS;
    starts.set(incident.cameraId, Math.min(fromMs, starts.get(incident.cameraId) ?? fromMs));
  }
  return starts;
}

function upTo(wantedBytes: number, chunks: readonly KeptChunk[]): readonly KeptChunk[] {
  const chosen: KeptChunk[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (bytes >= wantedBytes) break;
    chosen.push(chunk);
    bytes += chunk.sizeBytes;
  }
  return chosen;
}

/**
 * Files first, rows after: what a crash leaves between is found again, because its row still stands. Folders stay: ingest
 * may be about to put a chunk there; retention removes them by their day.
 */
async function removeChunks(chunks: readonly KeptChunk[], { store, dataDir }: EvictDependencies): Promise<Evicted> {
  if (chunks.length === 0) return NOTHING;
  for (const chunk of chunks) {
    await rm(resolve(dataDir, chunk.path), { force: true });
  }
  await store.chunks.remove(chunks.map((chunk) => chunk.path));
  return { chunks: chunks.length, bytes: chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0) };
}

function add(a: Evicted, b: Evicted): Evicted {
  return { chunks: a.chunks + b.chunks, bytes: a.bytes + b.bytes };
}
