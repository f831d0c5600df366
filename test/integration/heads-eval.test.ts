import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { livePath } from '../../src/cli/eval.ts';
import { openExtraction } from '../../src/cli/extraction.ts';
import { builtInPackDirectory } from '../../src/infer/packs/pack-registry.ts';
import { parseConfig } from '../../src/platform/load-config.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { encodeScene } from '../../src/scene/encode-scene.ts';
import { sceneScript } from '../../src/scene/scene-script.ts';
import { runVedette } from '../support/live-service.ts';

const PYTHON = '/usr/bin/python3';
const hasTorch = spawnSync(PYTHON, ['-c', 'import torch, onnx']).status === 0;
const TRAINING = join(import.meta.dirname, '../../training');
const run = promisify(execFile);
const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** Heads that were trained, judged through the live path: the two commands of training, then `vedette eval`. */
describe('trained heads', { timeout: 300_000 }, () => {
  let folder = '';
  let configFile = '';
  let normal = '';
  let whole = '';
  let prefix = '';
  const packs = () => join(folder, 'packs');
  const clips = () => join(folder, 'clips.json');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vedette-heads-'));
    configFile = join(folder, 'vedette.yaml');
    writeFileSync(configFile, stringify({ dataDir: join(folder, 'data'), packs: { directory: packs() } }));
    for (const id of ['motion-grid', 'fights-encoder', 'fights']) {
      cpSync(join(builtInPackDirectory(), id), join(packs(), id), { recursive: true });
    }
    const street = { streetSeed: 5, framesPerSecond: 15, width: 160, height: 90 };
    normal = join(folder, 'normal.mp4');
    whole = join(folder, 'whole.mp4');
    prefix = join(folder, 'prefix.mkv');
    await encodeScene({ script: sceneScript({ ...street, seed: 5, durationSeconds: 22 }), file: normal });
    const anomalies = [{ kind: 'runner', atSecond: 3 }] as const;
    await encodeScene({ script: sceneScript({ ...street, seed: 6, durationSeconds: 9, anomalies }), file: whole });
    // the very same pictures, and no more of them
    execFileSync('ffmpeg', ['-v', 'error', '-i', whole, '-frames:v', '85', '-c:v', 'ffv1', prefix]);
    writeClips();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Pictures that tremble, or do not, from six sources of two clips each. */
  function writeClips(): void {
    const list: { file: string; label: string; group: string }[] = [];
    mkdirSync(join(folder, 'clips'));
    for (let source = 0; source < 6; source++) {
      for (const label of ['normal', 'tremble']) {
        const file = `clips/${label}-${source}.mp4`;
        const shake = label === 'normal' ? '4' : "4+4*sin(23*t)':y='4+4*cos(31*t)";
        const filter = `testsrc2=size=248x168:rate=10:duration=${2.6 + source / 5},crop=240:160:x='${shake}'`;
        const input = ['-f', 'lavfi', '-i', filter, '-pix_fmt', 'yuv420p'];
        execFileSync('ffmpeg', ['-v', 'error', ...input, join(folder, file)]);
        list.push({ file, label, group: `source-${source}` });
      }
    }
    writeFileSync(clips(), JSON.stringify({ kind: 'clips', name: 'trembling', clips: list }));
  }

  const evaluate = async (file: string, ...packIds: string[]) => {
    const named = packIds.flatMap((id) => ['--pack', id]);
    const { code, stdout, stderr } = await runVedette(['eval', file, ...named, '--config', configFile, '--json']);
    expect(code, stderr).toBe(0);
    return json(stdout);
  };

  /** Every segment's heads and score, of a camera that learned from `normal`. */
  async function outcomesOf(packIds: readonly string[], files: readonly string[]) {
    const config = parseConfig({ packs: { directory: packs() } }, tmpdir());
    const extraction = await openExtraction({ config, packIds, logger: silentLogger });
    try {
      const path = livePath(config, extraction.plan, extraction.extract);
      const found = [];
      for (const file of files) {
        const camera = path.openCamera('c', 'recordings');
        for await (const segment of path.openRecording({ file: normal, cameraId: 'c', epoch: 1 })) {
          camera.observe(await path.extract(segment));
        }
        camera.finishLearning();
        const outcomes = [];
        for await (const segment of path.openRecording({ file, cameraId: 'c', epoch: 1_000 })) {
          const features = await path.extract(segment);
          outcomes.push({ learned: features.learned, outcome: camera.observe(features) });
        }
        found.push(outcomes);
      }
      return found;
    } finally {
      await extraction.close();
    }
  }

  /** Bit for bit: `toStrictEqual` compares numbers by Object.is. */
  async function expectCausal(packIds: readonly string[], heads: readonly string[]): Promise<void> {
    const [all = [], first = []] = await outcomesOf(packIds, [whole, prefix]);
    expect(all).toHaveLength(18);
    expect(first).toHaveLength(11);
    expect(first).toStrictEqual(all.slice(0, first.length));
    for (const head of heads) {
      const scores = all.map(({ learned }) => learned?.heads[head]?.score ?? Number.NaN);
      expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
      expect(new Set(scores).size, head).toBeGreaterThan(5); // it says something of its own of each segment
    }
    expect(all.every(({ outcome }) => outcome !== null)).toBe(true);
  }

  test('fights: a prefix of a recording scores as the whole does, bit for bit', async () => {
    await expectCausal(['motion-grid', 'fights'], ['fights']);
  });

  test('fights scores clips, and watches a camera by itself and beside motion-grid', async () => {
    expect(await evaluate(clips(), 'fights')).toMatchObject({
      packs: [{ id: 'motion-grid' }, { id: 'fights-encoder' }, { id: 'fights' }],
      accuracy: expect.any(Number),
      panel: { clips: 12, anomalousClips: 6, scorer: 'fights', frameDifferenceAuc: expect.any(Number) },
      notes: [],
    });
    const scene = join(folder, 'scene.json');
    const cameras = [{ id: 'c', normal: ['normal.mp4'], test: [{ file: 'whole.mp4', anomalous: [[45, 110]] }] }];
    writeFileSync(scene, JSON.stringify({ kind: 'scene', name: 'street', cameras }));
    const alone = await evaluate(scene, 'fights');
    const beside = await evaluate(scene, 'motion-grid', 'fights');
    for (const report of [alone, beside]) expect(report).toMatchObject({ kind: 'scene', frameAuc: expect.any(Number) });
    expect(alone.frameAuc).not.toBe(beside.frameAuc); // motion-grid's own cues count only where it is named
  });

  test.skipIf(!hasTorch)(
    'mil and gs-moe, trained and exported, judge live and causally (skipped where /usr/bin/python3 has no PyTorch)',
    async () => {
      const features = join(folder, 'features');
      const args = ['features', 'extract', clips(), '--pack', 'fights-encoder', '--out', features];
      const extracted = await runVedette([...args, '--config', configFile, '--json']);
      expect(extracted.code, extracted.stderr).toBe(0);
      expect(json(extracted.stdout)).toMatchObject({ written: 12 });

      const recipe = join(folder, 'recipe.json');
      writeFileSync(recipe, JSON.stringify({ train: { batch: 4, evaluate_every: 10, held_out_share: 0.34 } }));
      const python = (...args: string[]) =>
        run(PYTHON, ['-m', ...args], {
          env: { ...process.env, PYTHONPATH: TRAINING, PYTHONDONTWRITEBYTECODE: '1', OMP_NUM_THREADS: '1' },
        });
      for (const head of ['mil', 'gs-moe']) {
        const trained = join(folder, `run-${head}`);
        const common = ['--head', head, '--features', features, '--out', trained];
        await python('vedette_training.train', ...common, '--steps', '40', '--seed', '3', '--config', recipe);
        const of = ['--extractor', 'fights-encoder', '--extractor-version', '1.0.0'];
        const note = ['--trained-on', 'trembling: 12 clips'];
        const out = ['--run', trained, '--id', `${head}-head`, '--out', join(packs(), `${head}-head`)];
        await python('vedette_training.export', ...out, ...of, ...note);
      }

      await expectCausal(['motion-grid', 'mil-head', 'gs-moe-head'], ['mil-head', 'gs-moe-head']);

      const report = await evaluate(clips(), 'gs-moe-head', 'mil-head');
      expect(report).toMatchObject({
        packs: [{ id: 'motion-grid' }, { id: 'fights-encoder' }, { id: 'gs-moe-head' }, { id: 'mil-head' }],
        accuracy: expect.any(Number),
        panel: { scorer: 'gs-moe-head' },
        notes: [
          'gs-moe-head and mil-head were trained on trembling: these figures are not a test',
          'the clips were scored by gs-moe-head alone; name another head first to use it: mil-head',
        ],
      });
      expect(report.auc).toBeGreaterThan(0.8); // on its own training clips, which trembling tells apart
    },
  );
});
