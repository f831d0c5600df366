import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { withRandomWeights } from '../../src/cli/benches/random-weights.ts';
import { npyShape } from '../../src/cli/feature-export/npy-writer.ts';
import { openPackRegistry } from '../../src/cli/installed-packs.ts';
import { PackRegistry } from '../../src/infer/packs/pack-registry.ts';
import { processorName, readTuning } from '../../src/infer/tuning/pack-tuning.ts';
import { parseConfig } from '../../src/platform/load-config.ts';
import { runVedette } from '../support/live-service.ts';
import { writeTinyFramesPack, writeTinyHead } from '../support/tiny-learned.ts';

const BASE_FRAMES = { frames: 5, framesPerSecond: 10, width: 240, height: 160 };
const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe('features and benches on the command line', () => {
  let folder = '';
  let config = '';
  const packs = () => join(folder, 'packs');
  const videos = () => join(folder, 'videos');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vedette-features-'));
    config = join(folder, 'vedette.yaml');
    writeFileSync(config, stringify({ dataDir: join(folder, 'data'), packs: { directory: packs() } }));
    cpSync('models/motion-grid', join(packs(), 'motion-grid'), { recursive: true });
    await writeTinyFramesPack(packs(), 'tiny', BASE_FRAMES);
    await writeTinyFramesPack(packs(), 'other', BASE_FRAMES);
    await writeTinyHead(packs(), 'tiny-head', { extractor: 'tiny', dims: 8, window: 3 });
    for (const [path, seconds] of [
      ['a/one', 2.2],
      ['b/one', 1.2],
      ['short', 0.2],
    ] as const) {
      mkdirSync(join(videos(), path, '..'), { recursive: true });
      const source = `testsrc2=size=320x240:rate=10:duration=${seconds}`;
      const file = join(videos(), `${path}.mp4`);
      execFileSync('ffmpeg', ['-loglevel', 'error', '-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', file]);
    }
    writeFileSync(join(videos(), 'torn.mp4'), 'no video');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const extract = (dataset: string, out: string, pack = 'tiny') =>
    runVedette(['features', 'extract', dataset, '--pack', pack, '--out', out, '--config', config, '--json']);

  test('clips become .npy files with labels; what cannot be read is named and left out, and a second run goes on', async () => {
    const dataset = join(videos(), 'clips.json');
    const clip = (file: string, label: string, group?: string) => ({ file, label, ...(group ? { group } : {}) });
    const clips = [
      clip('a/one.mp4', 'fight', 'g1'),
      clip('torn.mp4', 'fight'),
      clip('b/one.mp4', 'normal'),
      clip('short.mp4', 'normal'),
    ];
    writeFileSync(dataset, JSON.stringify({ kind: 'clips', name: 'few', clips }));
    const out = join(folder, 'clips');

    const first = await extract(dataset, out);
    expect(first).toMatchObject({ code: 3 });
    expect(json(first.stdout)).toMatchObject({ recordings: 4, written: 2, present: 0, snippets: 6 });
    expect(first.stderr).toContain('torn.mp4');
    expect(first.stderr).toContain('shorter than one segment');
    expect(readFileSync(join(out, 'labels.csv'), 'utf8').trim().split('\n')).toEqual([
      'video,label,group,split,seconds_per_snippet',
      'a_one,fight,g1,train,0.5',
      'b_one,normal,b_one,train,0.5',
    ]);
    expect(npyShape(readFileSync(join(out, 'a_one.npy')))).toEqual([4, 8]);
    expect(readdirSync(out).filter((name) => name.endsWith('.part'))).toEqual([]);

    rmSync(join(out, 'b_one.npy')); // as if the first run had been ended before it
    const kept = readFileSync(join(out, 'a_one.npy'));
    const second = await extract(dataset, out);
    expect(json(second.stdout)).toMatchObject({ written: 1, present: 1 });
    expect(readFileSync(join(out, 'a_one.npy')).equals(kept)).toBe(true);

    const mixed = await extract(dataset, out, 'other');
    expect(mixed).toMatchObject({ code: 3 });
    expect(mixed.stderr).toContain('pack is tiny there and other now');
  });

  test('test recordings of a scene bring the truth of each snippet', async () => {
    const dataset = join(videos(), 'scene.json');
    const test = [{ file: 'a/one.mp4', anomalous: [[7, 9]] }];
    const cameras = [{ id: 'c', normal: ['b/one.mp4'], test }];
    writeFileSync(dataset, JSON.stringify({ kind: 'scene', name: 'place', cameras }));
    const out = join(folder, 'scene');
    expect(await extract(dataset, out)).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'labels.csv'), 'utf8').trim().split('\n').slice(1)).toEqual([
      'a_one,anomalous,a_one,test,0.5',
      'b_one,normal,b_one,train,0.5',
    ]);
    expect([...readFileSync(join(out, 'truth', 'a_one.npy')).subarray(128)]).toEqual([0, 1, 0, 0]);
    expect(existsSync(join(out, 'truth', 'b_one.npy'))).toBe(false);
  });

  test('a pack that gives no descriptor is refused, with what would do', async () => {
    const dataset = join(videos(), 'scene.json');
    for (const pack of ['motion-grid', 'tiny-head']) {
      const refused = await extract(dataset, join(folder, 'none'), pack);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.stderr).toContain('an extractor of descriptors');
    }
  });

  test('bench infer compares the runner with a bare loop over the same graphs, batches and threads', async () => {
    const args = [
      'bench',
      'infer',
      '--pack',
      'tiny-head',
      '--seconds',
      '1',
      '--rounds',
      '2',
      '--config',
      config,
      '--json',
    ];
    const { code, stdout } = await runVedette(args);
    expect(code).toBe(0);
    const [result] = json(stdout).packs as Record<string, unknown>[];
    expect(result).toMatchObject({
      pack: 'tiny-head',
      packs: ['motion-grid', 'tiny', 'tiny-head'],
      provider: 'cpu',
      batches: { tiny: 1, 'tiny-head': 1 }, // recordings go through learned packs one by one
      rounds: [{}, {}],
    });
    expect(result?.ratio).toBeGreaterThan(0);
    expect(result?.featuresPerSecond).toBeGreaterThan(0);
  });

  test('models bench stores the best setting for this machine', async () => {
    const { code, stdout } = await runVedette(['models', 'bench', 'tiny', '--config', config, '--json']);
    expect(code).toBe(0);
    const result = json(stdout);
    const chosen = result.chosen as { batchSize: number; threads: number };
    expect(result).toMatchObject({ pack: 'tiny', provider: 'cpu', processor: processorName() });
    expect(await readTuning(join(folder, 'data', 'models'), { id: 'tiny', version: '1.0.0' })).toEqual({
      cpu: { batchSize: chosen.batchSize, threads: chosen.threads },
    });
  });

  test('doctor tries every provider by itself and says why one is refused, and what to do', async () => {
    const file = join(folder, 'gpu.yaml');
    writeFileSync(file, stringify({ dataDir: join(folder, 'data'), infer: { providers: ['cuda', 'cpu'] } }));
    const { code, stdout } = await runVedette(['doctor', '--config', file, '--json']);
    const findings = json(stdout).findings as { part: string; state: string; found: string; remedy: string }[];
    const providers = findings.filter(({ part }) => part.startsWith('provider '));
    expect(providers.map(({ part }) => part.slice(9))).toEqual(['tensorrt', 'cuda', 'webgpu', 'cpu']);
    const [, cuda, , cpu] = providers;
    expect(code).toBe(0);
    expect(cpu).toMatchObject({ state: 'ok' });
    if (cuda?.found.startsWith('works')) return; // a machine with a GPU
    expect(cuda).toMatchObject({ state: 'warning' });
    expect(cuda?.found).toMatch(/^refused: .{10,}/);
    expect(cuda?.remedy).toContain('docker/Dockerfile.gpu');
    expect(cpu?.found).toBe('works, packs run on it');
  });

  test('weights that were not pulled can be random, so that speed can be measured without them', async () => {
    const given = parseConfig({ dataDir: join(folder, 'none') }, folder);
    const prepared = await withRandomWeights(given, openPackRegistry(given), ['i3d-rgb']);
    try {
      expect(prepared.random).toEqual(['i3d-rgb']);
      const pack = await new PackRegistry(prepared.config.packs.directory).load('i3d-rgb');
      expect(pack.manifest.files.map(({ path }) => path)).toContain('i3d-rgb.weights');
    } finally {
      await prepared.close();
    }
  });
});
