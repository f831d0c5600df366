import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Segment } from '../../../../src/bus/segment.ts';
import { PackRegistry } from '../../../../src/infer/packs/pack-registry.ts';
import { DetectorSession } from '../../../../src/infer/runner/detector/detector-session.ts';
import { makeSegment } from '../../../support/segments.ts';
import { TINY_STILL, writeTinyDetector } from '../../../support/tiny-detector.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-detector-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const WIDTH = 12;

/** 2 frames of 12 x 4 that change in the given thirds of the picture; its still is `left` bright, and from `edge` on `right`. */
function segmentOf(movingThirds: readonly number[], left: number, right = left, edge = 24): Segment {
  const pixels = new Uint8Array(2 * WIDTH * 4).fill(50);
  for (const third of movingThirds)
    for (let y = 0; y < 4; y++) for (let x = 0; x < 4; x++) pixels[WIDTH * 4 + y * WIDTH + third * 4 + x] = 90;
  const still = Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => (Math.floor(i / 3) % 48 < edge ? left : right));
  return makeSegment({ width: WIDTH, height: 4, pixels, still: { ...TINY_STILL, pixels: still } });
}

async function detect(segments: readonly Segment[], batch: number | 'batch' = 'batch') {
  await writeTinyDetector(directory, 'tiny', { batch });
  const pack = await new PackRegistry(directory).load('tiny');
  const session = await DetectorSession.open(pack, { providers: ['cpu'], threads: 1 });
  for (const segment of segments) session.check(segment);
  const looked = await session.detect(segments);
  await session.close();
  return looked;
}

describe('a detector', () => {
  it('looks at both halves and gives boxes as parts of the whole picture', async () => {
    const [looked] = await detect([segmentOf([0, 2], 204)]);
    expect(looked?.tiles).toBe(2);
    // the tiny model sees a bicycle of 8 x 16 around (12, 20) in each tile; the second tile begins at 16
    const pixels = looked?.objects.map(({ box: { left, top, right, bottom } }) =>
      [left * 48, top * 32, right * 48, bottom * 32].map(Math.round),
    );
    expect(pixels).toEqual([
      [8, 12, 16, 28],
      [24, 12, 32, 28],
    ]);
    expect(looked?.objects[0]).toMatchObject({ label: 'bicycle', confidence: expect.closeTo(0.8, 5) });
    expect([...(looked?.objects[0]?.classProbabilities ?? [])]).toEqual([0.25, 1]);
  });

  it('leaves out the half in which nothing moves, and the whole picture where nothing moves at all', async () => {
    const looked = await detect([segmentOf([0], 204), segmentOf([], 204), segmentOf([2], 204)]);
    expect(looked.map(({ tiles, objects }) => [tiles, objects.map(({ box }) => box.left * 48)])).toEqual([
      [1, [8]],
      [0, []],
      [1, [24]],
    ]);
  });

  it.each(['batch', 1] as const)('gives each of many segments its own, with a batch of %s', async (batch) => {
    const looked = await detect([segmentOf([0, 2], 255), segmentOf([0], 26), segmentOf([0, 2], 0, 255, 24)], batch);
    const seen = looked.map(({ objects }) =>
      objects.map(({ confidence, box }) => [confidence.toFixed(2), box.left * 48]),
    );
    expect(seen).toEqual([
      [
        ['1.00', 8],
        ['1.00', 24],
      ],
      [], // too dark for the confidence of 0.3
      [['0.75', 24]], // three quarters of the right tile are bright, a quarter of the left one
    ]);
  });

  it('may look at the whole picture at once', async () => {
    await writeTinyDetector(directory, 'tiny', {
      change: (manifest) => ({ ...manifest, detector: { ...(manifest.detector as object), tiles: 'whole' } }),
    });
    const session = await DetectorSession.open(await new PackRegistry(directory).load('tiny'), {
      providers: ['cpu'],
      threads: 1,
    });
    const still = { width: 32, height: 32, pixels: new Uint8Array(32 * 32 * 3).fill(255) };
    const [looked] = await session.detect([{ ...segmentOf([1], 0), still }]);
    expect(looked?.tiles).toBe(1);
    expect(looked?.objects.map(({ box }) => Math.round(box.left * 32))).toEqual([8]);
    await session.close();
  });

  it('refuses a still of another size, or none', async () => {
    await writeTinyDetector(directory, 'tiny');
    const session = await DetectorSession.open(await new PackRegistry(directory).load('tiny'), {
      providers: ['cpu'],
      threads: 1,
    });
    const still = { width: 8, height: 8, pixels: new Uint8Array(192) };
    expect(() => session.check(makeSegment())).toThrow('it has no still picture, the pack takes one of 48 x 32');
    expect(() => session.check(makeSegment({ still }))).toThrow('it has a still picture of 8 x 8');
    await session.close();
  });
});
