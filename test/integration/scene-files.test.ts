import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeScene } from '../../src/scene/encode-scene.ts';
import { sceneScript } from '../../src/scene/scene-script.ts';
import { writeDataset } from '../../src/scene/write-dataset.ts';

const run = promisify(execFile);

interface ProbedPacket {
  readonly pts: number;
  readonly dts: number;
  readonly flags: string;
}

async function probe(file: string) {
  const args = ['-v', 'error', '-of', 'json', '-show_streams', '-show_packets', file];
  const { stdout } = await run('ffprobe', args, { maxBuffer: 32 << 20 });
  return JSON.parse(stdout) as {
    readonly streams: readonly { codec_name: string; width: number; height: number; avg_frame_rate: string }[];
    readonly packets: readonly ProbedPacket[];
  };
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-scene-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an encoded scene', () => {
  it('is H.264 with every frame, a key frame each second and none out of order', async () => {
    const script = sceneScript({ width: 320, height: 180, framesPerSecond: 10, durationSeconds: 5 });
    const seen: number[] = [];
    const encoded = await encodeScene({
      script,
      file: join(folder, 'deep', 'a.mp4'),
      onProgress: ({ frame }) => seen.push(frame),
    });
    expect(encoded).toMatchObject({ frames: 50, truth: { anomalous: [] } });
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    const { streams, packets } = await probe(encoded.file);
    expect(streams).toEqual([
      expect.objectContaining({ codec_name: 'h264', width: 320, height: 180, avg_frame_rate: '10/1' }),
    ]);
    expect(packets).toHaveLength(50);
    expect(packets.every(({ pts, dts }) => pts === dts)).toBe(true);
    expect(packets.flatMap(({ flags }, i) => (flags.startsWith('K') ? [i] : []))).toEqual([0, 10, 20, 30, 40]);
    expect(await readdir(join(folder, 'deep'))).toEqual(['a.mp4']);
  });
});

describe('a written dataset', () => {
  it('names recordings that exist, with ranges that lie inside them', async () => {
    const { file, dataset } = await writeDataset({
      folder: join(folder, 'set'),
      seed: 2,
      normalRecordings: 1,
      normalSeconds: 4,
      testRecordings: 2,
      testSeconds: 20,
      scene: { width: 160, height: 90, framesPerSecond: 5 },
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(dataset);
    expect(dataset).toMatchObject({ kind: 'scene', name: 'street' });
    const [camera] = dataset.cameras;
    expect(camera?.id).toBe('street-1');
    expect((await probe(join(folder, 'set', camera?.normal[0] ?? ''))).packets).toHaveLength(20);
    expect(camera?.test).toHaveLength(2);
    for (const test of camera?.test ?? []) {
      expect((await probe(join(folder, 'set', test.file))).packets).toHaveLength(100);
      expect(test.anomalous).toHaveLength(1);
      const [start, end] = test.anomalous[0] ?? [0, 0];
      expect(start).toBeGreaterThanOrEqual(12);
      expect(end).toBeGreaterThan(start + 5);
      expect(end).toBeLessThan(100); // the last frame is 99
    }
  });
});
