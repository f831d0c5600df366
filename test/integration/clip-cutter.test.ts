import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClipCutter } from '../../src/deliver/clip-cutter.ts';
import { type CutDependencies, cutEvidence } from '../../src/deliver/cut-evidence.ts';
import type { ClipIncident, EvidenceUpdate, RecordedChunk } from '../../src/deliver/ports.ts';
import { FolderEvidenceStore } from '../../src/media/folder-evidence-store.ts';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { problem } from '../../src/platform/errors.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { ManualClock } from '../../src/platform/manual-clock.ts';
import { createMetrics } from '../../src/platform/metrics.ts';

const run = promisify(execFile);
const BASE_MS = Date.UTC(2026, 0, 1, 12);
const CHUNK_SECONDS = 2;
const CHUNKS = 6;
/** Brightness tells the time: 20 at the start, 15 more a second. */
const SOURCE = `nullsrc=size=160x120:rate=25:duration=${CHUNK_SECONDS * CHUNKS},geq=lum='20+15*T':cb=128:cr=128`;
const timeOfBrightness = (luma: number) => (luma - 20) / 15;

let base: string;
let folder: string;
const recordings = new Map<string, readonly RecordedChunk[]>();

async function record(name: string, encoder: readonly string[], reset: '0' | '1'): Promise<void> {
  const to = join(base, name);
  await mkdir(to);
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', SOURCE, '-pix_fmt', 'yuv420p', ...encoder],
    ...['-f', 'segment', '-segment_time', String(CHUNK_SECONDS), '-reset_timestamps', reset],
    ...['-segment_format', 'matroska', join(to, '%03d.mkv')],
  ]);
  const files = (await readdir(to)).sort();
  recordings.set(
    name,
    files.map((file, index) => ({
      path: join(to, file),
      startMs: BASE_MS + index * CHUNK_SECONDS * 1000,
      endMs: BASE_MS + (index + 1) * CHUNK_SECONDS * 1000,
    })),
  );
}

const chunksOf = (name: string) => recordings.get(name) ?? [];

interface Probe {
  readonly format: { readonly duration: string; readonly start_time: string };
  readonly streams: readonly { readonly codec_name: string; readonly codec_tag_string: string }[];
}
async function probe(file: string): Promise<{ durationSeconds: number; codec: string; tag: string; streams: number }> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', file]);
  const { format, streams }: Probe = JSON.parse(stdout);
  const stream = streams[0];
  return {
    durationSeconds: Number(format.duration),
    codec: stream?.codec_name ?? '',
    tag: stream?.codec_tag_string ?? '',
    streams: streams.length,
  };
}

/** Mean brightness of every frame, in order, with the decoder's complaints. */
async function brightness(file: string): Promise<{ frames: number[]; complaints: string }> {
  const { stdout, stderr } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-vf', 'format=yuvj420p,format=gray,scale=1:1', '-f', 'rawvideo', 'pipe:1'],
    { encoding: 'buffer' },
  );
  // grey is full range here, the source was TV range
  return { frames: [...stdout].map((grey) => 16 + (grey * 219) / 255), complaints: stderr.toString() };
}

async function rgb(file: string): Promise<Buffer> {
  const args = ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  return (await run('ffmpeg', args, { encoding: 'buffer' })).stdout;
}

function cutter(ffprobePath = 'ffprobe', ffmpegPath = 'ffmpeg'): ClipCutter {
  return new ClipCutter({
    ffmpegPath,
    ffprobePath,
    timeoutMs: 30_000,
    spawn: systemSpawn,
    clock: systemClock,
    stopping: new AbortController().signal,
    logger: silentLogger,
  });
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vedette-clip-'));
  const gop = ['-g', '25', '-keyint_min', '25', '-sc_threshold', '0'];
  const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', ...gop]; // with B-frames
  await record('running clock', h264, '0');
  await record('clock starting anew', h264, '1');
  await record('hevc', ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25'], '0');
  await record('mjpeg', ['-c:v', 'mjpeg', '-q:v', '3'], '0');
});
afterAll(() => rm(base, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(base, 'cut-'));
});

