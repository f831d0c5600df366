import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis, waitForRedis } from '../../src/bus/connect-redis.ts';
import { segmentStreamKey } from '../../src/bus/keys.ts';
import { ChangeNotices } from '../../src/bus/notices.ts';
import { openQueues, type WorkQueues } from '../../src/bus/queues.ts';
import { SegmentPublisher } from '../../src/bus/segment-publisher.ts';
import { LANE_TIMINGS } from '../../src/infer/camera-lane.ts';
import type { OpenCameraModel } from '../../src/infer/camera-model.ts';
import { createInferRole, type InferRole } from '../../src/infer/infer-role.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts';
import { openSecretBox } from '../../src/platform/secret-box.ts';
import type { SegmentFeatures } from '../../src/score/segment-features.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { openBrightnessModel } from '../support/brightness-model.ts';
import { eventually } from '../support/eventually.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { makeSegment } from '../support/segments.ts';
import { TINY_STILL, writeTinyDetector } from '../support/tiny-detector.ts';
import { writeTinyPack } from '../support/tiny-onnx.ts';

const NORMAL = 10;
const ANOMALOUS = 200;
const LEARNED = 3;

let server: TestRedis;
let directory: string;
let store: Store;
let client: Redis;
let queues: WorkQueues;
let publisher: SegmentPublisher;
let metrics: Metrics;
let eventsBefore: number;
const roles: InferRole[] = [];

beforeAll(async () => {
  server = await startRedis();
  directory = await mkdtemp(join(tmpdir(), 'vedette-infer-'));
  await writeTinyPack(directory, 'mean');
  // one database for all: opening an embedded one takes seconds
  const secretBox = openSecretBox(join(directory, 'secret.key'));
  store = await openStore({ dataDir: null, secretBox, logger: silentLogger });
});
afterAll(async () => {
  await store.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  await server.flush();
  metrics = createMetrics();
  eventsBefore = await store.events.lastSequence();
  client = connectRedis(server.url, { role: 'client' }, silentLogger);
  queues = openQueues(server.url, silentLogger);
  publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 64 });
  await waitForRedis(client, 5_000);
});
afterEach(async () => {
  for (const role of roles.splice(0)) await role.stop();
  await queues.close();
  client.disconnect();
  for (const { id } of await store.cameras.all()) await store.cameras.remove(id);
});

async function addCamera(id: string): Promise<void> {
  await store.cameras.create({
    id,
    url: 'rtsp://camera.example/stream',
    // one second a segment: three segments to learn from
    settings: { packs: ['mean'], learningMinutes: LEARNED / 60 },
  });
}

function makeRole(openModel: OpenCameraModel = openBrightnessModel): InferRole {
  const role = createInferRole({
    store,
    redisUrl: server.url,
    queues,
    settings: {
      packDirectory: directory,
      defaultPacks: ['mean'],
      providers: ['cpu'],
      batchSize: 4,
      batchWaitMs: 10,
      threads: 1,
      deadlineMs: 3_000,
      learningMinutes: 1,
      quietMs: 5_000,
      postRollMs: 60_000,
      leaseTtlMs: 3_000,
      refreshMs: 300,
    },
    logger: silentLogger,
    metrics,
    openModel,
    timings: { ...LANE_TIMINGS, flushMs: 50, retryMs: 100 },
  });
  roles.push(role);
  return role;
}

/** Publishes segments from..to (inclusive), those in `anomalous` bright. */
async function publish(
  cameraId: string,
  from: number,
  to: number,
  options: { readonly anomalous?: readonly number[]; readonly epoch?: number } = {},
): Promise<void> {
  for (let sequence = from; sequence <= to; sequence++) {
    const level = options.anomalous?.includes(sequence) ? ANOMALOUS : NORMAL;
    await publisher.publish(makeSegment({ cameraId, sequence, level, epoch: options.epoch ?? 1_000_000 }));
  }
}

const scoredSequences = async (cameraId: string) =>
  store.scores
    .timeline(cameraId, { fromMs: 0, toMs: 2_000_000, points: 2_000 })
    .then((buckets) =>
      buckets.flatMap(({ startMs, count }) =>
        Array.from({ length: count }, () => Math.floor((startMs - 1_000_000) / 1_000)),
      ),
    );
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const eventTypes = async () => (await store.events.since(eventsBefore, 100)).map(({ type }) => type);
const incidents = async (cameraId: string) => (await store.incidents.list({ cameraId, limit: 100 })).items;

