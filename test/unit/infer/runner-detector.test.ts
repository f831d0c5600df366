import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import { RunnerSupervisor } from '../../../src/infer/runner-supervisor.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { makeSegment } from '../../support/segments.ts';
import { TINY_STILL, writeTinyDetector } from '../../support/tiny-detector.ts';
import { writeTinyPack } from '../../support/tiny-onnx.ts';

let directory: string;
let supervisor: RunnerSupervisor;
const metrics = createMetrics();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-joined-'));
  await writeTinyPack(directory, 'mean');
  await writeTinyDetector(directory, 'tiny');
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => supervisor.stop());

async function start(): Promise<void> {
  const registry = new PackRegistry(directory);
  supervisor = new RunnerSupervisor({
    settings: {
      packs: [await registry.load('mean'), await registry.load('tiny')],
      providers: ['cpu'],
      threads: 1,
      batchSize: 4,
      batchWaitMs: 20,
      redisUrl: null,
      consumer: 'test',
      inFlightPerCamera: 4,
    },
    logger: silentLogger,
    metrics,
  });
  await supervisor.start();
}

/** Two frames, the second brighter, and a bright still. */
function moving(sequence: number, bright = 255): ReturnType<typeof makeSegment> {
  const pixels = new Uint8Array(32).fill(40);
  pixels.fill(60, 16);
  const still = { ...TINY_STILL, pixels: new Uint8Array(48 * 32 * 3).fill(bright) };
  return makeSegment({ sequence, pixels, still });
}

describe('an extractor and a detector on one camera', { timeout: 90_000 }, () => {
  it('give one joined set of features, in the order of the segments', async () => {
    await start();
    const still = { ...TINY_STILL, pixels: new Uint8Array(48 * 32 * 3).fill(255) };
    const segments = [moving(0), makeSegment({ sequence: 1, still }), moving(2, 0), moving(3)];
    const features = await Promise.all(segments.map((segment) => supervisor.extract(['mean', 'tiny'], segment)));
    expect(features.map(({ sequence, values }) => [sequence, values[0]])).toEqual([
      [0, 50],
      [1, 10],
      [2, 50],
      [3, 50],
    ]);
    expect(features.map(({ objects }) => objects?.map(({ label }) => label))).toEqual([
      ['bicycle', 'bicycle'],
      [], // nothing moves
      [], // nothing to see in the dark
      ['bicycle', 'bicycle'],
    ]);
    expect(features[0]?.objects?.[0]?.classProbabilities).toEqual(Float32Array.of(0.25, 1));
    expect(supervisor.providers.map(({ packId }) => packId)).toEqual(['mean', 'tiny']);
    expect(await metrics.registry.metrics()).toMatch(/infer_run_seconds_count\{pack="tiny"\} [1-9]/);
  });

  it('leave objects out altogether for a camera without the detector', async () => {
    await start();
    expect(await supervisor.extract(['mean'], moving(0))).not.toHaveProperty('objects');
  });

  it('refuse a recording without stills, rather than score it as if nobody were there', async () => {
    await start();
    await expect(supervisor.extract(['mean', 'tiny'], makeSegment())).rejects.toMatchObject({
      code: 'VDT_SEGMENT_INVALID',
      message: expect.stringContaining('no still picture'),
    });
    await expect(supervisor.extract(['mean', 'none'], makeSegment())).rejects.toMatchObject({
      code: 'VDT_RUNNER_FAILED',
    });
  });
});