describe('cutting a clip from recorded chunks', () => {
  it.each(['running clock', 'clock starting anew'])('cuts the wanted stretch across chunks (%s)', async (name) => {
    const probed = await cutter().probe(chunksOf(name));
    const window = { fromMs: BASE_MS + 3_400, toMs: BASE_MS + 8_500 };
    const clip = await cutter().cutClip(probed, window, BASE_MS + 5_000, folder);
    const { durationSeconds, codec, streams } = await probe(clip);
    // from the key frame at 3.0 s
    expect(durationSeconds).toBeGreaterThan(5.3);
    expect(durationSeconds).toBeLessThan(5.8);
    expect({ codec, streams }).toEqual({ codec: 'h264', streams: 1 });
    const { frames, complaints } = await brightness(clip);
    expect(complaints).toBe('');
    expect(timeOfBrightness(frames[0] ?? 0)).toBeCloseTo(3, 0);
    expect(timeOfBrightness(frames.at(-1) ?? 0)).toBeCloseTo(8.5, 0);
    // give or take the encoder's reordering delay
    expect(Math.abs(frames.length - 5.5 * 25)).toBeLessThanOrEqual(6);
    // time runs on without a jump back or a repeat
    expect(frames.every((luma, i) => i === 0 || luma >= (frames[i - 1] ?? 0) - 1)).toBe(true);
  });

  it('puts the index at the front, so that a browser can begin at once', async () => {
    const probed = await cutter().probe(chunksOf('running clock'));
    const clip = await cutter().cutClip(probed, { fromMs: BASE_MS, toMs: BASE_MS + 4_000 }, BASE_MS, folder);
    const file = await readFile(clip);
    expect(file.indexOf('moov')).toBeGreaterThan(0);
    expect(file.indexOf('moov')).toBeLessThan(file.indexOf('mdat'));
  });

  it.each(['running clock', 'clock starting anew'])('jumps over a gap in the recording (%s)', async (name) => {
    const chunks = chunksOf(name).filter((_chunk, index) => index !== 2);
    const probed = await cutter().probe(chunks);
    const window = { fromMs: BASE_MS + 2_000, toMs: BASE_MS + 8_000 };
    const clip = await cutter().cutClip(probed, window, BASE_MS + 3_000, folder);
    expect(Math.abs((await probe(clip)).durationSeconds - 4)).toBeLessThan(0.2);
  });

  it('copies HEVC under the name that players know, and encodes what browsers cannot play', async () => {
    const window = { fromMs: BASE_MS + 1_000, toMs: BASE_MS + 5_000 };
    const hevc = await cutter().cutClip(await cutter().probe(chunksOf('hevc')), window, BASE_MS + 3_000, folder);
    expect(await probe(hevc)).toMatchObject({ codec: 'hevc', tag: 'hvc1' });
    const mjpeg = await cutter().cutClip(await cutter().probe(chunksOf('mjpeg')), window, BASE_MS + 3_000, folder);
    const probed = await probe(mjpeg);
    expect(probed.codec).toBe('h264');
    expect(Math.abs(probed.durationSeconds - 4)).toBeLessThan(0.3);
  });

  it('keeps to the stretch around the peak where the camera changed its codec', async () => {
    const chunks = [...chunksOf('hevc').slice(0, 3), ...chunksOf('running clock').slice(3)];
    const window = { fromMs: BASE_MS, toMs: BASE_MS + 12_000 };
    const clip = await cutter().cutClip(await cutter().probe(chunks), window, BASE_MS + 9_000, folder);
    expect((await probe(clip)).codec).toBe('h264');
    expect(Math.abs((await probe(clip)).durationSeconds - 6)).toBeLessThan(0.3);
  });

  it('makes do with a chunk whose writer was killed, and leaves out one that is rubbish', async () => {
    const torn = join(folder, 'torn.mkv');
    const source = chunksOf('running clock')[2];
    await writeFile(torn, await readFile(source?.path ?? ''));
    await truncate(torn, 9_000);
    const rubbish = join(folder, 'it\'s "rubbish".mkv');
    await writeFile(rubbish, 'no video at all');
    const [, second, third, fourth] = chunksOf('running clock');
    const chunks = [second, { ...third, path: torn }, { ...fourth, path: rubbish }] as RecordedChunk[];
    const probed = await cutter().probe(chunks);
    expect(probed).toHaveLength(2);
    const window = { fromMs: BASE_MS + 2_000, toMs: BASE_MS + 8_000 };
    const clip = await cutter().cutClip(probed, window, BASE_MS + 3_000, folder);
    expect((await probe(clip)).durationSeconds).toBeGreaterThan(2);
    await cutter().cutSnapshot(probed.slice(1), BASE_MS + 5_900, folder);
  });

  it('reads a chunk with a quote in its path', async () => {
    const path = join(folder, "camera's.mkv");
    const [first] = chunksOf('running clock');
    await writeFile(path, await readFile(first?.path ?? ''));
    const probed = await cutter().probe([{ startMs: BASE_MS, endMs: BASE_MS + 2_000, path }]);
    await cutter().cutClip(probed, { fromMs: BASE_MS, toMs: BASE_MS + 2_000 }, BASE_MS, folder);
  });

  it.each([
    ['running clock', 5.04],
    ['clock starting anew', 5.04],
    ['running clock', 0],
    ['running clock', 11.99],
    ['hevc', 7.5],
    ['mjpeg', 3.3],
  ])('takes the snapshot at its moment (%s, %d s)', async (name, seconds) => {
    const probed = await cutter().probe(chunksOf(name));
    const snapshot = await cutter().cutSnapshot(probed, BASE_MS + seconds * 1000, folder);
    const { frames } = await brightness(snapshot);
    expect(frames).toHaveLength(1);
    expect(Math.abs(timeOfBrightness(frames[0] ?? 0) - seconds)).toBeLessThan(0.4);
  });

  it('lays the heat over the snapshot: red where it is strange, untouched elsewhere', async () => {
    const probed = await cutter().probe(chunksOf('running clock'));
    const snapshot = await cutter().cutSnapshot(probed, BASE_MS + 5_000, folder);
    const heat = { rows: 2, columns: 2, values: [0, 0, 0, 1] };
    const picture = await cutter().drawHeatMap(snapshot, heat, folder);
    const pixels = await rgb(picture);
    const plain = await rgb(snapshot);
    expect(pixels).toHaveLength(160 * 120 * 3);
    const at = (all: Buffer, x: number, y: number) => [...all.subarray((y * 160 + x) * 3, (y * 160 + x) * 3 + 3)];
    const [red = 0, green = 0, blue = 0] = at(pixels, 150, 110);
    expect(red - green).toBeGreaterThan(100);
    expect(red - blue).toBeGreaterThan(100);
    at(pixels, 10, 10).forEach((value, i) => {
      expect(Math.abs(value - (at(plain, 10, 10)[i] ?? 0))).toBeLessThan(8);
    });
  });

  it('says what failed where ffmpeg is missing or nothing is recorded', async () => {
    const probed = await cutter().probe(chunksOf('running clock'));
    const window = { fromMs: BASE_MS, toMs: BASE_MS + 1_000 };
    await expect(cutter('ffprobe', 'no-such-ffmpeg').cutClip(probed, window, BASE_MS, folder)).rejects.toMatchObject({
      code: 'VDT_CLIP_FAILED',
    });
    await expect(cutter().cutClip([], window, BASE_MS, folder)).rejects.toThrow(/nothing is recorded/);
    await expect(cutter().cutSnapshot([], BASE_MS, folder)).rejects.toThrow(/nothing is recorded/);
  });
});

