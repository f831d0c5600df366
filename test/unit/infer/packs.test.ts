import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pictureManifestOf } from '../../../src/infer/packs/pack-manifest.ts';
import { PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import { featureShapeOf, samplingOf, segmentSecondsOf } from '../../../src/infer/packs/picture-manifest.ts';
import { PackSession, verifyPack } from '../../../src/infer/runner/session.ts';
import { makeSegment } from '../../support/segments.ts';
import { writeTinyPack } from '../../support/tiny-onnx.ts';

let directory: string;
let registry: PackRegistry;
const onCpu = { providers: ['cpu'], threads: 1 } as const;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-packs-'));
  registry = new PackRegistry(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a sound pack', () => {
  it('is listed, tells how to sample a camera for it, and is verified against its real model', async () => {
    await writeTinyPack(directory, 'mean');
    const listed = await registry.list();
    expect(listed.map(({ id, error }) => [id, error])).toEqual([['mean', null]]);
    const { manifest } = await registry.load('mean');
    expect(samplingOf(pictureManifestOf(manifest))).toEqual({
      framesPerSecond: 2,
      width: 4,
      height: 4,
      pixelFormat: 'gray8',
      framesPerSegment: 2,
    });
    expect(segmentSecondsOf(pictureManifestOf(manifest))).toBe(1);
    expect(featureShapeOf(pictureManifestOf(manifest))).toEqual({ rows: 4, columns: 4, channels: 1 });
    expect(await verifyPack(await registry.get('mean'), onCpu)).toEqual([
      { packId: 'mean', provider: 'cpu', state: 'chosen', reason: null },
    ]);
  });

  it('gives the same features alone and in a batch, for a free and for a fixed batch', async () => {
    await writeTinyPack(directory, 'free');
    await writeTinyPack(directory, 'fixed', { frames: 2, height: 4, width: 4, batch: 1 });
    const pixels = new Uint8Array(32).map((_, i) => (i * 37) % 256);
    const segments = [
      makeSegment({ level: 7 }),
      makeSegment({ pixels, sequence: 1 }),
      makeSegment({ level: 9, sequence: 2 }),
    ];
    const expected = Array.from({ length: 16 }, (_, i) => ((pixels[i] ?? 0) + (pixels[i + 16] ?? 0)) / 2);
    for (const id of ['free', 'fixed']) {
      const session = await PackSession.open(await registry.load(id), onCpu);
      const batch = await session.extract(segments);
      const alone = await session.extract(segments.slice(1, 2));
      expect([...(batch[1]?.values ?? [])]).toEqual(expected);
      expect(alone[0]).toEqual(batch[1]);
      expect(batch.map(({ sequence, startMs, endMs }) => [sequence, startMs, endMs])).toEqual([
        [0, 1_000_000, 1_000_500],
        [1, 1_001_000, 1_001_500],
        [2, 1_002_000, 1_002_500],
      ]);
      await session.close();
    }
  });

  it('turns pixels into the range, mean and deviation that its manifest names', async () => {
    await writeTinyPack(directory, 'scaled', { frames: 2, height: 4, width: 4, type: 'float32' }, (manifest) => ({
      ...manifest,
      input: { ...(manifest.input as object), valueRange: [0, 1], mean: [0.5], std: [0.25] },
    }));
    const session = await PackSession.open(await registry.load('scaled'), onCpu);
    const [features] = await session.extract([makeSegment({ level: 255 })]);
    expect(features?.values[0]).toBeCloseTo(2, 6);
    await session.close();
  });

  it('falls back along the provider chain and says why each was refused', async () => {
    await writeTinyPack(directory, 'mean');
    const reports = await verifyPack(await registry.get('mean'), { providers: ['cuda', 'cpu', 'webgpu'], threads: 1 });
    expect(reports.map(({ provider, state }) => `${provider} ${state}`)).toEqual([
      'cuda refused',
      'cpu chosen',
      'webgpu untried',
    ]);
    expect(reports[0]?.reason).toMatch(/./);
    await expect(verifyPack(await registry.get('mean'), { providers: ['cuda'], threads: 1 })).rejects.toMatchObject({
      code: 'VDT_PROVIDER_UNAVAILABLE',
    });
  });
});

