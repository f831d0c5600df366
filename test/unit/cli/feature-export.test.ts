import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Segment } from '../../../src/bus/segment.ts';
import { exportVideo, snippetTruth } from '../../../src/cli/feature-export/export-video.ts';
import { type ExportedVideo, exportedVideos, uniqueNames } from '../../../src/cli/feature-export/exported-video.ts';
import { FeatureFolder, type FeatureOrigin } from '../../../src/cli/feature-export/feature-folder.ts';
import { NpyWriter, npyShape } from '../../../src/cli/feature-export/npy-writer.ts';
import type { SegmentFeatures } from '../../../src/score/segment-features.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-features-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ORIGIN: FeatureOrigin = { pack: 'tiny', version: '1.0.0', dims: 2, secondsPerSnippet: 0.5, files: { a: 'f00d' } };
const VIDEO: ExportedVideo = {
  name: 'v1',
  file: '/somewhere/v1.mp4',
  source: 'v1.mp4',
  label: 'fight',
  group: 'g1',
  split: 'train',
  anomalous: null,
};

/** A recording of `count` segments whose descriptors are [index, -index]. */
function recording(count: number, failAfter = Number.POSITIVE_INFINITY) {
  return {
    async *openRecording(): AsyncGenerator<Segment> {
      for (let index = 0; index < count; index++) {
        if (index >= failAfter) throw new Error('the machine stopped');
        const times = [index / 2, index / 2 + 0.4];
        yield {
          cameraId: 'x',
          epoch: 0,
          sequence: index,
          fencingToken: 0,
          frameTimesMs: times.map((time) => time * 1_000),
          mediaTimesSeconds: times,
          width: 1,
          height: 1,
          pixelFormat: 'gray8',
          pixels: new Uint8Array(2),
        };
      }
    },
    frameTimes: async () => Array.from({ length: count * 5 }, (_, frame) => frame / 10),
    extract: async ({ sequence }: Segment) =>
      ({
        learned: { embeddings: { tiny: Float32Array.of(sequence, -sequence) }, heads: {} },
      }) as unknown as SegmentFeatures,
  };
}

const run = (into: FeatureFolder, path: ReturnType<typeof recording>, video = VIDEO) =>
  exportVideo({
    video,
    index: 0,
    path,
    packId: 'tiny',
    folder: into,
    signal: new AbortController().signal,
    onSnippet: () => {},
  });

const floatsOf = (bytes: Buffer) => [
  ...new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length)),
];

