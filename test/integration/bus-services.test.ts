import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis, redisOptions, waitForRedis } from '../../src/bus/connect-redis.ts';
import { EmbeddedRedis } from '../../src/bus/embedded-redis.ts';
import { Lease } from '../../src/bus/lease.ts';
import { Members } from '../../src/bus/members.ts';
import { ChangeNotices, EventNotices } from '../../src/bus/notices.ts';
import { openQueues, type QueueJobs, type QueueName } from '../../src/bus/queues.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { ManualClock } from '../../src/platform/manual-clock.ts';
import { eventually } from '../support/eventually.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  client = connectRedis(server.url, { role: 'client' }, silentLogger);
  await waitForRedis(client, 5_000);
  await client.flushall();
});
afterEach(() => client.disconnect());

describe('a lease', () => {
  const lease = (owner: string, options: { ttlMs?: number; lost?: string[]; clock?: ManualClock } = {}) =>
    new Lease({
      redis: client,
      name: 'scoring:yard',
      owner,
      ttlMs: options.ttlMs ?? 600,
      clock: options.clock ?? systemClock,
      onLost: (reason) => options.lost?.push(reason),
    });

  it('has one owner, outlives its time to live by renewal, and passes on when released', async () => {
    const [first, second] = [lease('a', { ttlMs: 300 }), lease('b')];
    expect(await first.acquire()).toBe(true);
    expect(await second.acquire()).toBe(false);
    await systemClock.sleep(700); // more than twice the time to live: only renewal keeps it
    expect(first.held).toBe(true);
    expect(await second.acquire()).toBe(false);
    await first.release();
    expect(await second.acquire()).toBe(true);
    await second.release();
  });

  it('tells its owner when another took it', async () => {
    const lost: string[] = [];
    const mine = lease('a', { ttlMs: 300, lost });
    await mine.acquire();
    await client.set('vedette:lease:scoring:yard', 'somebody');
    await eventually(() => expect(lost).toHaveLength(1));
    expect(mine.held).toBe(false);
  });

  it('is taken again by its owner when Redis forgot it', async () => {
    const mine = lease('a', { ttlMs: 300 });
    await mine.acquire();
    await client.flushall();
    await eventually(async () => expect(await client.get('vedette:lease:scoring:yard')).toBe('a'));
    expect(mine.held).toBe(true);
    await mine.release();
  });

  it('is given up before it runs out while Redis is away', async () => {
    const lost: string[] = [];
    const clock = new ManualClock();
    const mine = lease('a', { ttlMs: 3_000, lost, clock });
    await mine.acquire();
    client.disconnect();
    await eventually(async () => {
      await clock.advance(1_000);
      expect(lost).toHaveLength(1);
    });
    expect(clock.monotonicMs()).toBeLessThanOrEqual(3_000);
  });
});

describe('members of a role', () => {
  it('are counted while they announce themselves, and forgotten after', async () => {
    const clock = new ManualClock();
    const member = (name: string) => new Members({ redis: client, role: 'infer', name, ttlMs: 1_000, clock });
    expect(await member('a').announce()).toBe(1);
    expect(await member('b').announce()).toBe(2);
    clock.stepWallClock(1_500);
    expect(await member('a').announce()).toBe(1);
  });
});

describe('notices', () => {
  it('reach subscribers, and after a restart of Redis too, which says that some may have been missed', async () => {
    const subscriber = connectRedis(server.url, { role: 'blocking' }, silentLogger);
    const notices = new ChangeNotices({ publisher: client, subscriber });
    const seen: string[] = [];
    let missed = 0;
    const end = notices.subscribe(
      (notice) => seen.push(`${notice.kind}:${notice.id}`),
      () => {
        missed += 1;
      },
    );
    await eventually(() => expect(missed).toBe(1));
    await notices.publish({ kind: 'camera', id: 'yard' });
    await eventually(() => expect(seen).toEqual(['camera:yard']));

    await server.stop('SIGKILL');
    await server.start();
    await eventually(() => expect(missed).toBe(2));
    await eventually(() => notices.publish({ kind: 'endpoint', id: 'whe_1' }));
    await eventually(() => expect(seen).toEqual(['camera:yard', 'endpoint:whe_1']));
    end();
    subscriber.disconnect();
  });

  it('ignores what is not a notice', async () => {
    const subscriber = connectRedis(server.url, { role: 'blocking' }, silentLogger);
    const notices = new EventNotices({ publisher: client, subscriber });
    const seen: number[] = [];
    let ready = false;
    notices.subscribe(
      ({ sequence }) => seen.push(sequence),
      () => {
        ready = true;
      },
    );
    await eventually(() => expect(ready).toBe(true));
    await client.publish('vedette:events', 'not json');
    await client.publish('vedette:events', '{"sequence":"x"}');
    await notices.publish({ sequence: 7 });
    await eventually(() => expect(seen).toEqual([7]));
    subscriber.disconnect();
  });
});

