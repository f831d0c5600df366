import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyRetention, type RetentionDependencies } from '../../../src/keep/apply-retention.ts';
import { evictBytes } from '../../../src/keep/evict-chunks.ts';
import { createKeepRole } from '../../../src/keep/keep-role.ts';
import { measureDisk } from '../../../src/keep/measure-disk.ts';
import type { LeaderLease } from '../../../src/keep/ports.ts';
import { type DiskDependencies, watchDisk } from '../../../src/keep/watch-disk.ts';
import { FolderEvidenceStore } from '../../../src/media/folder-evidence-store.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { MemoryStore } from './memory-store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const metrics = createMetrics();
let dataDir: string;
let store: MemoryStore;
let clock: ManualClock;
let media: FolderEvidenceStore;
let queued: string[];
let announced: number[];
let freeBytes: number;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vedette-keep-'));
  store = new MemoryStore();
  clock = new ManualClock(Date.UTC(2026, 5, 15, 12));
  media = new FolderEvidenceStore(join(dataDir, 'evidence'));
  queued = [];
  announced = [];
  freeBytes = 10_000;
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function addChunk(ageMs: number, sizeBytes = 100, cameraId = 'gate'): Promise<string> {
  const startMs = clock.nowMs() - ageMs;
  const day = new Date(startMs).toISOString().slice(0, 10);
  const path = `chunks/${cameraId}/${day}/${startMs}.mkv`;
  await mkdir(dirname(join(dataDir, path)), { recursive: true });
  await writeFile(join(dataDir, path), Buffer.alloc(sizeBytes));
  store.chunkRows.push({ cameraId, path, startMs, endMs: startMs + 10_000, sizeBytes });
  return path;
}

const files = async () => (await readdir(dataDir, { recursive: true })).filter((file) => file.endsWith('.mkv')).sort();

const queues = {
  enqueueDelivery: async (id: string) => {
    queued.push(id);
  },
  enqueueClip: async (id: string, _delayMs: number, phase: string) => {
    queued.push(`${id} ${phase}`);
  },
};
const eventNotices = {
  publish: async ({ sequence }: { sequence: number }) => {
    announced.push(sequence);
  },
};

describe('retention', () => {
  const retain = (settings: Partial<RetentionDependencies['settings']> = {}) =>
    applyRetention({
      store,
      media,
      clock,
      dataDir,
      mayGoOn: () => true,
      settings: { chunkMs: DAY_MS, scoreMs: 30 * DAY_MS, incidentMs: 365 * DAY_MS, ...settings },
    });

  it('removes chunks that have had their time, file and row, with the folders of days long past', async () => {
    await addChunk(3 * DAY_MS);
    await addChunk(25 * HOUR_MS);
    const kept = await addChunk(HOUR_MS);
    expect(await retain()).toMatchObject({ chunks: 2, chunkBytes: 200 });
    expect(await files()).toEqual([kept]);
    expect(store.chunkRows.map((row) => row.path)).toEqual([kept]);
    expect(await readdir(join(dataDir, 'chunks/gate'))).not.toContain('2026-06-12');
    expect(await readdir(join(dataDir, 'chunks/gate'))).toContain('2026-06-15');
  });

  it('works through far more than one batch', async () => {
    for (let i = 0; i < 1_200; i++) {
      const startMs = clock.nowMs() - 2 * DAY_MS + i;
      store.chunkRows.push({ cameraId: 'gate', path: `chunks/gate/x/${i}.mkv`, startMs, endMs: startMs, sizeBytes: 1 });
    }
    expect(await retain()).toMatchObject({ chunks: 1_200 });
  });

  it('does not stumble over a file that is gone already', async () => {
    const path = await addChunk(2 * DAY_MS);
    await rm(join(dataDir, path));
    expect(await retain()).toMatchObject({ chunks: 1 });
  });

  it('keeps all chunks together below their limit, oldest first', async () => {
    const [, newer, newest] = [await addChunk(3_000), await addChunk(2_000), await addChunk(1_000)];
    await retain({ maxChunkBytes: 250 });
    expect(store.chunkRows.map((row) => row.path)).toEqual([newer, newest]);
  });

  it('removes what is left of removed cameras, and recordings that never came into the index', async () => {
    await addChunk(HOUR_MS, 100, 'removed');
    const lost = join(dataDir, 'chunks/gate/2026-06-01');
    await mkdir(lost, { recursive: true });
    await writeFile(join(lost, '1.mkv'), 'x');
    const foreign = join(dataDir, 'chunks/gate/not-a-day');
    await mkdir(foreign, { recursive: true });
    expect(await retain()).toMatchObject({ chunks: 1, days: 1 });
    expect(await files()).toEqual([]);
    expect(await readdir(join(dataDir, 'chunks/gate'))).toEqual(['not-a-day']);
  });

  it('removes old scores, events and closed incidents with their evidence', async () => {
    store.scoreTimesMs = [clock.nowMs() - 31 * DAY_MS, clock.nowMs()];
    store.eventTimesMs = [clock.nowMs() - 366 * DAY_MS, clock.nowMs()];
    store.incidentTimesMs.set('inc_old', clock.nowMs() - 366 * DAY_MS).set('inc_new', clock.nowMs());
    for (const id of ['inc_old', 'inc_new', 'inc_unknown'])
      await media.put(`${id}/clip.mp4`, { bytes: Buffer.from('x') });
    expect(await retain()).toMatchObject({ scores: 1, events: 1, incidents: 1, evidence: 1 });
    expect(await media.prefixes()).toEqual(['inc_new']);
  });
});

