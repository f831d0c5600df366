import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Sampling } from '../../../src/bus/sampling.ts';
import type { Segment } from '../../../src/bus/segment.ts';
import { createIngestRole } from '../../../src/ingest/ingest-role.ts';
import type { CameraStatus, IngestCamera, NewEvent } from '../../../src/ingest/ports.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { fakeSpawn } from './fake-ffmpeg.ts';

const SAMPLING: Sampling = { framesPerSecond: 10, width: 4, height: 2, pixelFormat: 'gray8', framesPerSegment: 4 };
const folder = mkdtempSync(join(tmpdir(), 'vedette-role-'));
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const camera = (id: string, patch: Partial<IngestCamera> = {}): IngestCamera => ({
  id,
  name: `The ${id}`,
  url: `rtsp://${id}/live`,
  enabled: true,
  settings: { packs: ['motion-grid'], transport: 'tcp', recordChunks: false },
  status: {
    state: 'connecting',
    sinceMs: 0,
    reason: null,
    lastFrameMs: null,
    framesPerSecond: null,
    reconnects: 0,
    codec: null,
    width: null,
    height: null,
  },
  updatedMs: 1,
  ...patch,
});

async function ingest(cameras: IngestCamera[]) {
  const world = {
    cameras,
    storeDown: false,
    redisDown: false,
    takenByOther: new Set<string>(),
    tokens: new Map<string, number>(),
    passwords: new Map<string, string>(),
    statuses: [] as { id: string; status: CameraStatus }[],
    events: [] as NewEvent[],
    dropped: {} as Record<string, number>,
    published: [] as Segment[],
    notify: (_id: string): void => {},
    loseLease: new Map<string, (reason: string) => void>(),
  };
  const upOrThrow = () => {
    if (world.storeDown) throw new Error('the database is away');
  };
  const clock = new ManualClock();
  const fakes = fakeSpawn();
  const role = createIngestRole({
    store: {
      cameras: {
        async all() {
          upOrThrow();
          return world.cameras;
        },
        async sourceUrl(id) {
          upOrThrow();
          return `rtsp://user:${world.passwords.get(id) ?? 'pw'}@${id}/live`;
        },
        async takeToken(id) {
          upOrThrow();
          const token = (world.tokens.get(id) ?? 0) + 1;
          world.tokens.set(id, token);
          return token;
        },
        async setStatus(id, status, token, events) {
          upOrThrow();
          if (token !== world.tokens.get(id)) return null;
          world.statuses.push({ id, status });
          world.events.push(...events);
          return { events: [], deliveryIds: [] };
        },
        async addDropped(_id, counts) {
          upOrThrow();
          for (const [reason, count] of Object.entries(counts))
            world.dropped[reason] = (world.dropped[reason] ?? 0) + count;
        },
      },
      chunks: { add: async () => {} },
    },
    publisher: {
      async publish(segment) {
        if (world.redisDown) throw new Error('Redis is away');
        world.published.push(segment);
        return { dropped: 0 };
      },
    },
    openLease: (id, onLost) => {
      let held = false;
      world.loseLease.set(id, (reason) => {
        held = false;
        onLost(reason);
      });
      return {
        get held() {
          return held;
        },
        async acquire() {
          if (world.redisDown) throw new Error('Redis is away');
          held = !world.takenByOther.has(id);
          return held;
        },
        async release() {
          held = false;
        },
      };
    },
    notices: {
      subscribe(onNotice) {
        world.notify = (id) => onNotice({ kind: 'camera', id });
        return () => {};
      },
    },
    settings: {
      ffmpegPath: 'ffmpeg',
      dataDir: folder,
      connectTimeoutMs: 10_000,
      stallMs: 15_000,
      offlineMs: 60_000,
      chunkSeconds: 10,
    },
    spawn: fakes.spawn,
    clock,
    random: () => 0.5,
    lookup: async () => ['192.0.2.1'],
    logger: silentLogger,
    metrics: createMetrics(),
    samplingFor: () => SAMPLING,
  });
  await role.start();
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    let done = false;
    const stopping = role.stop().then(() => {
      done = true;
    });
    for (let i = 0; i < 60 && !done; i++) {
      await clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await stopping;
    stopped = true;
  };
  stops.push(stop);
  const settle = async (ms = 0) => {
    for (let i = 0; i < 10; i++) await clock.advance(ms / 10);
  };
  let filmed = 0;
  const film = async (index: number, frames: number) => {
    for (let i = 0; i < frames; i++) {
      fakes.children[index]?.frame(filmed++ / 10, 8);
      await clock.advance(100);
    }
  };
  return { world, clock, role, stop, settle, film, ...fakes };
}

const running = (children: readonly { exitCode: number | null; signalCode: string | null }[]) =>
  children.filter((child) => child.exitCode === null && child.signalCode === null).length;