describe('the infer role', () => {
  it('learns a camera, scores it, opens and closes an incident, and hands on its alerts', async () => {
    await addCamera('yard');
    await store.endpoints.create({ url: 'https://hooks.example/a' });
    const role = makeRole();
    await role.start();
    expect(role.health()).toMatchObject({ runner: 'ready', cameras: ['yard'] });

    await publish('yard', 0, 14, { anomalous: [1, 6, 7] }); // 1 is learned from, and raises nothing
    await eventually(async () => expect(await scoredSequences('yard')).toEqual(range(LEARNED, 14)));
    const [incident, ...more] = await incidents('yard');
    expect(more).toEqual([]);
    expect(incident).toMatchObject({ state: 'closed', onsetMs: 1_006_000, lastAnomalousMs: 1_007_500 });
    expect((await store.cameras.get('yard')).learning).toMatchObject({ done: true, progress: 1 });
    expect(await eventTypes()).toEqual(['incident.opened', 'incident.closed']);
    await eventually(async () => {
      expect(await queues.depth('deliveries')).toBe(2);
      expect(await queues.depth('clips')).toBe(2);
      expect(await client.xlen(segmentStreamKey('yard'))).toBe(0);
    });
  });

  it('loses and doubles nothing when its runner is killed in the middle', async () => {
    await addCamera('yard');
    await addCamera('gate');
    const role = makeRole();
    await role.start();
    for (const id of ['yard', 'gate']) await publish(id, 0, 4);
    await eventually(async () => expect(await scoredSequences('gate')).toEqual(range(LEARNED, 4)));
    const firstPid = role.health().runnerPid ?? 0;
    process.kill(firstPid, 'SIGSTOP'); // segments are read or in the pipe, none is answered
    for (const id of ['yard', 'gate']) await publish(id, 5, 20, { anomalous: [8] });
    process.kill(firstPid, 'SIGKILL');
    for (const id of ['yard', 'gate']) {
      await eventually(async () => expect(await scoredSequences(id)).toEqual(range(LEARNED, 20)), { withinMs: 20_000 });
      expect(await incidents(id)).toHaveLength(1);
    }
    expect(role.health().runnerPid).not.toBe(firstPid);
    expect((await eventTypes()).toSorted()).toEqual([
      'incident.closed',
      'incident.closed',
      'incident.opened',
      'incident.opened',
    ]);
  });

  it('goes on after Redis was killed with an incident open, and neither loses nor doubles it', async () => {
    await addCamera('yard');
    const role = makeRole();
    await role.start();
    await publish('yard', 0, 5, { anomalous: [5] });
    await eventually(async () => expect(await incidents('yard')).toMatchObject([{ state: 'open' }]));
    await server.stop('SIGKILL');
    await eventually(() => expect(role.health().cameras).toEqual([])); // longer than the lease: ownership itself is lost
    await server.start();
    await eventually(() => publish('yard', 6, 6, { anomalous: [6] }), { withinMs: 20_000 });
    await publish('yard', 7, 14);
    await eventually(async () => expect(await scoredSequences('yard')).toEqual(range(LEARNED, 14)), {
      withinMs: 20_000,
    });
    expect(await incidents('yard')).toMatchObject([{ state: 'closed', lastAnomalousMs: 1_006_500 }]);
    expect(await eventTypes()).toEqual(['incident.opened', 'incident.closed']);
  });

  it('lets another process go on where a killed one stood, with what was learned', async () => {
    await addCamera('yard');
    const first = makeRole();
    await first.start();
    await publish('yard', 0, 6, { anomalous: [6] });
    await eventually(async () => expect(await incidents('yard')).toMatchObject([{ state: 'open' }]));
    await first.stop();
    await publish('yard', 7, 9, { anomalous: [7] });
    const second = makeRole();
    await second.start();
    await publish('yard', 10, 14);
    await eventually(async () => expect(await scoredSequences('yard')).toEqual(range(LEARNED, 14)));
    expect(await incidents('yard')).toMatchObject([{ state: 'closed', lastAnomalousMs: 1_007_500 }]);
  });

  it('shares cameras out between processes, and takes over those of one that ends', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await addCamera(id);
    const [first, second] = [makeRole(), makeRole()];
    await first.start();
    expect(first.health().cameras).toHaveLength(4);
    await second.start();
    await eventually(() => {
      expect(first.health().cameras).toHaveLength(2);
      expect(second.health().cameras).toHaveLength(2);
    });
    await second.stop();
    await eventually(() => expect(first.health().cameras).toHaveLength(4));
  });

  it('takes up, lets go and resets cameras as it is told', async () => {
    const role = makeRole();
    await role.start();
    const notices = new ChangeNotices({ publisher: client });
    await addCamera('yard');
    await notices.publish({ kind: 'camera', id: 'yard' });
    await eventually(() => expect(role.health().cameras).toEqual(['yard']));
    await publish('yard', 0, 5);
    await eventually(async () => expect(await scoredSequences('yard')).toEqual([3, 4, 5]));

    await store.states.forget('yard');
    await notices.publish({ kind: 'camera', id: 'yard' });
    await eventually(async () => {
      await publish('yard', 6, 6);
      expect((await store.cameras.get('yard')).learning.done).toBe(false);
    });

    await store.cameras.update('yard', { enabled: false });
    await notices.publish({ kind: 'camera', id: 'yard' });
    await eventually(() => expect(role.health().cameras).toEqual([]));
  });

  it('yields to a writer that takes the token, and comes back with what that one wrote', async () => {
    await addCamera('yard');
    const role = makeRole();
    await role.start();
    await publish('yard', 0, 0);
    await eventually(async () => expect((await store.cameras.get('yard')).learning.observedSegments).toBe(1));
    // as `camera learn` does against a running service
    const token = await store.cameras.takeToken('yard', 'scoring');
    expect(await store.states.save('yard', token, 'mean', Buffer.from('{"seen":100}'))).toBe(true);
    let sequence = 1;
    await eventually(async () => {
      await publish('yard', sequence, sequence);
      sequence += 1;
      expect(await scoredSequences('yard')).not.toEqual([]);
    });
    expect((await store.cameras.get('yard')).learning).toMatchObject({ done: true });
  });

  it('counts segments that its pack cannot take, and goes on', async () => {
    await addCamera('yard');
    const role = makeRole();
    await role.start();
    await publisher.publish(makeSegment({ sequence: 0, width: 8, pixels: new Uint8Array(64) }));
    await publish('yard', 1, 5);
    await eventually(async () => expect(await scoredSequences('yard')).toEqual([4, 5]));
    await eventually(async () => expect((await store.cameras.get('yard')).dropped).toEqual({ mismatch: 1 }));
    expect(await client.xlen(segmentStreamKey('yard'))).toBe(0);
  });

  it('scores what an extractor and a detector together see, leaves the detector out where it is behind, and saves under both names', async () => {
    await writeTinyDetector(directory, 'tiny');
    await store.cameras.create({
      id: 'gate',
      url: 'rtsp://camera.example/stream',
      settings: { packs: ['mean', 'tiny', 'gone'], learningMinutes: LEARNED / 60 },
    });
    const seen: SegmentFeatures[] = [];
    const role = makeRole((settings, saved) => {
      const model = openBrightnessModel(settings, saved);
      const observe = model.observe.bind(model);
      model.observe = (features) => {
        seen.push(features);
        return observe(features);
      };
      return model;
    });
    await role.start();
    const pixels = new Uint8Array(32).fill(NORMAL).fill(30, 16);
    const still = { ...TINY_STILL, pixels: new Uint8Array(48 * 32 * 3).fill(255) };
    for (let sequence = 0; sequence < 6; sequence++) {
      const lostItsStill = sequence === 2;
      await publisher.publish(makeSegment({ cameraId: 'gate', sequence, pixels, ...(lostItsStill ? {} : { still }) }));
      await eventually(async () => expect(seen).toHaveLength(sequence + 1));
    }
    expect(seen.map(({ objects }) => objects?.length ?? null)).toEqual([2, 2, null, 2, 2, 2]);
    await eventually(async () => expect(await scoredSequences('gate')).toEqual([3, 4, 5]));
    await role.stop();
    expect(await store.states.load('gate', 'mean+tiny')).not.toBeNull();
    expect(await store.states.load('gate', 'mean')).toBeNull();
    expect(await metrics.registry.metrics()).toContain('vedette_infer_detector_skipped_total{pack="tiny"} 1');
    await rm(join(directory, 'tiny'), { recursive: true });
  });

  it('refuses to start without its default pack, and leaves nothing running', async () => {
    const role = createInferRole({
      store,
      redisUrl: server.url,
      queues,
      settings: {
        packDirectory: directory,
        defaultPacks: ['other'],
        providers: ['cpu'],
        batchSize: 4,
        batchWaitMs: 10,
        threads: 1,
        deadlineMs: 3_000,
        learningMinutes: 1,
        quietMs: 5_000,
        postRollMs: 0,
      },
      logger: silentLogger,
      metrics,
    });
    await expect(role.start()).rejects.toMatchObject({ code: 'VDT_PACK_NOT_FOUND' });
    await role.stop();
    expect(role.health().runner).toBe('stopped');
  });
});
