import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseTuning } from '../../../src/infer/tuning/choose-tuning.ts';
import {
  readTuning,
  readTunings,
  type TuningEntry,
  withinSettings,
  writeTuning,
} from '../../../src/infer/tuning/pack-tuning.ts';

const PACK = { id: 'i3d', version: '1.0.0' };
const HERE = 'Some Processor x 8';
const ENTRY: TuningEntry = {
  provider: 'cpu',
  processor: HERE,
  version: '1.0.0',
  batchSize: 4,
  threads: 7,
  millisecondsPerSegment: 90,
  measured: '2026-01-01T00:00:00.000Z',
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-tuning-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the stored setting of a pack', () => {
  it('holds for the processor, the provider and the version that were measured', async () => {
    await writeTuning(folder, 'i3d', ENTRY);
    await writeTuning(folder, 'i3d', { ...ENTRY, provider: 'cuda', batchSize: 16, threads: 1 });
    expect(await readTuning(folder, PACK, HERE)).toEqual({
      cpu: { batchSize: 4, threads: 7 },
      cuda: { batchSize: 16, threads: 1 },
    });
    expect(await readTuning(folder, PACK, 'Another x 2')).toEqual({});
    expect(await readTuning(folder, { ...PACK, version: '2.0.0' }, HERE)).toEqual({});
  });

  it('is replaced by a later measurement of the same', async () => {
    await writeTuning(folder, 'i3d', ENTRY);
    await writeTuning(folder, 'i3d', { ...ENTRY, batchSize: 8, version: '2.0.0' });
    expect(await readTuning(folder, PACK, HERE)).toEqual({});
    expect(await readTuning(folder, { ...PACK, version: '2.0.0' }, HERE)).toEqual({
      cpu: { batchSize: 8, threads: 7 },
    });
  });

  it('is nothing where the file is not there or not to be read: the service starts without', async () => {
    await mkdir(join(folder, 'torn'));
    await writeFile(join(folder, 'torn', 'tuning.json'), '{"format":1,"entries":[{"batchSize":0}]}');
    expect(await readTunings(folder, [PACK, { id: 'torn', version: '1.0.0' }])).toEqual({ i3d: {}, torn: {} });
  });

  it('gives way to the configuration: threads that it names, and its batch size as the most', () => {
    const stored = { i3d: { cpu: { batchSize: 16, threads: 7 } } };
    expect(withinSettings(stored, { threads: 0, batchSize: 8 })).toEqual({
      i3d: { cpu: { batchSize: 8, threads: 7 } },
    });
    expect(withinSettings(stored, { threads: 2, batchSize: 32 })).toEqual({
      i3d: { cpu: { batchSize: 16, threads: 2 } },
    });
  });
});

describe('the choice among measured settings', () => {
  const trial = (batchSize: number, threads: number, batchMs: number) => ({ batchSize, threads, batchMs });

  it('is the most segments a second whose run is no longer than a segment lasts', () => {
    const trials = [trial(1, 2, 100), trial(4, 2, 300), trial(8, 2, 501)];
    expect(chooseTuning(trials, 500)).toBe(trials[1]);
  });

  it('prefers fewer threads, then the smaller batch, where that costs next to nothing', () => {
    const trials = [trial(1, 1, 10), trial(8, 1, 78.5), trial(1, 2, 9.9), trial(8, 2, 78)];
    expect(chooseTuning(trials, 500)).toBe(trials[0]);
    const gains = [trial(1, 1, 10), trial(1, 2, 6)];
    expect(chooseTuning(gains, 500)).toBe(gains[1]);
  });

  it('is the shortest run where all are too long', () => {
    const trials = [trial(1, 1, 900), trial(1, 2, 600), trial(2, 2, 1_100)];
    expect(chooseTuning(trials, 500)).toBe(trials[1]);
    expect(chooseTuning([], 500)).toBeNull();
  });
});