describe('a .npy file', () => {
  it('holds the rows as float32 behind a header of 128 bytes, and is not there before it is whole', async () => {
    const path = join(folder, 'a.npy');
    const writer = await NpyWriter.create(path);
    await writer.append(Float32Array.of(1, 2.5, -3));
    await writer.append(Float32Array.of(4, 5, 6));
    await expect(writer.append(Float32Array.of(1))).rejects.toThrow(RangeError);
    expect(await readdir(folder)).toEqual(['a.npy.part']);
    await writer.finish();
    const bytes = await readFile(path);
    expect(bytes.length).toBe(128 + 2 * 3 * 4);
    expect(bytes.subarray(10, 128).toString('latin1')).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3\), \} +\n$/,
    );
    expect(npyShape(bytes)).toEqual([2, 3]);
    expect(floatsOf(bytes)).toEqual([1, 2.5, -3, 4, 5, 6]);
  });

  it('leaves nothing where it is given up', async () => {
    const writer = await NpyWriter.create(join(folder, 'a.npy'));
    await writer.append(Float32Array.of(1));
    await writer.discard();
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('names of recordings', () => {
  it('are the file names, with folders where two share one, then numbers', () => {
    expect(uniqueNames(['a/one.mp4', 'b/two.mkv', 'c d/two.mp4'])).toEqual(['one', 'b_two', 'c_d_two']);
    expect(uniqueNames(['x.mp4', 'x.avi', '../../é.mp4', '.hidden.mp4'])).toEqual(['x', 'x-2', '_', 'hidden']);
  });

  it('of a scene: normal recordings train, each a group of its own; test recordings bring their truth', () => {
    const videos = exportedVideos(
      {
        kind: 'scene',
        name: 'ped',
        cameras: [
          {
            id: 'c',
            normal: ['/data/train/01.mp4'],
            test: [
              { file: '/data/test/01.mp4', name: 'test/01.mp4', anomalous: [[1, 2]], field: '' },
              { file: '/data/test/02.mp4', name: 'test/02.mp4', anomalous: [], field: '' },
            ],
            field: '',
          },
        ],
      },
      '/data/set.json',
      'train',
    );
    expect(videos.map(({ name, label, group, split }) => [name, label, group, split])).toEqual([
      ['train_01', 'normal', 'train_01', 'train'],
      ['test_01', 'anomalous', 'test_01', 'test'],
      ['02', 'normal', '02', 'test'],
    ]);
  });
});

describe('truth of snippets', () => {
  it('is 1 where one of the frames that get their score is abnormal', () => {
    const frames = Array.from({ length: 20 }, (_, frame) => frame / 10);
    const segments = [0, 1, 2].map((index) => ({
      startSeconds: index * 0.5,
      endSeconds: index * 0.5 + 0.4,
      score: index,
    }));
    expect([...snippetTruth(frames, segments, [[9, 10]])]).toEqual([0, 1, 1]);
    expect([...snippetTruth(frames, segments, [[17, 30]])]).toEqual([0, 0, 1]); // what lies after the last whole segment
    expect([...snippetTruth(frames, segments, [])]).toEqual([0, 0, 0]);
  });
});

describe('a folder of features', () => {
  it('lists finished recordings for the training, quoting what a comma would break', async () => {
    const features = await FeatureFolder.open(folder, ORIGIN);
    const snippets = await run(features, recording(3), { ...VIDEO, anomalous: [[5, 9]] });
    features.note({ ...VIDEO, group: 'a, "b"', dataset: 'd', snippets });
    await features.save();
    expect(snippets).toBe(3);
    expect(await readFile(join(folder, 'labels.csv'), 'utf8')).toBe(
      'video,label,group,split,seconds_per_snippet\nv1,fight,"a, ""b""",train,0.5\n',
    );
    expect(floatsOf(await readFile(join(folder, 'v1.npy')))).toEqual([0, -0, 1, -1, 2, -2]);
    expect([...(await readFile(join(folder, 'truth', 'v1.npy'))).subarray(128)]).toEqual([0, 1, 0]);
  });

  it('goes on where it stopped: what is finished is known, what was broken off is not', async () => {
    const features = await FeatureFolder.open(folder, ORIGIN);
    await run(features, recording(2));
    const second = { ...VIDEO, name: 'v2' };
    await expect(run(features, recording(4, 2), second)).rejects.toThrow('the machine stopped');
    const again = await FeatureFolder.open(folder, ORIGIN);
    expect(await again.finished(VIDEO)).toBe(2);
    expect(await again.finished(second)).toBeNull();
    expect(await readdir(folder)).not.toContain('v2.npy.part');
  });

  it('refuses features of another pack, version or weights, naming which', async () => {
    await FeatureFolder.open(folder, ORIGIN);
    await expect(FeatureFolder.open(folder, { ...ORIGIN, pack: 'other' })).rejects.toMatchObject({
      code: 'VDT_FEATURES_DIFFER',
      values: { field: 'pack', reason: 'is tiny there and other now' },
    });
    await expect(FeatureFolder.open(folder, { ...ORIGIN, files: { a: 'beef' } })).rejects.toThrow('SHA-256 of a');
    await writeFile(join(folder, 'features.json'), 'torn');
    await expect(FeatureFolder.open(folder, ORIGIN)).rejects.toThrow('cannot be read');
  });

  it('says why a recording gives none', async () => {
    const features = await FeatureFolder.open(folder, ORIGIN);
    await expect(run(features, recording(0))).rejects.toMatchObject({ code: 'VDT_FEATURES_NONE' });
    const blind = { ...recording(1), extract: async () => ({}) as unknown as SegmentFeatures };
    await expect(run(features, blind)).rejects.toThrow('tiny did not look at segment 0');
    expect(await readdir(folder)).toEqual(expect.not.arrayContaining(['v1.npy', 'v1.npy.part']));
  });

  const numpy = hasNumpy();
  it.skipIf(!numpy)('is read by NumPy (skipped where /usr/bin/python3 has none)', async () => {
    const features = await FeatureFolder.open(folder, ORIGIN);
    await run(features, recording(3), { ...VIDEO, anomalous: [[0, 0]] });
    const code = `import numpy as n; a = n.load("${folder}/v1.npy"); t = n.load("${folder}/truth/v1.npy"); print(a.dtype, a.shape, a[2], t.dtype, t)`;
    expect(execFileSync('/usr/bin/python3', ['-c', code], { encoding: 'utf8' }).trim()).toBe(
      'float32 (3, 2) [ 2. -2.] uint8 [1 0 0]',
    );
  });
});

function hasNumpy(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
