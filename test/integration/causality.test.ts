import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { livePath } from '../../src/cli/eval.ts';
import { openExtraction } from '../../src/cli/extraction.ts';
import type { EvaluatedCamera } from '../../src/eval/live-path.ts';
import { builtInPackDirectory } from '../../src/infer/packs/pack-registry.ts';
import { parseConfig } from '../../src/platform/load-config.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { encodeScene } from '../../src/scene/encode-scene.ts';
import { sceneScript } from '../../src/scene/scene-script.ts';
import type { SegmentFeatures } from '../../src/score/segment-features.ts';
import { writeTinyClipPack, writeTinyFramesPack, writeTinyHead } from '../support/tiny-learned.ts';

const PED2 = join(import.meta.dirname, '../../../shared/data/ped2');

/**
 * Invariant 1: the scores of all segments that end by frame t are bit-equal whether or not frames after t exist.
 * The whole way is asked: decoder, sampler, segmenter, ONNX Runtime, head, sequential rule.
 */
describe('causality of the live path', () => {
  const config = parseConfig({}, tmpdir());
  let folder = '';
  let extraction: Awaited<ReturnType<typeof openExtraction>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vedette-causality-'));
    extraction = await openExtraction({ config, packIds: ['motion-grid'], logger: silentLogger });
  });
  afterAll(async () => {
    await extraction?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  type Outcome = NonNullable<ReturnType<EvaluatedCamera['observe']>>;

  async function scoresOf(normal: readonly string[], file: string, used = extraction): Promise<Outcome[]> {
    const path = livePath(config, used.plan, used.extract);
    const camera = path.openCamera('c', 'recordings');
    for (const [index, recording] of normal.entries()) {
      for await (const segment of path.openRecording({ file: recording, cameraId: 'c', epoch: index + 1 })) {
        camera.observe(await path.extract(segment));
      }
      camera.endRecording();
    }
    camera.finishLearning();
    const outcomes: Outcome[] = [];
    for await (const segment of path.openRecording({ file, cameraId: 'c', epoch: 1_000 })) {
      const outcome = camera.observe(await path.extract(segment));
      if (outcome) outcomes.push(outcome);
    }
    return outcomes;
  }

  /** The first `frames` frames of a recording, the very same pictures. */
  function prefixOf(file: string, frames: number): string {
    const prefix = join(folder, `prefix-${frames}.mkv`);
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', file, '-frames:v', String(frames), '-c:v', 'ffv1', prefix]);
    return prefix;
  }

  async function expectCausal(
    normal: readonly string[],
    file: string,
    cuts: readonly number[],
    used = extraction,
  ): Promise<void> {
    const whole = await scoresOf(normal, file, used);
    expect(whole.length).toBeGreaterThan(10);
    for (const frames of cuts) {
      const prefix = await scoresOf(normal, prefixOf(file, frames), used);
      expect(prefix.length, `${frames} frames`).toBeGreaterThan(0);
      expect(prefix.length).toBeLessThan(whole.length);
      // toStrictEqual compares numbers by Object.is: bit for bit
      expect(prefix).toStrictEqual(whole.slice(0, prefix.length));
    }
  }

  test('a generated scene: a prefix scores as the whole does', async () => {
    const street = { streetSeed: 5, framesPerSecond: 10, width: 320, height: 180 };
    const normal = join(folder, 'normal.mp4');
    const test = join(folder, 'test.mp4');
    await encodeScene({ script: sceneScript({ ...street, seed: 5, durationSeconds: 30 }), file: normal });
    await encodeScene({
      script: sceneScript({ ...street, seed: 6, durationSeconds: 12, anomalies: [{ kind: 'runner', atSecond: 3 }] }),
      file: test,
    });
    await expectCausal([normal], test, [23, 64]);
  });

  test('learned packs: features and scores of a prefix are those of the whole, bit for bit', {
    timeout: 300_000,
  }, async () => {
    const packs = join(folder, 'packs');
    const frames = { frames: 5, framesPerSecond: 10, width: 240, height: 160 };
    await cp(join(builtInPackDirectory(), 'motion-grid'), join(packs, 'motion-grid'), { recursive: true });
    await writeTinyFramesPack(packs, 'gray', { ...frames, work: { size: 64, rounds: 2 } });
    await writeTinyClipPack(packs, 'quick', { frames: 8, framesPerSecond: 30, width: 260, height: 180 });
    await writeTinyHead(packs, 'grayhead', { extractor: 'gray', dims: 8, window: 6, normalise: 'l2' });
    await writeTinyHead(packs, 'quickhead', { extractor: 'quick', dims: 6, window: 4 });
    const learned = await openExtraction({
      config: parseConfig({ packs: { directory: packs } }, tmpdir()),
      packIds: ['motion-grid', 'quick', 'grayhead', 'quickhead'],
      logger: silentLogger,
    });
    try {
      expect(learned.plan.ids).toEqual(['motion-grid', 'quick', 'gray', 'grayhead', 'quickhead']);
      const street = { streetSeed: 5, framesPerSecond: 15, width: 160, height: 90 };
      const normal = join(folder, 'normal15.mp4');
      const file = join(folder, 'test15.mp4');
      await encodeScene({ script: sceneScript({ ...street, seed: 5, durationSeconds: 22 }), file: normal });
      await encodeScene({
        script: sceneScript({ ...street, seed: 6, durationSeconds: 8, anomalies: [{ kind: 'runner', atSecond: 3 }] }),
        file,
      });
      const featuresOf = async (recording: string) => {
        const path = livePath(config, learned.plan, learned.extract);
        // several at once, as an evaluation has them
        const found: Promise<SegmentFeatures>[] = [];
        for await (const segment of path.openRecording({ file: recording, cameraId: 'f', epoch: 1 })) {
          found.push(path.extract(segment));
        }
        return Promise.all(found);
      };
      const whole = await featuresOf(file);
      expect(whole.length).toBeGreaterThan(12);
      const prefix = await featuresOf(prefixOf(file, 40));
      expect(prefix).toHaveLength(5);
      expect(prefix).toStrictEqual(whole.slice(0, 5));
      for (const { learned: found } of whole) {
        expect(Object.keys(found?.embeddings ?? {})).toEqual(['quick', 'gray']);
        expect(Object.keys(found?.heads ?? {})).toEqual(['grayhead', 'quickhead']);
      }
      await expectCausal([normal], file, [40], learned);
    } finally {
      await learned.close();
    }
  });

  test.skipIf(!existsSync(PED2))(
    'real footage: a prefix scores as the whole does (needs ../shared/data/ped2)',
    async () => {
      const normal = ['01', '02', '03'].map((name) => join(PED2, 'train', `${name}.mp4`));
      await expectCausal(normal, join(PED2, 'test', '01.mp4'), [57, 110]);
    },
  );
});
