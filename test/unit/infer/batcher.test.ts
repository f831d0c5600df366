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
});
