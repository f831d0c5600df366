import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis, waitForRedis } from '../../src/bus/connect-redis.ts';
import { segmentStreamKey } from '../../src/bus/keys.ts';
import { SegmentPublisher } from '../../src/bus/segment-publisher.ts';
import { acknowledge, type ReadSegment, SegmentReader } from '../../src/bus/segment-reader.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { eventually } from '../support/eventually.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { makeSegment } from '../support/segments.ts';

let server: TestRedis;
let client: Redis;
let blocking: Redis;
let lost: { camera: string; count: number; reason: string }[];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

beforeEach(async () => {
  client = connectRedis(server.url, { role: 'client' }, silentLogger);
  blocking = connectRedis(server.url, { role: 'blocking' }, silentLogger);
  await waitForRedis(client, 5_000);
  await client.flushall();
  lost = [];
});
afterEach(() => {
  client.disconnect();
  blocking.disconnect();
});

function readerNamed(consumer: string): SegmentReader {
  const reader = new SegmentReader({
    redis: blocking,
    consumer,
    onLost: (camera, count, reason) => lost.push({ camera, count, reason }),
  });
  reader.add('yard');
  return reader;
}

async function publishAll(publisher: SegmentPublisher, from: number, to: number, epoch = 1_000_000): Promise<number> {
  let dropped = 0;
  for (let sequence = from; sequence <= to; sequence++) {
    dropped += (await publisher.publish(makeSegment({ sequence, epoch }))).dropped;
  }
  return dropped;
}

const sequencesOf = (read: readonly ReadSegment[]) => read.map(({ segment }) => segment.sequence);
const lostInAll = () => lost.reduce((sum, { count }) => sum + count, 0);

