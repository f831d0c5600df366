import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Clip, Segment } from '../../../src/bus/segment.ts';
import { loadPlan } from '../../../src/infer/packs/load-plan.ts';
import { PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import type { FromRunner } from '../../../src/infer/runner/protocol.ts';
import { Runner } from '../../../src/infer/runner/runner.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import type { SegmentFeatures } from '../../../src/score/segment-features.ts';
import { eventually } from '../../support/eventually.ts';
import { makeSegment } from '../../support/segments.ts';
import { writeTinyClipPack, writeTinyFramesPack, writeTinyHead } from '../../support/tiny-learned.ts';
import { writeTinyPack } from '../../support/tiny-onnx.ts';

const BASE = { frames: 2, width: 4, height: 4 };
const CLIP = { frames: 3, framesPerSecond: 4, width: 2, height: 2 };
const WINDOW = 4;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-learned-'));
  await writeTinyPack(directory, 'motion-grid', BASE);
  await writeTinyFramesPack(directory, 'gray', { ...BASE, framesPerSecond: 2 });
  await writeTinyFramesPack(directory, 'heavy', { ...BASE, framesPerSecond: 2, work: { size: 384, rounds: 24 } });
  await writeTinyClipPack(directory, 'colour', CLIP);
  await writeTinyHead(directory, 'head', { extractor: 'colour', dims: 6, window: WINDOW });
  await writeTinyHead(directory, 'unit', { extractor: 'colour', dims: 6, window: 1, normalise: 'l2' });
  await writeTinyHead(directory, 'grayhead', { extractor: 'gray', dims: 8, window: WINDOW });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A runner in this process: its messages, and `extract` as a promise. */
class LocalRunner {
  readonly sent: FromRunner[] = [];
  readonly #runner = new Runner({ clock: systemClock, send: (message) => this.sent.push(message) });
  #calls = 0;

  static async start(...packIds: string[]): Promise<LocalRunner> {
    const local = new LocalRunner();
    const { packs } = await loadPlan(new PackRegistry(directory), packIds);
    await local.#runner.handle({
      type: 'start',
      settings: {
        packs,
        providers: ['cpu'],
        threads: 1,
        batchSize: 8,
        batchWaitMs: 0,
        redisUrl: null,
        consumer: 'test',
        inFlightPerCamera: 4,
      },
    });
    expect(local.sent).toMatchObject([{ type: 'ready' }]);
    local.sent.length = 0;
    return local;
  }

  async extract(
    packIds: readonly string[],
    segment: Segment,
    resting: readonly string[] = [],
  ): Promise<SegmentFeatures> {
    this.#calls += 1;
    const callId = this.#calls;
    await this.#runner.handle({ type: 'extract', callId, packIds, segment, resting });
    const answer = await eventually(() => {
      const found = this.sent.find((message) => 'callId' in message && message.callId === callId);
      if (!found) throw new Error(`call ${callId} has no answer`);
      return found;
    });
    if (answer.type === 'extracted') return answer.features;
    throw Object.assign(new Error(answer.type), answer.type === 'failed' ? answer.error : {});
  }

  stop(): Promise<boolean> {
    return this.#runner.handle({ type: 'stop' });
  }
}

/** All pictures of one red, growing picture by picture. */
function clipOf(red: number, frames = CLIP.frames): Clip {
  const { framesPerSecond, width, height } = CLIP;
  const pixels = Uint8Array.from({ length: frames * width * height * 3 }, (_, i) =>
    i % 3 === 0 ? red + Math.floor(i / (width * height * 3)) : 7,
  );
  return { framesPerSecond, frames, width, height, pixels };
}
const segmentOf = (sequence: number, red: number, fields: Parameters<typeof makeSegment>[0] = {}) =>
  makeSegment({ sequence, level: sequence, clip: clipOf(red), ...fields });

let runner: LocalRunner;
afterEach(() => runner.stop());