describe('the ingest role', () => {
  test('runs each enabled camera once, and tells the store and the world when it is live', async () => {
    const { world, settle, film, children } = await ingest([camera('gate'), camera('yard', { enabled: false })]);
    await settle();
    expect(children).toHaveLength(1);
    await film(0, 8);
    expect(world.published.map((segment) => [segment.cameraId, segment.sequence, segment.fencingToken])).toEqual([
      ['gate', 0, 1],
      ['gate', 1, 1],
    ]);
    expect(world.statuses.at(-1)).toMatchObject({ id: 'gate', status: { state: 'live' } });
    expect(world.events.map((event) => event.type)).toEqual(['camera.online']);
    expect(JSON.parse(world.events[0]?.body ?? '')).toMatchObject({
      type: 'camera.online',
      data: { camera: { id: 'gate', name: 'The gate' }, state: 'live', previousState: 'connecting', reason: null },
    });
  });

  test('follows the list: new, renamed, re-addressed, disabled, removed', async () => {
    const { world, settle, children } = await ingest([camera('gate')]);
    await settle();
    world.cameras = [camera('gate', { name: 'Renamed', updatedMs: 2 }), camera('yard')];
    world.notify('yard');
    await settle(100);
    expect(children).toHaveLength(2); // a new name does not connect anew
    world.passwords.set('gate', 'new');
    world.cameras = [camera('gate', { updatedMs: 3 }), camera('yard')];
    world.notify('gate');
    await settle(1_000);
    expect(children).toHaveLength(3);
    expect(world.tokens.get('gate')).toBe(2);
    expect(running(children)).toBe(2);
    world.cameras = [camera('gate', { enabled: false, updatedMs: 4 })];
    await settle(12_000); // without a notice
    expect(running(children)).toBe(0);
    expect(world.statuses.at(-1)).toMatchObject({
      id: 'gate',
      status: { state: 'offline', reason: 'the camera is disabled' },
    });
  });

  test('goes on while Redis is away, and counts what is lost', async () => {
    const { world, settle, film, children } = await ingest([camera('gate')]);
    await settle();
    await film(0, 4);
    world.redisDown = true;
    world.loseLease.get('gate')?.('it ran out');
    await film(0, 40);
    expect(running(children)).toBe(1);
    expect(children).toHaveLength(1);
    await settle(6_000);
    expect(world.dropped).toEqual({ bus_unavailable: 10 });
    world.redisDown = false;
    await film(0, 8);
    expect(world.published.length).toBeGreaterThanOrEqual(2);
    expect(world.published.at(-1)?.fencingToken).toBe(1);
  });

  test('goes on while the database is away, and tells it all afterwards', async () => {
    const { world, settle, film, children } = await ingest([camera('gate')]);
    await settle();
    world.storeDown = true;
    await film(0, 8);
    await settle(6_000);
    expect(world.published).toHaveLength(2);
    expect(world.events).toEqual([]);
    expect(children).toHaveLength(1);
    world.storeDown = false;
    await settle(6_000);
    expect(world.events.map((event) => event.type)).toEqual(['camera.online']);
  });

  test('leaves a camera alone that another process owns, and stops when it loses one', async () => {
    const { world, settle, film, children } = await ingest([camera('gate'), camera('yard')]);
    await settle();
    expect(children).toHaveLength(2);
    world.takenByOther.add('gate');
    world.loseLease.get('gate')?.('another process holds it');
    await settle(1_000);
    expect(running(children)).toBe(1);
    world.tokens.set('yard', 99); // somebody took the camera although the lease looked ours
    await film(1, 1);
    await settle(6_000);
    expect(world.statuses.filter(({ id, status }) => id === 'yard' && status.state === 'live')).toEqual([]);
  });

  test('tells of a stall, of offline, and of the return, once each', async () => {
    const { world, clock, settle, film, children } = await ingest([camera('gate')]);
    await settle();
    await film(0, 8);
    for (let i = 0; i < 100; i++) await clock.advance(1_000);
    expect(world.events.map((event) => event.type)).toEqual(['camera.online', 'camera.stalled', 'camera.offline']);
    await film(children.length - 1, 4);
    await settle(100);
    expect(world.events.map((event) => event.type).at(-1)).toBe('camera.online');
    expect(new Set(world.events.map((event) => event.id)).size).toBe(4);
  });

  test('does not tell of a return after a restart in order', async () => {
    const first = await ingest([camera('gate')]);
    await first.settle();
    await first.film(0, 8);
    await first.stop();
    const last = first.world.statuses.at(-1)?.status;
    expect(last).toMatchObject({ state: 'connecting', reason: 'ingest was stopped' });
    const second = await ingest([camera('gate', last ? { status: last } : {})]);
    await second.settle();
    await second.film(0, 8);
    expect(second.world.events).toEqual([]);
    expect(second.world.published[0]?.epoch).toBeGreaterThan(first.world.published[0]?.epoch ?? 0);
  });
});