describe('disk pressure', () => {
  let parts: DiskDependencies;
  beforeEach(() => {
    parts = {
      store,
      queues,
      eventNotices,
      measureDisk: async () => ({ freeBytes, totalBytes: 100_000 }),
      minimumFreeBytes: 1_000,
      dataDir,
      mayGoOn: () => true,
      clock,
      logger: silentLogger,
      metrics,
    };
  });

  it('removes the oldest chunks until there is room, and tells of it once an episode', async () => {
    for (let i = 10; i > 0; i--) await addChunk(i * 60_000, 100);
    freeBytes = 800;
    await watchDisk(parts);
    // up to 1,100 free: three chunks of 100
    expect(store.chunkRows).toHaveLength(7);
    expect(store.chunkRows[0]?.startMs).toBe(clock.nowMs() - 7 * 60_000);
    expect(store.appended.map((event) => event.type)).toEqual(['storage.low']);
    expect(JSON.parse(store.appended[0]?.body ?? '')).toMatchObject({
      type: 'storage.low',
      data: { storage: { freeBytes: 800, minimumFreeBytes: 1_000 } },
    });
    expect([queued, announced]).toEqual([['dlv_1'], [1]]);
    // recording fills it again and again: still the same episode
    for (freeBytes of [1_100, 900, 1_200, 700]) {
      await clock.advance(15_000);
      await watchDisk(parts);
    }
    expect(store.appended).toHaveLength(1);
    // over, and low anew
    for (freeBytes of [5_000, 900]) {
      await clock.advance(15_000);
      await watchDisk(parts);
    }
    expect(store.appended).toHaveLength(2);
  });

  it('tells once, also when the leader dies between writing it down and telling', async () => {
    freeBytes = 800;
    const { append } = store.events;
    Object.assign(store.events, { append: () => Promise.reject(new Error('killed')) });
    await expect(watchDisk(parts)).rejects.toThrow();
    Object.assign(store.events, { append });
    await clock.advance(15_000);
    await watchDisk(parts);
    await watchDisk(parts);
    expect(store.appended).toHaveLength(1);
  });

  it('spares recordings of which a clip is still to be cut while there are others', async () => {
    const needed = await addChunk(60_000);
    const other = await addChunk(30_000, 100, 'yard');
    store.pending = [{ id: 'inc_1', cameraId: 'gate', state: 'closed', onsetMs: clock.nowMs() - 60_000 }];
    await evictBytes(100, parts);
    expect(await files()).toEqual([needed]);
    expect(other).not.toBe(needed);
    // live recording goes before evidence when nothing else is left
    await evictBytes(100, parts);
    expect(await files()).toEqual([]);
  });

  it('does nothing but measure where it is switched off', async () => {
    await addChunk(60_000);
    freeBytes = 0;
    await watchDisk({ ...parts, minimumFreeBytes: 0 });
    expect(store.chunkRows).toHaveLength(1);
    expect(store.appended).toHaveLength(0);
  });

  it('measures the real disk', async () => {
    const space = await measureDisk(dataDir);
    expect(space.totalBytes).toBeGreaterThan(1_000_000);
    expect(space.freeBytes).toBeLessThanOrEqual(space.totalBytes);
  });
});