describe('learned packs in the runner', { timeout: 60_000 }, () => {
  it('describe each segment beside the base, whose values stay as they are', async () => {
    runner = await LocalRunner.start('colour', 'gray');
    const [alone, both] = await Promise.all([
      runner.extract(['motion-grid'], segmentOf(0, 100)),
      runner.extract(['motion-grid', 'colour', 'gray'], segmentOf(0, 100)),
    ]);
    expect(alone).not.toHaveProperty('learned');
    expect({ ...both, learned: undefined }).toEqual({ ...alone, learned: undefined });
    expect(both.learned?.embeddings.colour).toEqual(Float32Array.of(100, 7, 7, 102, 7, 7));
    expect(both.learned?.embeddings.gray).toHaveLength(8);
    expect(both.learned?.heads).toEqual({});
  });

  it('give a head the last segments in order, with what is not there left empty', async () => {
    runner = await LocalRunner.start('head', 'unit');
    const ids = ['motion-grid', 'colour', 'head', 'unit'];
    const judge = async (segment: Segment) => (await runner.extract(ids, segment)).learned?.heads;
    const share = (heads: Awaited<ReturnType<typeof judge>>) => heads?.head?.experts[0];
    const first = await judge(segmentOf(0, 10));
    expect(first?.head?.score).toBeCloseTo(0.01, 6);
    expect(share(first)).toEqual({ label: 'some', score: 1 / WINDOW });
    expect(first?.unit?.score).toBeCloseTo(10 / Math.hypot(10, 7, 7, 12, 7, 7) / 1_000, 6);
    expect((await judge(segmentOf(1, 20)))?.head?.score).toBeCloseTo(0.03, 6);
    const later = await judge(segmentOf(3, 40)); // one was lost
    expect(later?.head?.score).toBeCloseTo(0.07, 6);
    expect(share(later)).toEqual({ label: 'some', score: 0.75 });
    expect((await judge(segmentOf(4, 50)))?.head?.score).toBeCloseTo(0.11, 6); // the first has left the window
    const anew = await judge(segmentOf(0, 60, { epoch: 2_000_000 }));
    expect(anew?.head?.score).toBeCloseTo(0.06, 6);
    expect(share(anew)).toEqual({ label: 'some', score: 1 / WINDOW });
  });

  it('rest where they are told to: a head then sees a gap, and the base looks all the same', async () => {
    runner = await LocalRunner.start('head');
    const ids = ['motion-grid', 'colour', 'head'];
    const judge = (sequence: number, red: number, resting: readonly string[]) =>
      runner.extract(ids, segmentOf(sequence, red), resting);
    await judge(0, 10, []);
    const rested = await judge(1, 20, ['colour']);
    expect(rested.values.length).toBeGreaterThan(0);
    expect(rested.learned).toEqual({ embeddings: {}, heads: {} });
    const awake = await judge(2, 30, []);
    expect(awake.learned?.heads.head?.score).toBeCloseTo(0.04, 6);
    expect(awake.learned?.heads.head?.experts[0]).toEqual({ label: 'some', score: 0.5 });
    expect(runner.sent.filter((message) => message.type === 'looked')).toEqual([]); // resting is no loss
  });

  it('keep the histories of cameras apart', async () => {
    runner = await LocalRunner.start('head');
    const judge = async (cameraId: string, sequence: number, red: number) => {
      const features = await runner.extract(['motion-grid', 'colour', 'head'], segmentOf(sequence, red, { cameraId }));
      return features.learned?.heads.head?.score;
    };
    await Promise.all([judge('a', 0, 10), judge('b', 0, 100)]);
    const [a, b] = await Promise.all([judge('a', 1, 10), judge('b', 1, 100)]);
    expect([a, b]).toEqual([expect.closeTo(0.02, 6), expect.closeTo(0.2, 6)]);
  });

  it('give the same bits whatever else is under way, and answer in order', async () => {
    runner = await LocalRunner.start('grayhead', 'heavy');
    const ids = ['motion-grid', 'gray', 'heavy', 'grayhead'];
    const segments = Array.from({ length: 6 }, (_, i) => segmentOf(i, 10, { level: 17 + 31 * i }));
    const alone: SegmentFeatures[] = [];
    for (const segment of segments) alone.push(await runner.extract(ids, segment));
    const crowd = ['x', 'y'].flatMap((cameraId) =>
      segments.map((segment) =>
        runner.extract(ids, { ...segment, cameraId, pixels: segment.pixels.map((p) => p ^ 3) }),
      ),
    );
    runner.sent.length = 0;
    const together = await Promise.all(segments.map((segment) => runner.extract(ids, { ...segment, epoch: 3 })));
    await Promise.all(crowd);
    expect(together.map(({ learned }) => learned)).toStrictEqual(alone.map(({ learned }) => learned));
    const answered = runner.sent.flatMap((message) =>
      message.type === 'extracted' && message.features.epoch === 3 ? [message.features.sequence] : [],
    );
    expect(answered).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('refuse a recording without the clip, rather than score it as if nothing were wrong', async () => {
    runner = await LocalRunner.start('colour');
    const { clip: _, ...bare } = segmentOf(0, 1);
    await expect(runner.extract(['motion-grid', 'colour'], bare)).rejects.toMatchObject({
      code: 'VDT_SEGMENT_INVALID',
    });
    const short = segmentOf(0, 1, { clip: clipOf(1, 2) });
    await expect(runner.extract(['motion-grid', 'colour'], short)).rejects.toMatchObject({
      code: 'VDT_SEGMENT_INVALID',
    });
    await expect(runner.extract(['motion-grid', 'nobody'], bare)).rejects.toMatchObject({
      values: { reason: expect.stringContaining('nobody is not loaded') },
    });
  });

  it('take turns: eight cameras with different packs all go on while one pack is slow', async () => {
    runner = await LocalRunner.start('grayhead', 'head', 'heavy');
    const plans = [
      ['motion-grid'],
      ['motion-grid', 'gray'],
      ['motion-grid', 'gray', 'grayhead'],
      ['motion-grid', 'colour', 'head'],
    ];
    const slow = ['motion-grid', 'heavy'];
    const all: Promise<SegmentFeatures>[] = [];
    for (let sequence = 0; sequence < 4; sequence++) {
      for (let camera = 0; camera < 8; camera++) {
        const packIds = camera < 4 ? slow : (plans[camera % 4] ?? slow);
        all.push(runner.extract(packIds, segmentOf(sequence, 5, { cameraId: `camera-${camera}` })));
      }
    }
    expect(await Promise.all(all)).toHaveLength(32);
    // by the second batch of the slow pack every quick camera has all its results
    const order = runner.sent.flatMap((message) => {
      const slow = (message.runs ?? []).filter(({ packId }) => packId === 'heavy').map(() => 'slow run');
      const quick =
        message.type === 'extracted' && message.callId % 8 !== 0 && (message.callId - 1) % 8 >= 4 ? ['quick'] : [];
      return [...slow, ...quick];
    });
    const secondSlow = order.indexOf('slow run', order.indexOf('slow run') + 1);
    expect(order.filter((entry) => entry === 'slow run')).toHaveLength(16);
    expect(order.slice(secondSlow).filter((entry) => entry === 'quick')).toEqual([]);
  });
});
