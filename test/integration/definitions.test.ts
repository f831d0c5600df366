import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, waitForRedis } from '../../src/bus/connect-redis.ts';
import { ChangeNotices } from '../../src/bus/notices.ts';
import { openQueues, type WorkQueues } from '../../src/bus/queues.ts';
import { SegmentPublisher } from '../../src/bus/segment-publisher.ts';
import { LANE_TIMINGS } from '../../src/infer/camera-lane.ts';
import { type OpenCameraModel, openCameraModel } from '../../src/infer/camera-model.ts';
import { createInferRole, type InferRole } from '../../src/infer/infer-role.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { openSecretBox } from '../../src/platform/secret-box.ts';
import { SeededRandom } from '../../src/score/random.ts';
import type { SegmentScore } from '../../src/score/segment-score.ts';
import type { AbnormalDefinition } from '../../src/store/definitions.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { eventually } from '../support/eventually.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { makeSegment } from '../support/segments.ts';
import { writeTinyTextPack } from '../support/tiny-text.ts';

const [WIDTH, HEIGHT, FRAMES] = [240, 160, 5];
const EPOCH = Date.UTC(2026, 0, 1, 12);
const LEARNED = 60;
const PACKS = ['motion-grid', 'tiny-clip'];
const CAT: AbnormalDefinition = { name: 'intruder', text: 'cat', examples: [] };

let server: TestRedis;
let directory: string;
let store: Store;
let client: Redis;
let queues: WorkQueues;
let publisher: SegmentPublisher;
const scores: SegmentScore[] = [];

beforeAll(async () => {
  server = await startRedis();
  directory = await mkdtemp(join(tmpdir(), 'vedette-definitions-'));
  await cp(join(import.meta.dirname, '../../models/motion-grid'), join(directory, 'motion-grid'), { recursive: true });
  const pictures = { framesPerSecond: 10, frames: FRAMES, height: HEIGHT, width: WIDTH };
  await writeTinyTextPack(directory, 'tiny-clip', { pictures });
  store = await openStore({
    dataDir: null,
    secretBox: openSecretBox(join(directory, 'secret.key')),
    logger: silentLogger,
  });
  client = connectRedis(server.url, { role: 'client' }, silentLogger);
  queues = openQueues(server.url, silentLogger);
  publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 64 });
  await waitForRedis(client, 5_000);
});
afterAll(async () => {
  await queues?.close();
  client?.disconnect();
  await store?.close();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** The real model, of which every score is written down. */
const openModel: OpenCameraModel = (settings, saved) => {
  const model = openCameraModel(settings, saved);
  return Object.assign(Object.create(model) as typeof model, {
    observe: (features: Parameters<typeof model.observe>[0]) => {
      const outcome = model.observe(features);
      if (outcome !== null) scores.push(outcome.score);
      return outcome;
    },
  });
};

async function startRole(): Promise<InferRole> {
  const role = createInferRole({
    store,
    redisUrl: server.url,
    queues,
    settings: {
      packDirectory: directory,
      defaultPacks: ['motion-grid'],
      providers: ['cpu'],
      batchSize: 4,
      batchWaitMs: 5,
      threads: 1,
      deadlineMs: 20_000,
      learningMinutes: 1,
      quietMs: 5_000,
      postRollMs: 60_000,
      leaseTtlMs: 9_000,
      refreshMs: 300,
    },
    logger: silentLogger,
    metrics: createMetrics(),
    openModel,
    timings: { ...LANE_TIMINGS, flushMs: 50, retryMs: 100 },
  });
  await role.start();
  return role;
}

const random = new SeededRandom(3);
const wall = Uint8Array.from({ length: WIDTH * HEIGHT }, () => 60 + random.below(120));

/** A wall in some noise; `cat`: its first pixels are those that the pack takes for a cat, else for a dog. */
async function publish(from: number, to: number, cat = false): Promise<void> {
  for (let sequence = from; sequence <= to; sequence++) {
    const pixels = new Uint8Array(FRAMES * WIDTH * HEIGHT);
    for (let index = 0; index < pixels.length; index++) {
      pixels[index] = (wall[index % wall.length] ?? 0) + random.below(7);
    }
    pixels[0] = cat ? 200 : 40 + random.below(30);
    pixels[1] = cat ? 60 : 200;
    const frameTimesMs = Array.from({ length: FRAMES }, (_, frame) => EPOCH + sequence * 500 + frame * 100);
    await publisher.publish(
      makeSegment({ cameraId: 'hall', epoch: EPOCH, sequence, frameTimesMs, width: WIDTH, height: HEIGHT, pixels }),
    );
    if (sequence % 16 === 15) await scoredOrLearned(sequence);
  }
  await scoredOrLearned(to);
}

/** No more is sent than what the stream holds. */
async function scoredOrLearned(sequence: number): Promise<void> {
  await eventually(
    async () => {
      const { learning } = await store.cameras.get('hall');
      const last = scores.at(-1)?.sequence ?? (learning.done ? LEARNED - 1 : learning.observedSegments - 1);
      expect(last).toBeGreaterThanOrEqual(sequence);
    },
    { withinMs: 60_000 },
  );
}

const definitionsIn = (sequence: number) =>
  (scores.find((score) => score.sequence === sequence)?.cues ?? []).filter(({ name }) => name === 'definition');

async function define(...abnormal: AbnormalDefinition[]): Promise<void> {
  await store.definitions.put('hall', { abnormal, normal: ['dog'], by: 'key_1' });
  await new ChangeNotices({ publisher: client }).publish({ kind: 'definitions', id: 'hall' });
}

describe('definitions of a live camera', () => {
  it('count from one of the next segments on, change without a restart, and survive one', {
    timeout: 180_000,
  }, async () => {
    await store.cameras.create({
      id: 'hall',
      url: 'rtsp://camera.example/stream',
      settings: { packs: PACKS, learningMinutes: LEARNED / 120 },
    });
    const role = await startRole();
    await publish(0, LEARNED + 1);
    expect(definitionsIn(LEARNED)).toEqual([]);

    await define(CAT);
    let next = LEARNED + 2;
    await eventually(
      async () => {
        await publish(next, next);
        next += 1;
        expect(definitionsIn(next - 1)).toMatchObject([{ label: 'intruder' }]);
      },
      { withinMs: 60_000 },
    );
    const [usual] = definitionsIn(next - 1);
    expect(usual?.probability).toBeGreaterThan(0.005);
    await publish(next, next + 1, true);
    const alarm = scores.at(-1);
    expect(definitionsIn(next + 1)[0]?.probability).toBeLessThan(0.001);
    expect(alarm).toMatchObject({ leadingCue: 'definition' });
    expect(alarm?.explanation).toContain('“intruder”');

    await define({ ...CAT, name: 'animal' }, { name: 'bird', text: 'bird', examples: [] });
    next += 2;
    await eventually(
      async () => {
        await publish(next, next);
        next += 1;
        expect(definitionsIn(next - 1).map(({ label }) => label)).toEqual(['animal', 'bird']);
      },
      { withinMs: 60_000 },
    );

    await role.stop();
    const again = await startRole();
    try {
      await publish(next, next, true);
      expect(definitionsIn(next)).toMatchObject([{ label: 'animal' }, { label: 'bird' }]);
    } finally {
      await again.stop();
    }
  });
});