describe('the segment stream', () => {
  it('gives back each segment exactly as it was published, in order', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 8 });
    const pixels = new Uint8Array(2 * 6 * 4 * 3).map((_, i) => (i * 7) % 256);
    const colour = makeSegment({ width: 6, height: 4, pixelFormat: 'rgb24', pixels, fencingToken: 3 });
    await publisher.publish(colour);
    await publisher.publish({ ...colour, sequence: 1 });

    const read = await readerNamed('a').read(['yard'], 10, 1_000);

    expect(sequencesOf(read)).toEqual([0, 1]);
    expect({ ...read[0]?.segment, pixels: null }).toEqual({ ...colour, pixels: null });
    expect(Buffer.compare(Buffer.from(read[0]?.segment.pixels ?? []), Buffer.from(pixels))).toBe(0);
  });

  it('carries stills, but not to a reader that is behind', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 20 });
    const pixels = new Uint8Array(6 * 4 * 3).map((_, i) => (i * 7) % 256);
    for (let sequence = 0; sequence < 10; sequence++) {
      await publisher.publish(makeSegment({ sequence, still: { width: 6, height: 4, pixels } }));
    }
    const read = await readerNamed('a').read(['yard'], 20, 1_000);
    expect(sequencesOf(read)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(read.map(({ segment }) => segment.still !== undefined)).toEqual([
      ...Array.from({ length: 8 }, () => true),
      false,
      false,
    ]);
    expect([...(read[0]?.segment.still?.pixels ?? [])]).toEqual([...pixels]);
    expect(lost).toEqual([]);
  });

  it('carries clips, the fewer of them to a reader that is behind the larger they are', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 20 });
    const size = { framesPerSecond: 30, frames: 16, width: 340, height: 256 }; // 4.2 MB
    const pixels = new Uint8Array(size.frames * size.width * size.height * 3).fill(9);
    const still = { width: 6, height: 4, pixels: new Uint8Array(6 * 4 * 3) };
    for (let sequence = 0; sequence < 7; sequence++) {
      await publisher.publish(makeSegment({ sequence, still, clip: { ...size, pixels } }));
    }
    const read = await readerNamed('a').read(['yard'], 20, 1_000);
    expect(read.map(({ segment }) => segment.clip !== undefined)).toEqual([true, true, true, true, true, true, false]);
    expect(read.map(({ segment }) => segment.still !== undefined)).toEqual([true, true, true, true, true, true, false]);
    expect(read[0]?.segment.clip).toMatchObject(size);
    expect(Buffer.compare(Buffer.from(read[0]?.segment.clip?.pixels ?? []), Buffer.from(pixels))).toBe(0);
  });

  it('waits for a segment of any of its cameras on one connection', async () => {
    const reader = readerNamed('a');
    for (const id of ['gate', 'hall', 'roof']) reader.add(id);
    const waiting = reader.read(reader.cameraIds, 4, 5_000);
    await new SegmentPublisher({ redis: client, segmentsPerCamera: 8 }).publish(makeSegment({ cameraId: 'roof' }));
    expect((await waiting).map(({ segment }) => segment.cameraId)).toEqual(['roof']);
  });

  it('drops the oldest when full, counts each once at the publisher, and the reader does not count them again', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 4 });
    const reader = readerNamed('a');
    await publishAll(publisher, 0, 0);
    for (const { entryId } of await reader.read(['yard'], 10, 100)) await acknowledge(client, 'yard', [entryId]);

    expect(await publishAll(publisher, 1, 10)).toBe(6);
    const kept = await reader.read(['yard'], 10, 100);
    expect(sequencesOf(kept)).toEqual([7, 8, 9, 10]);
    await acknowledge(
      client,
      'yard',
      kept.map(({ entryId }) => entryId),
    );
    await publishAll(publisher, 11, 14);
    expect(sequencesOf(await reader.read(['yard'], 10, 100))).toEqual([11, 12, 13, 14]);
    expect(lost).toEqual([]);
  });

  it('does not count as dropped what a reader already has in hand', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 4 });
    await publishAll(publisher, 0, 3);
    expect(await readerNamed('a').read(['yard'], 10, 100)).toHaveLength(4);
    expect(await publishAll(publisher, 4, 7)).toBe(0);
    expect(await publishAll(publisher, 8, 8)).toBe(1);
  });

  it('hands the unacknowledged of a dead reader to the next, before anything new', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 16 });
    await publishAll(publisher, 0, 4);
    const first = await readerNamed('dead').read(['yard'], 5, 100);
    await acknowledge(
      client,
      'yard',
      first.slice(0, 2).map(({ entryId }) => entryId),
    );
    await publishAll(publisher, 5, 6);

    const successor = readerNamed('next');
    const read = [...(await successor.read(['yard'], 2, 100)), ...(await successor.read(['yard'], 2, 100))];
    read.push(...(await successor.read(['yard'], 9, 100)));
    expect(sequencesOf(read)).toEqual([2, 3, 4, 5, 6]);
    expect(lost).toEqual([]);
  });

  it('counts what was trimmed while a reader that died had it, once', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 4 });
    await publishAll(publisher, 0, 3);
    await readerNamed('dead').read(['yard'], 10, 100);
    expect(await publishAll(publisher, 4, 6)).toBe(0);

    expect(sequencesOf(await readerNamed('next').read(['yard'], 10, 100))).toEqual([3]);
    expect(lost).toEqual([{ camera: 'yard', count: 3, reason: 'bus_overflow' }]);
  });

  it('leaves nothing in the stream once acknowledged', async () => {
    await publishAll(new SegmentPublisher({ redis: client, segmentsPerCamera: 8 }), 0, 2);
    const read = await readerNamed('a').read(['yard'], 10, 100);
    await acknowledge(
      client,
      'yard',
      read.map(({ entryId }) => entryId),
    );
    expect(await client.xlen(segmentStreamKey('yard'))).toBe(0);
    expect(await client.xpending(segmentStreamKey('yard'), 'infer')).toMatchObject([0, null, null, null]);
  });

  it('heals when Redis is wiped under it, and counts what went with it', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 4 });
    const reader = readerNamed('a');
    await publishAll(publisher, 0, 1);
    await reader.read(['yard'], 10, 100);
    await publishAll(publisher, 2, 4);
    await client.flushall();
    const seen: number[] = [];
    for (let sequence = 5; sequence <= 12; sequence++) {
      await publishAll(publisher, sequence, sequence);
      await eventually(async () => {
        const read = await reader.read(['yard'], 10, 50);
        await acknowledge(
          client,
          'yard',
          read.map(({ entryId }) => entryId),
        );
        seen.push(...sequencesOf(read));
        expect(seen).toContain(sequence);
      });
    }
    expect(seen).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
    expect(lostInAll()).toBe(3);
    expect(lost[0]?.reason).toBe('bus_lost');
  });

  it('heals when the stream vanishes while the reader waits on it', async () => {
    const reader = readerNamed('a');
    const waiting = reader.read(['yard'], 10, 1_500);
    await eventually(async () => expect(await client.exists(segmentStreamKey('yard'))).toBe(1));
    await client.flushall();
    await waiting;
    await publishAll(new SegmentPublisher({ redis: client, segmentsPerCamera: 4 }), 0, 0);
    await eventually(async () => expect(sequencesOf(await reader.read(['yard'], 10, 100))).toEqual([0]));
  });

  it('reads on after the server was killed and started again', async () => {
    const publisher = new SegmentPublisher({ redis: client, segmentsPerCamera: 8 });
    const reader = readerNamed('a');
    await publishAll(publisher, 0, 0);
    await reader.read(['yard'], 10, 100);
    await server.stop('SIGKILL');
    await expect(publisher.publish(makeSegment({ sequence: 1 }))).rejects.toMatchObject({ code: 'VDT_UNAVAILABLE' });
    await expect(reader.read(['yard'], 10, 100)).rejects.toThrow();
    await server.start();
    await eventually(() => publisher.publish(makeSegment({ sequence: 2 })));
    await eventually(async () => expect(sequencesOf(await reader.read(['yard'], 10, 100))).toEqual([2]));
  });

  it('refuses segments of an ingest that has lost its lease, and counts them', async () => {
    const old = new SegmentPublisher({ redis: client, segmentsPerCamera: 8 });
    const reader = readerNamed('a');
    await old.publish(makeSegment({ sequence: 5, fencingToken: 2, epoch: 2_000_000 }));
    await old.publish(makeSegment({ sequence: 0, fencingToken: 1 }));
    await old.publish(makeSegment({ sequence: 6, fencingToken: 2, epoch: 2_000_000 }));
    expect(sequencesOf(await reader.read(['yard'], 10, 100))).toEqual([5, 6]);
    expect(lost).toEqual([{ camera: 'yard', count: 1, reason: 'fenced' }]);
  });

  it('puts aside an entry that is no segment', async () => {
    await client.xadd(
      segmentStreamKey('yard'),
      '*',
      'h',
      '{"v":1,"times":[1],"width":4,"height":4,"format":"gray8"}',
      'p',
      'x',
    );
    await publishAll(new SegmentPublisher({ redis: client, segmentsPerCamera: 8 }), 0, 0);
    expect(sequencesOf(await readerNamed('a').read(['yard'], 10, 100))).toEqual([0]);
    expect(lost).toEqual([{ camera: 'yard', count: 1, reason: 'invalid' }]);
  });
});
