import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis } from '../../src/bus/connect-redis.ts';
import { Lease } from '../../src/bus/lease.ts';
import { EventNotices } from '../../src/bus/notices.ts';
import { openQueues, type WorkQueues } from '../../src/bus/queues.ts';
import { createDeliverRole } from '../../src/deliver/deliver-role.ts';
import { TargetGuard } from '../../src/deliver/target-guard.ts';
import { createKeepRole } from '../../src/keep/keep-role.ts';
import { FolderEvidenceStore } from '../../src/media/folder-evidence-store.ts';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { Role } from '../../src/platform/role.ts';
import { createSecretBox } from '../../src/platform/secret-box.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { eventually as eventuallyWithin } from '../support/eventually.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { Receiver } from '../unit/deliver/receiver.ts';

/** Generous: a pass is quick, and a loaded machine is no failure. */
const eventually = <Result>(check: () => Result | Promise<Result>) => eventuallyWithin(check, { withinMs: 45_000 });

let redis: TestRedis;
let client: Redis;
let queues: WorkQueues;
let store: Store;
let dataDir: string;
let roles: Role[];
let receivers: Receiver[];

beforeAll(async () => {
  redis = await startRedis();
  const secretBox = createSecretBox(new Uint8Array(32).fill(7));
  store = await openStore({ dataDir: null, secretBox, logger: silentLogger });
});
afterAll(async () => {
  await store.close();
  await redis.stop();
});
beforeEach(async () => {
  await redis.flush();
  dataDir = await mkdtemp(join(tmpdir(), 'vedette-deliver-'));
  client = connectRedis(redis.url, { role: 'client' }, silentLogger);
  queues = openQueues(redis.url, silentLogger);
  await store.settings.remove('keep.storage-low');
  roles = [];
  receivers = [];
});
afterEach(async () => {
  await Promise.all(roles.map((role) => role.stop()));
  await queues.close();
  client.disconnect();
  for (const { id } of (await store.endpoints.list({ limit: 100 })).items) await store.endpoints.remove(id);
  await Promise.all(receivers.map((receiver) => receiver.stop()));
  await rm(dataDir, { recursive: true, force: true });
});

async function startRoles(): Promise<void> {
  const shared = {
    store,
    queues,
    eventNotices: new EventNotices({ publisher: client }),
    media: new FolderEvidenceStore(join(dataDir, 'evidence')),
    clock: systemClock,
    logger: silentLogger,
    metrics: createMetrics(),
  };
  const lease = new Lease({
    redis: client,
    name: 'keep',
    owner: 'test',
    ttlMs: 15_000,
    clock: systemClock,
    onLost: () => {},
  });
  const deliver = createDeliverRole({
    ...shared,
    redisUrl: redis.url,
    guard: new TargetGuard({ allowTargets: ['127.0.0.1/32'] }),
    spawn: systemSpawn,
    random: () => 0,
    settings: {
      dataDir,
      ffmpegPath: 'ffmpeg',
      ffprobePath: 'ffprobe',
      timeoutMs: 5_000,
      concurrency: 32,
      clip: { preRollMs: 5_000, postRollMs: 5_000, maxClipMs: 60_000, patienceMs: 10_000 },
    },
  });
  const keep = createKeepRole({
    ...shared,
    lease,
    measureDisk: async () => ({ freeBytes: 500, totalBytes: 10_000 }),
    settings: {
      dataDir,
      minimumFreeBytes: 1_000,
      retention: { chunkMs: 60_000, scoreMs: 60_000, incidentMs: 3_600_000 },
    },
  });
  roles = [deliver, keep];
  for (const role of roles) await role.start();
}

async function subscribe(answer?: Receiver['answer'], eventTypes: string[] | null = null) {
  const receiver = await new Receiver(answer).start();
  receivers.push(receiver);
  return { receiver, ...(await store.endpoints.create({ url: receiver.url, eventTypes })) };
}

async function raise(id: string): Promise<readonly string[]> {
  const body = JSON.stringify({ type: 'incident.opened', timestamp: new Date().toISOString(), data: { grüße: id } });
  const event = { id, type: 'incident.opened', cameraId: null, incidentId: null, body, createdMs: Date.now() };
  return (await store.events.append(event)).deliveryIds;
}

const types = (receiver: Receiver) => receiver.requests.map((request) => JSON.parse(request.body.toString()).type);

describe('deliver and keep on a real store', () => {
  it('deliver what the database promises, though nobody told the queue', async () => {
    const { receiver, secret } = await subscribe(undefined, ['incident.opened']);
    const [deliveryId = ''] = await raise('msg_told');
    await startRoles();
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    const [request] = receiver.requests;
    const event = await store.events.get('msg_told');
    expect(request?.body.toString()).toBe(event.body);
    new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>);
    await eventually(async () => expect(await store.deliveries.get(deliveryId)).toMatchObject({ state: 'succeeded' }));
    expect(await store.deliveries.attempts(deliveryId)).toMatchObject([{ number: 1, status: 204 }]);
  });

  it('tell the other endpoints of one that is gone and of a full disk, each once', async () => {
    const gone = await subscribe((response) => response.writeHead(410).end(), ['incident.opened']);
    const other = await subscribe();
    await startRoles();
    for (const id of [...(await raise('msg_gone1')), ...(await raise('msg_gone2'))])
      await queues.enqueueDelivery(id, 0);
    await eventually(() => expect(types(other.receiver)).toContain('endpoint.disabled'));
    await eventually(() => expect(types(other.receiver)).toContain('storage.low'));
    await eventually(() => expect(other.receiver.requests).toHaveLength(4));
    expect((await store.endpoints.get(gone.endpoint.id)).enabled).toBe(false);
    const page = await store.deliveries.list({ endpointId: gone.endpoint.id, limit: 10 });
    expect(new Set(page.items.map((delivery) => delivery.state))).toEqual(new Set(['failed']));
  });

  it('send a replayed delivery again, also one that was asleep until a later attempt', async () => {
    const { receiver } = await subscribe((response) => response.writeHead(500).end(), ['incident.opened']);
    await startRoles();
    const [id = ''] = await raise('msg_again');
    await queues.enqueueDelivery(id, 0);
    await eventually(async () => expect((await store.deliveries.get(id)).attempts).toBe(2));
    // now asleep for 5 min
    receiver.answer = (response) => response.writeHead(200).end();
    await store.deliveries.replay(id);
    await queues.enqueueDelivery(id, 0);
    await eventually(async () => expect((await store.deliveries.get(id)).state).toBe('succeeded'));
    expect(receiver.requests).toHaveLength(3);
  });

  it('deliver a burst without losing or doubling one', async () => {
    const { receiver } = await subscribe(undefined, ['incident.opened']);
    await startRoles();
    for (let i = 0; i < 100; i++) for (const id of await raise(`msg_burst${i}`)) await queues.enqueueDelivery(id, 0);
    await eventually(() => expect(receiver.requests.length).toBeGreaterThanOrEqual(100));
    await eventually(async () => expect(await queues.depth('deliveries')).toBe(0));
    expect(new Set(receiver.requests.map((request) => request.headers['webhook-id'])).size).toBe(100);
    expect(receiver.requests).toHaveLength(100);
  });
});
