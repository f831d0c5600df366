import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { livePath } from '../../src/cli/eval.ts';
import { openExtraction } from '../../src/cli/extraction.ts';
import { pulledPackDirectory } from '../../src/cli/installed-packs.ts';
import { parseConfig } from '../../src/platform/load-config.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { DetectedObject } from '../../src/score/detected-object.ts';
import type { SegmentFeatures } from '../../src/score/segment-features.ts';

const SHARED = resolve(import.meta.dirname, '../../../shared');
const CLIP = join(SHARED, 'data/clips/pets-pedestrians.mp4');
const FILES = { 'yolox-nano': 'yolox_nano.onnx', 'fastest-det': 'FastestDet.onnx' } as const;
const present = existsSync(CLIP) && Object.values(FILES).every((file) => existsSync(join(SHARED, 'models', file)));
const reason = present ? '' : ' (skipped: needs the weights and clips of ../shared)';

/** A street with two parked cars at the upper right and people on the path before it. */
describe.skipIf(!present)(`real detectors on real footage${reason}`, { timeout: 180_000 }, () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'vedette-detectors-'));
    const folder = pulledPackDirectory(parseConfig({ dataDir }, dataDir));
    for (const [id, file] of Object.entries(FILES)) {
      await mkdir(join(folder, id), { recursive: true });
      await copyFile(join(SHARED, 'models', file), join(folder, id, file));
    }
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  async function watch(packIds: readonly string[], segments: number): Promise<SegmentFeatures[]> {
    const config = parseConfig({ dataDir, infer: { threads: 1 } }, dataDir);
    const extraction = await openExtraction({ config, packIds, logger: silentLogger });
    try {
      const path = livePath(config, extraction.plan, extraction.extract);
      const found: SegmentFeatures[] = [];
      for await (const segment of path.openRecording({ file: CLIP, cameraId: 'street', epoch: 1 })) {
        found.push(await path.extract(segment));
        if (found.length === segments) break;
      }
      return found;
    } finally {
      await extraction.close();
    }
  }
  const objectsOf = (features: readonly SegmentFeatures[]): DetectedObject[] =>
    features.flatMap(({ objects }) => [...(objects ?? [])]);

  it('yolox-nano sees the people where they walk and the cars where they stand, the same each time', async () => {
    const features = await watch(['motion-grid', 'yolox-nano'], 6);
    const people = objectsOf(features).filter(({ label, confidence }) => label === 'person' && confidence > 0.7);
    expect(people.length).toBeGreaterThan(features.length);
    for (const { box } of people) {
      expect(box.bottom).toBeGreaterThan(0.3); // on the ground, not in the wall
      expect(box.bottom - box.top).toBeGreaterThan(1.5 * (box.right - box.left) * (2 / 3)); // upright
    }
    const cars = objectsOf(features).filter(({ label, confidence }) => label === 'car' && confidence > 0.6);
    expect(cars.length).toBeGreaterThan(0);
    for (const { box } of cars) expect([box.left > 0.75, box.bottom < 0.25]).toEqual([true, true]);
    for (const { classProbabilities } of objectsOf(features)) expect(classProbabilities).toHaveLength(80);
    expect(await watch(['motion-grid', 'yolox-nano'], 6)).toEqual(features);
  });

  it('fastest-det sees people too', async () => {
    const people = objectsOf(await watch(['motion-grid', 'fastest-det'], 4)).filter(({ label }) => label === 'person');
    expect(people.filter(({ confidence }) => confidence > 0.5).length).toBeGreaterThan(3);
  });

  it('frames made from stills are nearly those of a camera without a detector', async () => {
    const [alone, joined] = [await watch(['motion-grid'], 4), await watch(['motion-grid', 'yolox-nano'], 4)];
    expect(alone.map(({ endMs }) => endMs)).toEqual(joined.map(({ endMs }) => endMs));
    const gap = joined.map(({ values }, i) => {
      const other = alone[i]?.values ?? new Float32Array();
      let sum = 0;
      let size = 0;
      for (const [at, value] of values.entries()) {
        sum += Math.abs(value - (other[at] ?? 0));
        size += Math.abs(other[at] ?? 0);
      }
      return sum / size;
    });
    expect(Math.max(...gap)).toBeLessThan(0.1);
  });
});