function openWorker<Name extends QueueName>(
  name: Name,
  handler: (data: QueueJobs[Name], attemptsMade: number) => Promise<void>,
): Worker<QueueJobs[Name]> {
  return new Worker<QueueJobs[Name]>(name, (job) => handler(job.data, job.attemptsMade), {
    connection: redisOptions(server.url, 'worker') as ConnectionOptions,
    prefix: 'vedette',
  });
}

describe('the work queues', () => {
  it('carry ids to a worker, each job once however often it is put there, and again once it ended', async () => {
    const queues = openQueues(server.url, silentLogger);
    await queues.enqueueDelivery('dlv_1', 0);
    await queues.enqueueDelivery('dlv_1', 0);
    await queues.enqueueDelivery('dlv_2', 0);
    expect(await queues.depth('deliveries')).toBe(2);
    const done: string[] = [];
    const worker = openWorker('deliveries', async ({ deliveryId }) => {
      done.push(deliveryId);
    });
    await eventually(() => expect(done.toSorted()).toEqual(['dlv_1', 'dlv_2']));
    await eventually(async () => expect(await queues.depth('deliveries')).toBe(0));
    await queues.enqueueDelivery('dlv_1', 0);
    await eventually(() => expect(done).toHaveLength(3));
    await worker.close();
    await queues.close();
  });

  it('try a failed clip again', async () => {
    const queues = openQueues(server.url, silentLogger);
    const attempts: number[] = [];
    const worker = openWorker('clips', async ({ incidentId, phase }, attemptsMade) => {
      expect([incidentId, phase]).toEqual(['inc_1', 'opened']);
      attempts.push(attemptsMade);
      if (attempts.length === 1) throw new Error('no chunk yet');
    });
    await queues.enqueueClip('inc_1', 0, 'opened');
    await eventually(() => expect(attempts).toEqual([0, 1]));
    await worker.close();
    await queues.close();
  });

  it('answer fast that Redis is away, and work again when it is back', async () => {
    const queues = openQueues(server.url, silentLogger);
    await queues.enqueueDelivery('dlv_1', 60_000);
    await server.stop();
    const startedMs = performance.now();
    await expect(queues.enqueueDelivery('dlv_2', 0)).rejects.toMatchObject({
      code: 'VDT_UNAVAILABLE',
      retryable: true,
    });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await server.start();
    await eventually(() => queues.enqueueDelivery('dlv_3', 60_000));
    expect(await queues.depth('deliveries')).toBe(1);
    await queues.close();
  });

  it('answer fast when Redis was never there', async () => {
    await server.stop();
    const queues = openQueues(server.url, silentLogger);
    await expect(queues.enqueueDelivery('dlv_2', 0)).rejects.toMatchObject({ code: 'VDT_UNAVAILABLE' });
    await server.start();
    await eventually(() => queues.enqueueDelivery('dlv_2', 60_000));
    await queues.close();
  });
});

describe('the embedded redis-server', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'vedette-redis-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('answers on a socket in the data folder, comes back when it is killed, and is gone after stop', async () => {
    const embedded = new EmbeddedRedis({ dataDir, logger: silentLogger });
    await embedded.start();
    const redis = connectRedis(embedded.url, { role: 'client' }, silentLogger);
    await waitForRedis(redis, 5_000);
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await redis.config('GET', 'port')).toEqual(['port', '0']);
    const firstPid = embedded.pid;
    process.kill(firstPid ?? 0, 'SIGKILL');
    await eventually(async () => {
      expect(embedded.pid).not.toBe(firstPid);
      expect(await redis.ping()).toBe('PONG');
    });
    const lastPid = embedded.pid ?? 0;
    redis.disconnect();
    await embedded.stop();
    expect(() => process.kill(lastPid, 0)).toThrow();
  });

  it('ends a server that a killed service left behind', async () => {
    const left = new EmbeddedRedis({ dataDir, logger: silentLogger });
    await left.start();
    const socket = left.url.replace('unix://', '');
    await left.stop();
    const orphan = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', ''], { stdio: 'ignore' });
    const redis = connectRedis(left.url, { role: 'client' }, silentLogger);
    await waitForRedis(redis, 5_000);
    redis.disconnect();
    const ended = new Promise((resolve) => orphan.once('exit', resolve));
    const embedded = new EmbeddedRedis({ dataDir, logger: silentLogger });
    await embedded.start();
    await ended;
    await embedded.stop();
  });

  it('says what to do when redis-server is not installed', async () => {
    const embedded = new EmbeddedRedis({ dataDir, logger: silentLogger, program: 'no-such-redis-server' });
    await expect(embedded.start()).rejects.toMatchObject({
      code: 'VDT_REDIS_MISSING',
      hint: expect.stringContaining('apt-get install redis-server'),
    });
    await embedded.stop();
  });
});
