import { describe, expect, it } from 'vitest';
import { Batcher } from '../../../src/infer/runner/batcher.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';

interface Item {
  readonly packId: string;
  readonly cameraId: string;
  readonly n: number;
}

function batching(options: { maximumSize: number; runMs?: number }) {
  const clock = new ManualClock();
  const batches: string[] = [];
  let running = 0;
  const batcher = new Batcher<Item>({
    clock,
    maximumSize: options.maximumSize,
    run: async (packId, items) => {
      running += 1;
      expect(running).toBe(1);
      batches.push(`${packId}: ${items.map(({ cameraId, n }) => `${cameraId}${n}`).join(' ')}`);
      if (options.runMs) await clock.sleep(options.runMs);
      running -= 1;
    },
  });
  const add = (cameraId: string, n: number, waitMs = 40, packId = 'p') => batcher.add({ packId, cameraId, n }, waitMs);
  return { clock, batches, batcher, add };
}

describe('the batcher', () => {
  it('runs a batch at once when it is full', async () => {
    const { clock, batches, add } = batching({ maximumSize: 2 });
    add('a', 1);
    add('b', 1);
    await clock.advance(0);
    expect(batches).toEqual(['p: a1 b1']);
  });

  it('waits for more no longer than the longest wait of the first', async () => {
    const { clock, batches, add } = batching({ maximumSize: 8 });
    add('a', 1);
    await clock.advance(30);
    add('b', 1);
    await clock.advance(9);
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect(batches).toEqual(['p: a1 b1']);
  });

  it('takes cameras in turn, so that a backlog of one does not starve the others, and keeps order within each', async () => {
    const { clock, batches, add } = batching({ maximumSize: 3, runMs: 10 });
    for (let n = 1; n <= 7; n++) add('a', n);
    await clock.advance(0);
    add('b', 1);
    add('c', 1);
    add('b', 2);
    await clock.advance(200);
    expect(batches).toEqual(['p: a1 a2 a3', 'p: a4 b1 c1', 'p: a5 b2 a6', 'p: a7']);
  });

  it('does not mix packs, and serves the one that waits longest first', async () => {
    const { clock, batches, add } = batching({ maximumSize: 4 });
    add('a', 1, 40, 'p');
    await clock.advance(10);
    add('a', 1, 10, 'q');
    await clock.advance(100);
    expect(batches).toEqual(['q: a1', 'p: a1']);
  });

  it('runs an item that may not wait with whatever is there', async () => {
    const { clock, batches, add } = batching({ maximumSize: 4 });
    add('a', 1, 40);
    add('file', 1, 0);
    await clock.advance(0);
    expect(batches).toEqual(['p: a1 file1']);
  });

  it('forgets what waits for a camera that was given up', async () => {
    const { clock, batches, batcher, add } = batching({ maximumSize: 4 });
    add('a', 1);
    add('b', 1);
    batcher.discard('a');
    await clock.advance(100);
    expect(batches).toEqual(['p: b1']);
  });

  it('lets a quick pack wait for one batch of a slow one at most, and starves neither', async () => {
    const clock = new ManualClock();
    const starts: { packId: string; atMs: number }[] = [];
    const waits: number[] = [];
    const batcher = new Batcher<Item>({
      clock,
      maximumSize: (packId) => (packId === 'slow' ? 1 : 8),
      run: async (packId, _, waitsMs) => {
        starts.push({ packId, atMs: clock.monotonicMs() });
        if (packId === 'quick') waits.push(...waitsMs);
        await clock.sleep(packId === 'slow' ? 400 : 5);
      },
    });
    for (let n = 0; n < 40; n++) batcher.add({ packId: 'slow', cameraId: 'heavy', n }, 0);
    for (let tick = 0; tick < 100; tick++) {
      for (const cameraId of ['a', 'b', 'c']) batcher.add({ packId: 'quick', cameraId, n: tick }, 0);
      await clock.advance(100);
    }
    await clock.advance(500);
    expect(waits).toHaveLength(300);
    expect(Math.max(...waits)).toBeLessThanOrEqual(400);
    // ten seconds: the slow pack had all the time that the quick one left
    expect(starts.filter(({ packId }) => packId === 'slow').length).toBeGreaterThanOrEqual(22);
  });

  it('gives a pack that was idle no time in advance', async () => {
    const { clock, batches, add } = batching({ maximumSize: 1, runMs: 10 });
    for (let n = 0; n < 20; n++) add('a', n, 0, 'p');
    await clock.advance(100);
    for (let n = 0; n < 20; n++) add('b', n, 0, 'late');
    batches.length = 0;
    await clock.advance(100);
    expect(batches.filter((batch) => batch.startsWith('late')).length).toBeLessThanOrEqual(6);
    expect(batches.filter((batch) => batch.startsWith('late')).length).toBeGreaterThanOrEqual(4);
  });
});