describe('the keep role', () => {
  class FakeLease implements LeaderLease {
    held = false;
    taken = false;
    released = 0;
    async acquire() {
      if (this.taken) return false;
      this.held = true;
      return true;
    }
    async release() {
      this.held = false;
      this.released += 1;
    }
  }
  let lease: FakeLease;
  const start = async () => {
    lease = new FakeLease();
    const role = createKeepRole({
      store,
      queues,
      eventNotices,
      media,
      lease,
      measureDisk: async () => ({ freeBytes, totalBytes: 100_000 }),
      clock,
      logger: silentLogger,
      metrics,
      settings: {
        dataDir,
        minimumFreeBytes: 1_000,
        retention: { chunkMs: DAY_MS, scoreMs: DAY_MS, incidentMs: DAY_MS },
      },
    });
    await role.start();
    return role;
  };
  /** Lets file work of the chores end between the steps of the clock. */
  const pass = async (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 5_000) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await clock.advance(5_000);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('puts overdue deliveries and unmade clips back on the queues every 15 s', async () => {
    store.due = ['dlv_1', 'dlv_2'];
    store.pending = [
      { id: 'inc_1', cameraId: 'gate', state: 'open', onsetMs: 0 },
      { id: 'inc_2', cameraId: 'yard', state: 'closed', onsetMs: 0 },
    ];
    const role = await start();
    await pass(30_000);
    await role.stop();
    expect(queued.slice(0, 4)).toEqual(['dlv_1', 'dlv_2', 'inc_1 opened', 'inc_2 closed']);
    expect(queued).toHaveLength(12);
    // what is due this very moment has a job of its own
    expect(store.askedDueMs[0]).toBeLessThan(Date.UTC(2026, 5, 15, 12));
    expect(lease.released).toBe(1);
  });

  it('does nothing while another leads, and everything at once when it takes over', async () => {
    store.due = ['dlv_1'];
    const role = await start();
    await role.stop();
    queued.length = 0;
    lease.taken = true;
    const second = createKeepRole({
      store,
      queues,
      eventNotices,
      media,
      lease,
      measureDisk: async () => ({ freeBytes, totalBytes: 1 }),
      clock,
      logger: silentLogger,
      metrics,
      settings: { dataDir, minimumFreeBytes: 0, retention: { chunkMs: 1, scoreMs: 1, incidentMs: 1 } },
    });
    await second.start();
    await pass(60_000);
    expect(queued).toEqual([]);
    lease.taken = false;
    await pass(5_000);
    await second.stop();
    expect(queued[0]).toBe('dlv_1');
  });

  it('goes on after the database was away', async () => {
    store.due = ['dlv_1'];
    store.failing = true;
    const role = await start();
    await pass(15_000);
    expect(queued).toEqual([]);
    store.failing = false;
    await pass(20_000);
    await role.stop();
    expect(queued).toContain('dlv_1');
  });

  it('stops at once', async () => {
    const role = await start();
    await role.stop();
    await role.stop();
  });
});