describe('evidence of an incident', () => {
  let clock: ManualClock;
  let incident: ClipIncident;
  let chunks: RecordedChunk[];
  let parts: CutDependencies;
  let media: FolderEvidenceStore;

  beforeEach(() => {
    clock = new ManualClock(BASE_MS + 6_500);
    media = new FolderEvidenceStore(join(folder, 'evidence'));
    incident = {
      id: 'inc_1',
      cameraId: 'gate',
      state: 'open',
      onsetMs: BASE_MS + 4_000,
      openedMs: BASE_MS + 5_000,
      lastAnomalousMs: BASE_MS + 6_000,
      closedMs: null,
      peakMs: BASE_MS + 5_000,
      clip: { state: 'pending', path: null },
      snapshot: { state: 'pending', path: null },
      heatmap: { state: 'pending', path: null },
      heat: [0, 0, 0, 1],
      gridRows: 2,
      gridColumns: 2,
    };
    chunks = [...chunksOf('running clock').slice(0, 3)];
    parts = {
      incidents: {
        get: async (id) => {
          if (id !== incident.id) throw problem('VDT_NOT_FOUND', { what: 'Incident', id });
          return incident;
        },
        setEvidence: async (_id, kind, update: EvidenceUpdate) => {
          incident = { ...incident, [kind]: { ...update, path: update.path ?? null } };
        },
      },
      chunks: {
        covering: async (cameraId, fromMs, toMs) =>
          cameraId === 'gate' ? chunks.filter((chunk) => chunk.endMs > fromMs && chunk.startMs < toMs) : [],
      },
      media,
      cutter: cutter(),
      clock,
      logger: silentLogger,
      metrics: createMetrics(),
      settings: { preRollMs: 2_000, postRollMs: 2_000, maxClipMs: 60_000, patienceMs: 20_000 },
      dataDir: base,
      workDir: join(folder, 'work'),
      stopping: new AbortController().signal,
    };
  });

  const close = (closedMs = BASE_MS + 8_500) => {
    incident = { ...incident, state: 'closed', closedMs, lastAnomalousMs: BASE_MS + 8_000 };
    clock.stepWallClock(closedMs - clock.nowMs());
  };

  it('has a snapshot and a first clip while it is open, and the whole clip after the close', async () => {
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(incident.snapshot).toMatchObject({ state: 'ready', path: 'inc_1/snapshot.jpg' });
    expect(incident.heatmap).toMatchObject({ state: 'ready', path: 'inc_1/heatmap.jpg' });
    expect(incident.clip).toMatchObject({ state: 'pending', path: 'inc_1/clip-so-far.mp4' });
    const first = await probe(join(folder, 'evidence/inc_1/clip-so-far.mp4'));
    expect(Math.abs(first.durationSeconds - 4)).toBeLessThan(0.3);

    // when it closes before the recording has got that far, then the job waits
    close();
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'later', atMs: clock.nowMs() + 2_000 });
    clock.stepWallClock(2_000);
    chunks = [...chunksOf('running clock')];
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(incident.clip).toMatchObject({ state: 'ready', path: 'inc_1/clip.mp4' });
    expect((await readdir(join(folder, 'evidence/inc_1'))).sort()).toEqual(['clip.mp4', 'heatmap.jpg', 'snapshot.jpg']);
    expect(Math.abs((await probe(join(folder, 'evidence/inc_1/clip.mp4'))).durationSeconds - 8)).toBeLessThan(0.3);
    expect(await readdir(join(folder, 'work'))).toEqual([]);
    // and doing it again changes nothing
    const before = await media.stat('inc_1/clip.mp4');
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(await media.stat('inc_1/clip.mp4')).toEqual(before);
  });

  it('is cut from what there is when the recording never gets that far', async () => {
    close();
    expect(await cutEvidence('inc_1', parts)).toMatchObject({ state: 'later' });
    clock.stepWallClock(22_000);
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(incident.clip).toMatchObject({ state: 'ready' });
    expect(Math.abs((await probe(join(folder, 'evidence/inc_1/clip.mp4'))).durationSeconds - 4)).toBeLessThan(0.3);
  });

  it('is declared failed, with the reason, when nothing was recorded', async () => {
    chunks = [];
    close();
    expect(await cutEvidence('inc_1', parts)).toMatchObject({ state: 'later' });
    clock.stepWallClock(22_000);
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(incident.clip).toMatchObject({ state: 'failed', reason: expect.stringMatching(/nothing is recorded/) });
    expect(incident.snapshot).toMatchObject({ state: 'failed' });
  });

  it('is tried again while a failure may pass, then declared failed', async () => {
    chunks = [...chunksOf('running clock')];
    close();
    parts = { ...parts, cutter: cutter('ffprobe', 'no-such-ffmpeg') };
    clock.stepWallClock(2_000);
    expect(await cutEvidence('inc_1', parts)).toMatchObject({ state: 'later' });
    expect(incident.clip.state).toBe('pending');
    clock.stepWallClock(60_000);
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(incident.clip).toMatchObject({ state: 'failed', reason: expect.stringMatching(/no-such-ffmpeg/) });
  });

  it('has no heat map, and says why, where the scorer gave none', async () => {
    incident = { ...incident, heat: null };
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(incident.heatmap.state).toBe('pending'); // a later peak may bring one
    chunks = [...chunksOf('running clock')];
    close();
    clock.stepWallClock(2_000);
    expect(await cutEvidence('inc_1', parts)).toEqual({ state: 'done' });
    expect(incident.heatmap).toMatchObject({ state: 'failed', reason: expect.stringMatching(/where in the picture/) });
    expect(incident.snapshot).toMatchObject({ state: 'ready' });
  });

  it('does nothing for an incident that is gone', async () => {
    expect(await cutEvidence('inc_none', parts)).toEqual({ state: 'done' });
  });
});