describe('a pack is refused', () => {
  const change =
    (edit: (manifest: Record<string, unknown>) => object) =>
    (manifest: Record<string, unknown>): Record<string, unknown> => ({
      ...manifest,
      ...edit(manifest),
    });
  const input = (fields: object) => change((manifest) => ({ input: { ...(manifest.input as object), ...fields } }));
  const output = (fields: object) => change((manifest) => ({ output: { ...(manifest.output as object), ...fields } }));

  it.each([
    ['an id that is not its folder', change(() => ({ id: 'other' })), 'VDT_PACK_INVALID', 'id is other'],
    ['an unknown field', change(() => ({ wights: 1 })), 'VDT_PACK_INVALID', 'wights'],
    ['a missing field', change(() => ({ licence: undefined })), 'VDT_PACK_INVALID', 'licence'],
    [
      'a path out of its folder',
      change(() => ({ files: [{ path: '../x.onnx', sha256: 'a'.repeat(64) }] })),
      'VDT_PACK_INVALID',
      'files.0.path',
    ],
    [
      'a file that is not there',
      change(() => ({ files: [{ path: 'x.onnx', sha256: 'a'.repeat(64) }] })),
      'VDT_PACK_INVALID',
      'x.onnx is missing',
    ],
    ['a layout without room for colour', input({ channels: 3 }), 'VDT_PACK_INVALID', 'input.layout'],
    ['a mean for raw bytes', input({ mean: [1] }), 'VDT_PACK_INVALID', 'input.type'],
    [
      'an input that the model does not have',
      input({ name: 'pixels' }),
      'VDT_PACK_MODEL_MISMATCH',
      'the model has frames',
    ],
    ['another input size', input({ height: 5 }), 'VDT_PACK_MODEL_MISMATCH', 'input.dims'],
    ['another input type', input({ type: 'float32' }), 'VDT_PACK_MODEL_MISMATCH', 'the model has uint8'],
    [
      'an output that the model does not have',
      output({ name: 'x' }),
      'VDT_PACK_MODEL_MISMATCH',
      'the model has features',
    ],
    ['another output size', output({ dims: [4, 4, 2] }), 'VDT_PACK_MODEL_MISMATCH', 'output.dims'],
  ])('for %s, with the field and the reason', async (_, edit, code, reason) => {
    await writeTinyPack(directory, 'bad', undefined, edit);
    const refused = (async () => verifyPack(await registry.get('bad'), onCpu))();
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(reason) });
  });

  it('for a changed file, with both checksums', async () => {
    await writeTinyPack(
      directory,
      'bad',
      undefined,
      change(({ files }) => ({ files: [{ ...(files as object[])[0], sizeBytes: undefined }] })),
    );
    await writeFile(join(directory, 'bad', 'mean.onnx'), 'something else');
    await expect(registry.load('bad')).rejects.toMatchObject({ code: 'VDT_PACK_CHECKSUM' });
  });

  it('without hiding the others', async () => {
    await writeTinyPack(directory, 'good');
    await writeTinyPack(
      directory,
      'bad',
      undefined,
      change(() => ({ kind: 'magic' })),
    );
    expect((await registry.list()).map(({ id, error }) => [id, error?.code ?? null])).toEqual([
      ['bad', 'VDT_PACK_INVALID'],
      ['good', null],
    ]);
    await expect(registry.load('none')).rejects.toMatchObject({ code: 'VDT_PACK_NOT_FOUND' });
    await expect(registry.load('../good')).rejects.toMatchObject({ code: 'VDT_PACK_NOT_FOUND' });
  });
});
