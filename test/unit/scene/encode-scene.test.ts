import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SpawnProcess, systemSpawn } from '../../../src/platform/child-process.ts';
import { encodeScene } from '../../../src/scene/encode-scene.ts';
import { sceneScript } from '../../../src/scene/scene-script.ts';
import { planDataset } from '../../../src/scene/write-dataset.ts';

const script = sceneScript({ width: 64, height: 64, framesPerSecond: 5, durationSeconds: 2 });

/** Runs a piece of JavaScript in ffmpeg's place. */
const pretend =
  (code: string): SpawnProcess =>
  (_command, args, options) =>
    systemSpawn(process.execPath, ['-e', code, '--', ...args], options);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-encode-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('encoding a scene when it cannot be done', () => {
  it('given no ffmpeg, says so with a remedy and leaves nothing behind', async () => {
    const encoding = encodeScene({ script, file: join(folder, 'a.mp4'), ffmpegPath: join(folder, 'no-ffmpeg') });
    await expect(encoding).rejects.toMatchObject({
      code: 'VDT_SCENE_ENCODE_FAILED',
      message: expect.stringContaining('ENOENT'),
      hint: expect.stringContaining('apt-get install ffmpeg'),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('given an ffmpeg without libx264, names it', async () => {
    const spawn = pretend('console.error("Unknown encoder \'libx264\'"); process.exit(1)');
    await expect(encodeScene({ script, file: join(folder, 'a.mp4'), spawn })).rejects.toMatchObject({
      message: expect.stringContaining('without libx264'),
    });
  });

  it('given a failure halfway, keeps the older file and removes the partial one', async () => {
    await writeFile(join(folder, 'a.mp4'), 'older');
    const code =
      'fs.writeFileSync(process.argv.at(-1), "half"); process.stdin.once("data", () => { console.error("disk full"); process.exit(1); })';
    await expect(encodeScene({ script, file: join(folder, 'a.mp4'), spawn: pretend(code) })).rejects.toMatchObject({
      message: expect.stringContaining('disk full'),
    });
    expect(await readdir(folder)).toEqual(['a.mp4']);
  });

  it('stops at once when aborted', async () => {
    const abort = new AbortController();
    const code = 'process.stdin.resume()';
    const encoding = encodeScene({
      script,
      file: join(folder, 'a.mp4'),
      spawn: pretend(code),
      signal: abort.signal,
      onProgress: ({ frame }) => frame === 3 && abort.abort(new Error('enough')),
    });
    await expect(encoding).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the plan of a dataset', () => {
  const plan = planDataset({ folder: '', seed: 5, cameras: 2, normalRecordings: 2, testRecordings: 5 });

  it('gives each camera its normal recordings and every kind of anomaly', () => {
    expect(plan).toHaveLength(14);
    const first = plan.filter(({ cameraId }) => cameraId === 'street-1');
    expect(first.filter(({ role }) => role === 'normal').map(({ script: s }) => s.anomalies)).toEqual([[], []]);
    expect(first.flatMap(({ script: s }) => s.anomalies.map(({ kind }) => kind)).sort()).toEqual([
      'brawl',
      'cyclist',
      'left-bag',
      'runner',
      'vehicle',
    ]);
  });

  it('shows one street per camera, and nobody twice', () => {
    for (const id of ['street-1', 'street-2']) {
      expect(new Set(plan.filter((p) => p.cameraId === id).map((p) => p.script.streetSeed)).size).toBe(1);
    }
    expect(new Set(plan.map((p) => p.script.streetSeed)).size).toBe(2);
    expect(new Set(plan.map((p) => p.script.seed)).size).toBe(plan.length);
  });

  it('is the same for the same seed', () => {
    expect(planDataset({ folder: '', seed: 5, cameras: 2, normalRecordings: 2, testRecordings: 5 })).toEqual(plan);
  });
});
