import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSamplingChoice } from '../../../src/cli/sampling-choice.ts';
import { sensesOf } from '../../../src/infer/camera-senses.ts';
import { loadPlan } from '../../../src/infer/packs/load-plan.ts';
import type { PackManifest } from '../../../src/infer/packs/pack-manifest.ts';
import { planUsable } from '../../../src/infer/packs/pack-plan.ts';
import { builtInPackDirectory, PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import { writeTinyClipPack, writeTinyFramesPack, writeTinyHead } from '../../support/tiny-learned.ts';
import { writeTinyPack } from '../../support/tiny-onnx.ts';

const BASE = { frames: 2, width: 4, height: 4 };
let directory: string;
let registry: PackRegistry;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-learned-plan-'));
  registry = new PackRegistry(directory);
  await writeTinyPack(directory, 'motion-grid', BASE);
  await writeTinyFramesPack(directory, 'gray', { ...BASE, framesPerSecond: 2 });
  await writeTinyClipPack(directory, 'quick', { frames: 16, framesPerSecond: 30, width: 8, height: 6 }, (given) => ({
    ...given,
    input: { ...(given.input as object), resize: { width: 10, height: 8 } },
  }));
  await writeTinyClipPack(directory, 'slow', { frames: 2, framesPerSecond: 4, width: 12, height: 6 });
  await writeTinyHead(directory, 'head', { extractor: 'gray', dims: 8, window: 4 });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const planOf = async (...ids: string[]) => (await loadPlan(registry, ids)).plan;
const changed = (fields: object) => (given: Record<string, unknown>) => ({ ...given, ...fields });

describe('learned packs of a camera', () => {
  it('run beside the base, which is added and then does not count for the score', async () => {
    const plan = await planOf('gray');
    expect(plan).toMatchObject({ ids: ['motion-grid', 'gray'], key: 'gray', normality: false });
    expect(plan.base.id).toBe('motion-grid');
    expect(sensesOf(plan)).toEqual({ normality: false, detector: false, heads: [], embeddings: ['gray'] });
    expect(await planOf('gray', 'motion-grid')).toMatchObject({
      ids: ['motion-grid', 'gray'],
      key: 'motion-grid+gray',
      normality: true,
    });
  });

  it('leave the plan of a camera without them as it was', async () => {
    const plan = await planOf('motion-grid');
    expect(plan).toMatchObject({ ids: ['motion-grid'], key: 'motion-grid', normality: true, learned: [], heads: [] });
    expect(Object.keys(plan.sampling)).toEqual([
      'framesPerSecond',
      'width',
      'height',
      'pixelFormat',
      'framesPerSegment',
    ]);
    expect(await planOf()).toEqual(plan);
  });

  it('come with the extractor that a head reads, which is no cue of its own', async () => {
    const { plan, packs } = await loadPlan(registry, ['head']);
    expect(plan).toMatchObject({ ids: ['motion-grid', 'gray', 'head'], key: 'head' });
    expect(sensesOf(plan)).toEqual({ normality: false, detector: false, heads: [{ id: 'head' }], embeddings: [] });
    expect(packs.map(({ manifest }) => manifest.id)).toEqual(plan.ids);
    expect(await planOf('head', 'gray', 'motion-grid')).toMatchObject({ key: 'motion-grid+gray+head' });
  });

  it('look only where motion is surprised if their manifest says so, and the motion cues count', async () => {
    const runWhen = { cue: 'motion', surprise: 3, holdSeconds: 5 };
    await writeTinyFramesPack(directory, 'costly', { ...BASE, framesPerSecond: 2 }, changed({ runWhen }));
    expect((await planOf('motion-grid', 'costly', 'gray')).cascade).toEqual([{ packId: 'costly', rule: runWhen }]);
    expect((await planOf('costly')).cascade).toEqual([]); // nothing else looks: there is no motion cue to wait for
    expect((await planOf('motion-grid', 'gray')).cascade).toEqual([]);
  });

  it('share one clip: the highest rate, the longest stretch, the largest size', async () => {
    expect((await planOf('quick')).sampling.clip).toEqual({ framesPerSecond: 30, frames: 16, width: 10, height: 8 });
    expect((await planOf('slow')).sampling.clip).toEqual({ framesPerSecond: 4, frames: 2, width: 12, height: 6 });
    expect((await planOf('slow', 'quick')).sampling.clip).toEqual({
      framesPerSecond: 30,
      frames: 16, // half a second for quick, a quarter for slow
      width: 12,
      height: 8,
    });
    expect((await planOf('gray')).sampling).not.toHaveProperty('clip');
  });

  it.each([
    [
      'whose extractor is not here',
      { extractor: 'none' },
      'head needs the extractor none 1.0.0, which is not installed',
    ],
    [
      'of another size',
      { features: { name: 'features', dims: 9, window: 4, normalise: 'none' } },
      'with 9 numbers, but it gives 8',
    ],
    ['of another version', { extractorVersion: '2.0.0' }, 'gray 2.0.0, but version 1.0.0 is installed'],
    ['on a grid', { extractor: 'motion-grid' }, 'motion-grid gives no descriptor of a whole segment'],
  ])('are refused with a head %s', async (_, fields, reason) => {
    await writeTinyHead(directory, 'head', { extractor: 'gray', dims: 8, window: 4 }, changed(fields));
    await expect(planOf('head')).rejects.toMatchObject({
      code: 'VDT_PACKS_UNUSABLE',
      message: expect.stringContaining(reason),
    });
  });

  it('are refused where one is named twice, is not there, or takes other frames than the base', async () => {
    await expect(planOf('gray', 'gray')).rejects.toThrow('gray is named twice');
    await expect(planOf('nobody')).rejects.toMatchObject({ code: 'VDT_PACK_NOT_FOUND' });
    await writeTinyFramesPack(directory, 'gray', { ...BASE, width: 6, framesPerSecond: 2 });
    await expect(planOf('gray')).rejects.toMatchObject({ code: 'VDT_PACKS_DIFFER' });
  });

  it('are left out of a live camera’s plan while their files are not here, and the rest goes on', async () => {
    const here = new Map<string, PackManifest>();
    for (const id of ['motion-grid', 'head']) here.set(id, (await registry.get(id)).manifest);
    const { plan, missing } = planUsable(['motion-grid', 'head', 'quick'], here);
    expect(plan).toMatchObject({ ids: ['motion-grid'], key: 'motion-grid' });
    expect(missing).toEqual(['head', 'quick']);
    expect(planUsable(['quick'], here)).toEqual({ plan: null, missing: ['quick'] });
  });

  it('are sampled for while their files are here', async () => {
    const camera = { settings: { packs: ['motion-grid', 'quick'] } };
    expect(await createSamplingChoice(registry)(camera)).toHaveProperty('clip');
    await rm(join(directory, 'quick', 'quick.onnx'));
    expect(await createSamplingChoice(registry)(camera)).not.toHaveProperty('clip');
  });
});

describe('manifests', () => {
  it.each([
    ['a clip of gray pictures', { channels: 1, layout: 'NTHW' }, 'input.channels must be 3'],
    ['a clip that is cut out of something smaller', { resize: { width: 7, height: 8 } }, 'input.resize is smaller'],
    ['its own frames resized', { source: 'frames', resize: { width: 10, height: 8 } }, 'input.resize is for clips'],
  ])('are refused with %s', async (_, fields, reason) => {
    await writeTinyClipPack(directory, 'bad', { frames: 2, framesPerSecond: 4, width: 8, height: 6 }, (given) => ({
      ...given,
      input: { ...(given.input as object), ...fields },
    }));
    await expect(registry.get('bad')).rejects.toMatchObject({
      code: 'VDT_PACK_INVALID',
      message: expect.stringContaining(reason),
    });
  });

  it.each([
    ['no window', { features: { name: 'features', dims: 8, normalise: 'none' } }, 'features'],
    ['a class twice', { experts: { name: 'experts', classes: ['a', 'a'] } }, 'experts.classes has a name twice'],
    ['itself to read', { extractor: 'head' }, 'extractor is the pack itself'],
    ['an input of pictures', { input: {} }, 'input'],
    ['a future that it sees', { causal: false }, 'causal'],
  ])('of heads are refused with %s', async (_, fields, reason) => {
    await writeTinyHead(directory, 'head', { extractor: 'gray', dims: 8, window: 4 }, changed(fields));
    await expect(registry.get('head')).rejects.toMatchObject({
      code: 'VDT_PACK_INVALID',
      message: expect.stringContaining(reason),
    });
  });

  const checkpoint = { source: 'https://models.example/all.pt', sha256: 'a'.repeat(64), format: 'torch' };
  it.each([
    ['neither hash nor checkpoint', { path: 'w.bin' }, 'needs sha256, or madeFrom'],
    ['no size', { path: 'w.bin', madeFrom: { ...checkpoint, tensors: 'gray.onnx' } }, 'needs sizeBytes'],
    [
      'no list of tensors',
      { path: 'w.bin', sizeBytes: 4, madeFrom: { ...checkpoint, tensors: 'x.json' } },
      'needs the file x.json',
    ],
    [
      'two hashes',
      { path: 'w.bin', sizeBytes: 4, madeFrom: { ...checkpoint, gitBlob: 'b'.repeat(40), tensors: 'gray.onnx' } },
      'either sha256 or gitBlob',
    ],
  ])('whose weights are made are refused with %s', async (_, file, reason) => {
    await writeTinyFramesPack(directory, 'gray', { ...BASE, framesPerSecond: 2 }, (given) => ({
      ...given,
      files: [...(given.files as object[]), file],
    }));
    await expect(registry.get('gray')).rejects.toMatchObject({ message: expect.stringContaining(reason) });
  });

  it('of all packs that come with Vedette are sound, and can be planned with as far as they are here', async () => {
    const listings = await new PackRegistry(builtInPackDirectory()).list();
    expect(listings.filter(({ error }) => error)).toEqual([]);
    const all = new Map(listings.flatMap(({ pack }) => (pack ? [[pack.manifest.id, pack.manifest] as const] : [])));
    for (const id of all.keys()) expect(planUsable([id], all).plan?.ids, id).toContain(id);
  });
});
