import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSamplingChoice } from '../../../src/cli/sampling-choice.ts';
import { pictureManifestOf } from '../../../src/infer/packs/pack-manifest.ts';
import { planPacks } from '../../../src/infer/packs/pack-plan.ts';
import { builtInPackDirectory, isInstalled, PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import { TINY_STILL, writeTinyDetector } from '../../support/tiny-detector.ts';
import { writeTinyPack } from '../../support/tiny-onnx.ts';

let directory: string;
let registry: PackRegistry;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-plan-'));
  registry = new PackRegistry(directory);
  await writeTinyPack(directory, 'mean');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const manifest = async (id: string) => (await registry.get(id)).manifest;
const withoutFile = (manifest: Record<string, unknown>) => ({
  ...manifest,
  files: [{ ...(manifest.files as object[])[0], source: 'https://models.example/tiny.onnx' }],
});

describe('the packs of a camera', () => {
  it('are one extractor, or one with a detector that wants a still of each segment', async () => {
    await writeTinyDetector(directory, 'tiny');
    const alone = planPacks([await manifest('mean')]);
    expect(alone).toMatchObject({ ids: ['mean'], key: 'mean', detector: null });
    expect(alone.sampling).not.toHaveProperty('still');
    const both = planPacks([await manifest('tiny'), await manifest('mean')]);
    expect(both).toMatchObject({ ids: ['mean', 'tiny'], key: 'mean+tiny', detector: { id: 'tiny' } });
    expect(both.sampling).toEqual({ ...alone.sampling, still: TINY_STILL });
  });

  it('are refused without an extractor, or where they ask for different frames', async () => {
    await writeTinyDetector(directory, 'tiny');
    await writeTinyPack(directory, 'large', { frames: 2, height: 64, width: 64 });
    const [mean, tiny, large] = [await manifest('mean'), await manifest('tiny'), await manifest('large')];
    expect(() => planPacks([tiny])).toThrow('these packs (tiny): there is no extractor');
    expect(() => planPacks([])).toThrow(expect.objectContaining({ code: 'VDT_PACKS_UNUSABLE' }));
    expect(() => planPacks([mean, large])).toThrow(expect.objectContaining({ code: 'VDT_PACKS_DIFFER' }));
    expect(() => planPacks([large, tiny])).toThrow(expect.objectContaining({ code: 'VDT_PACKS_DIFFER' }));
  });

  it('are sampled without stills while the detector’s weights are not here', async () => {
    await writeTinyDetector(directory, 'tiny', { withFile: false, change: withoutFile });
    const camera = { settings: { packs: ['mean', 'tiny'] } };
    expect(await createSamplingChoice(registry)(camera)).not.toHaveProperty('still');
    await writeTinyDetector(directory, 'tiny', { change: withoutFile });
    expect(await createSamplingChoice(registry)(camera)).toMatchObject({ still: TINY_STILL });
  });
});

describe('a detector’s manifest', () => {
  const input = (fields: object) => (given: Record<string, unknown>) => ({
    ...given,
    input: { ...(given.input as object), ...fields },
  });
  const detector = (fields: object) => (given: Record<string, unknown>) => ({
    ...given,
    detector: { ...(given.detector as object), ...fields },
  });

  it.each([
    ['no detector', (given: Record<string, unknown>) => ({ ...given, detector: undefined }), 'detector is missing'],
    ['several frames', input({ frames: 2 }), 'input.frames must be 1'],
    ['gray pictures', input({ channels: 1 }), 'input.channels must be 3'],
    ['a place for frames', input({ layout: 'NTCHW' }), 'input.layout must be NCHW'],
    ['halves that are no squares', input({ width: 64 }), 'halves are squares'],
    ['another size than its output has', input({ width: 64, height: 64 }), 'output.dims must be [84, 7]'],
    ['more classes than its output', detector({ classes: ['a', 'b', 'c'] }), 'output.dims must be [21, 8]'],
    ['a class twice', detector({ classes: ['a', 'a'] }), 'detector.classes has a name twice'],
    ['another architecture', detector({ architecture: 'fastestdet' }), 'output.dims must be [7, 2, 2]'],
  ])('is refused with %s', async (_, change, reason) => {
    await writeTinyDetector(directory, 'tiny', { change });
    await expect(registry.get('tiny')).rejects.toMatchObject({
      code: 'VDT_PACK_INVALID',
      message: expect.stringContaining(reason),
    });
  });

  it('belongs to a detector alone', async () => {
    await writeTinyPack(directory, 'bad', undefined, (given) => ({
      ...given,
      detector: { architecture: 'yolox', classes: ['a'], tiles: 'whole', confidence: 0.5, overlap: 0.5 },
    }));
    await expect(registry.get('bad')).rejects.toMatchObject({ message: expect.stringContaining('kind detector') });
  });
});

describe('packs that come without their weights', () => {
  it('are listed, told apart from those that are here, and not loaded', async () => {
    await writeTinyDetector(directory, 'tiny', { withFile: false, change: withoutFile });
    const listings = await registry.list();
    expect(listings.map(({ id, pack }) => [id, pack && isInstalled(pack)])).toEqual([
      ['mean', true],
      ['tiny', false],
    ]);
    await expect(registry.load('tiny')).rejects.toMatchObject({ code: 'VDT_PACK_NOT_PULLED' });
  });

  it('are found complete once their files lie in the second folder', async () => {
    await writeTinyDetector(directory, 'tiny', { withFile: false, change: withoutFile });
    const pulled = join(directory, 'pulled');
    await writeTinyDetector(pulled, 'tiny');
    await rm(join(pulled, 'tiny', 'pack.json'));
    const pack = await new PackRegistry(directory, pulled).load('tiny');
    expect(pack.modelPath).toBe(join(pulled, 'tiny', 'tiny.onnx'));
  });

  it('may be another export of the same network', async () => {
    const bytes = await writeTinyDetector(directory, 'tiny');
    const sound = (await manifest('tiny')).files[0];
    await writeTinyDetector(directory, 'tiny', {
      change: (given) => ({
        ...given,
        files: [
          {
            path: 'tiny.onnx',
            sha256: '0'.repeat(64),
            sizeBytes: 1,
            alternatives: [sound && { sha256: sound.sha256 }],
          },
        ],
      }),
    });
    expect(bytes.length).toBeGreaterThan(1);
    expect((await registry.load('tiny')).manifest.id).toBe('tiny');
  });
});

describe('the detectors that Vedette knows', () => {
  it.each(['yolox-nano', 'fastest-det'])('%s has a sound manifest that goes with motion-grid', async (id) => {
    const builtIn = new PackRegistry(builtInPackDirectory());
    const [extractor, detector] = [await builtIn.get('motion-grid'), await builtIn.get(id)];
    const plan = planPacks([extractor.manifest, detector.manifest]);
    expect(plan.key).toBe(`motion-grid+${id}`);
    expect(pictureManifestOf(detector.manifest).detector?.classes).toHaveLength(80);
    expect(detector.manifest.files[0]?.source).toMatch(/^https:\/\/github\.com\//);
    expect((plan.sampling.still?.width ?? 0) / (plan.sampling.still?.height ?? 1)).toBe(1.5);
  });
});
