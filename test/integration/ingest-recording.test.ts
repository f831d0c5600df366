import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sampling } from '../../src/bus/sampling.ts';
import type { Segment } from '../../src/bus/segment.ts';
import { frameTimes, readSegments } from '../../src/ingest/recording-reader.ts';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { makeTestVideo } from '../support/rtsp-server.ts';

const SAMPLING: Sampling = { framesPerSecond: 10, width: 64, height: 48, pixelFormat: 'gray8', framesPerSegment: 8 };
const EPOCH = Date.UTC(2026, 0, 1);
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-recording-'));
  file = join(folder, 'a street, 100% "quiet".mp4');
  await makeTestVideo(file, 5, { bFrames: 2 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = (options: Partial<Parameters<typeof readSegments>[0]> = {}) =>
  readSegments({
    file,
    cameraId: 'gate',
    epoch: EPOCH,
    sampling: SAMPLING,
    ffmpegPath: 'ffmpeg',
    spawn: systemSpawn,
    clock: systemClock,
    ...options,
  });

async function all(segments: AsyncIterable<Segment>): Promise<Segment[]> {
  const found: Segment[] = [];
  for await (const segment of segments) found.push(segment);
  return found;
}

describe('a recording', () => {
  test('gives its sampled frames with the times that its frames really have', async () => {
    const segments = await all(read());
    expect(segments.map((segment) => segment.sequence)).toEqual([0, 1, 2, 3, 4, 5]); // 50 samples: 6 x 8, the rest is not full
    const times = await frameTimes(file, { ffprobePath: 'ffprobe', spawn: systemSpawn, clock: systemClock });
    expect(times).toHaveLength(125);
    for (const segment of segments) {
      expect(segment.epoch).toBe(EPOCH);
      for (const [i, seconds] of segment.mediaTimesSeconds.entries()) {
        expect(Math.min(...times.map((time) => Math.abs(time - seconds)))).toBeLessThan(1e-5);
        expect(segment.frameTimesMs[i]).toBe(EPOCH + Math.round(seconds * 1_000));
      }
    }
  });

  test('gives stills beside its frames where they are wanted, and nearly the same frames as without', async () => {
    const still = { width: 96, height: 72 };
    const [plain, withStills] = [await all(read()), await all(read({ sampling: { ...SAMPLING, still } }))];
    expect(withStills.map((segment) => segment.frameTimesMs)).toEqual(plain.map((segment) => segment.frameTimesMs));
    for (const [i, segment] of withStills.entries()) {
      expect(segment.still).toMatchObject(still);
      expect(segment.still?.pixels).toHaveLength(96 * 72 * 3);
      const other = plain[i]?.pixels ?? new Uint8Array();
      const gap = segment.pixels.reduce((sum, pixel, at) => sum + Math.abs(pixel - (other[at] ?? 0)), 0);
      expect(gap / segment.pixels.length).toBeLessThan(6); // gray levels; the test picture is all edges
      expect(plain[i]).not.toHaveProperty('still');
    }
    expect(await all(read({ sampling: { ...SAMPLING, still } }))).toEqual(withStills);
  });

  test('gives the same bytes each time, and never a frame twice at a rate above its own', async () => {
    const sampling = { ...SAMPLING, framesPerSecond: 60, pixelFormat: 'rgb24' as const };
    const [once, again] = [await all(read({ sampling })), await all(read({ sampling }))];
    const digest = (segments: readonly Segment[]) =>
      createHash('sha256')
        .update(Buffer.concat(segments.map((segment) => segment.pixels)))
        .digest('hex');
    expect(digest(once)).toBe(digest(again));
    expect(once).toHaveLength(15); // 125 native frames / 8, not 300 / 8
    expect(once[0]?.pixels).toHaveLength(64 * 48 * 3 * 8);
    const times = once.flatMap((segment) => segment.mediaTimesSeconds);
    expect(new Set(times).size).toBe(times.length);
  });

  test('waits for a slow reader, and its ffmpeg ends with a reader that leaves', async () => {
    const pids: number[] = [];
    const spawn: typeof systemSpawn = (command, args, options) => {
      const child = systemSpawn(command, args, options);
      if (child.pid !== undefined) pids.push(child.pid);
      return child;
    };
    for await (const segment of read({
      spawn,
      sampling: { ...SAMPLING, width: 640, height: 480, pixelFormat: 'rgb24' },
    })) {
      await systemClock.sleep(300);
      expect(() => process.kill(pids[0] ?? 0, 0)).not.toThrow(); // still there: held back by the pipe
      expect(segment.sequence).toBe(0);
      break;
    }
    expect(() => process.kill(pids[0] ?? 0, 0)).toThrow();
  });

  test('that is no video is refused with the reason', async () => {
    const text = join(folder, 'notes.txt');
    await writeFile(text, 'nothing to see');
    await expect(all(read({ file: text }))).rejects.toMatchObject({ code: 'VDT_RECORDING_UNREADABLE' });
    await expect(all(read({ file: join(folder, 'absent.mp4') }))).rejects.toThrow(/No such file/);
    await expect(
      frameTimes(text, { ffprobePath: 'ffprobe', spawn: systemSpawn, clock: systemClock }),
    ).rejects.toMatchObject({ code: 'VDT_RECORDING_UNREADABLE' });
    await expect(all(read({ ffmpegPath: '/no/such/ffmpeg' }))).rejects.toMatchObject({
      code: 'VDT_RECORDING_UNREADABLE',
    });
  });
});
