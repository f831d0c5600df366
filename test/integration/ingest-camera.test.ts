import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Sampling } from '../../src/bus/sampling.ts';
import type { Segment } from '../../src/bus/segment.ts';
import { CameraSupervisor, type SupervisorOptions } from '../../src/ingest/camera-supervisor.ts';
import { ChunkRecorder } from '../../src/ingest/chunk-recorder.ts';
import { GuardedProxy } from '../../src/ingest/guarded-proxy.ts';
import type { CameraStatus, RecordedChunk } from '../../src/ingest/ports.ts';
import { systemLookup } from '../../src/ingest/source-host.ts';
import { supervisorLimits } from '../../src/ingest/supervisor-limits.ts';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger, silentLogger } from '../../src/platform/logger.ts';
import { eventually } from '../support/eventually.ts';
import { makeTestVideo, type RtspServer, rtspServerMissing, startRtspServer } from '../support/rtsp-server.ts';

const run = promisify(execFile);
const CANARY = 'c4nary/p@ss:word#1';
const SAMPLING: Sampling = { framesPerSecond: 10, width: 64, height: 48, pixelFormat: 'gray8', framesPerSegment: 8 };
const NEW_CAMERA: CameraStatus = {
  state: 'connecting',
  sinceMs: 0,
  reason: null,
  lastFrameMs: null,
  framesPerSecond: null,
  reconnects: 0,
  codec: null,
  width: null,
  height: null,
};

let folder: string;
let video: string;
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-ingest-'));
  video = join(folder, 'street.mp4');
  await makeTestVideo(video, 6);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function serve(options: Parameters<typeof startRtspServer>[0] = {}): Promise<RtspServer> {
  const server = await startRtspServer({ file: video, ...options });
  endings.push(() => server.stop());
  return server;
}

function watch(
  sourceUrl: string,
  options: Partial<SupervisorOptions> & { readonly stallMs?: number; readonly record?: boolean } = {},
) {
  const segments: Segment[] = [];
  const chunks: RecordedChunk[] = [];
  const states: string[] = [];
  const reasons: (string | null)[] = [];
  const logLines: string[] = [];
  const logger = createLogger({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } });
  const dataFolder = join(folder, `data-${Math.random().toString(36).slice(2)}`);
  const recorder = new ChunkRecorder({
    cameraId: 'gate',
    dataFolder,
    chunkSeconds: 2,
    register: async (chunk) => void chunks.push(chunk),
    clock: systemClock,
    onRecorded: () => {},
    onTrouble: (reason) => void reasons.push(reason),
  });
  const supervisor = new CameraSupervisor({
    cameraId: 'gate',
    sourceUrl,
    transport: 'tcp',
    sampling: SAMPLING,
    fencingToken: 1,
    recorder: options.record ? recorder : null,
    limits: {
      ...supervisorLimits({ stallMs: options.stallMs ?? 15_000, offlineMs: 60_000, connectTimeoutMs: 10_000 }),
      ...options.limits,
    },
    ffmpegPath: 'ffmpeg',
    spawn: systemSpawn,
    lookup: systemLookup,
    clock: systemClock,
    random: () => 0.2,
    logger,
    previousStatus: NEW_CAMERA,
    onSegment: (segment) => segments.push(segment),
    onTransition: (status) => {
      states.push(status.state);
      reasons.push(status.reason);
    },
    ...options,
  });
  endings.push(() => supervisor.stop());
  supervisor.start();
  return { supervisor, segments, chunks, states, reasons, logLines, dataFolder };
}

/** Every process of this machine whose arguments or environment hold the text; the server and this test hold it rightly. */
function processesShowing(text: string, except: readonly number[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !except.includes(Number(name)))
    .flatMap((pid) =>
      ['cmdline', 'environ']
        .filter((file) => {
          try {
            return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(text);
          } catch {
            return false;
          }
        })
        .map((file) => `${pid}/${file}`),
    );
}

const alive = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe.skipIf(rtspServerMissing !== null)(`a camera over RTSP ${rtspServerMissing ?? ''}`, () => {
  test('gives clips at a rate of their own beside its frames, out of one connection', async () => {
    const { url } = await serve();
    const clip = { framesPerSecond: 25, frames: 11, width: 96, height: 64 };
    const camera = watch(url, { sampling: { ...SAMPLING, clip } });
    await eventually(() => expect(camera.segments.length).toBeGreaterThanOrEqual(3), { withinMs: 40_000 });
    for (const segment of camera.segments.slice(1, 3)) {
      expect(segment.pixels.length).toBe(64 * 48 * 8);
      // ten of the camera's 25 pictures a second: two or three steps of 40 ms between them
      const steps = segment.mediaTimesSeconds.slice(1).map((time, i) => time - (segment.mediaTimesSeconds[i] ?? 0));
      for (const step of steps) expect([80, 120]).toContain(Math.round(step * 1_000));
      const bytes = 96 * 64 * 3;
      expect(segment.clip).toMatchObject(clip);
      expect(segment.clip?.pixels.length).toBe(11 * bytes);
      const pictures = Array.from({ length: 11 }, (_, i) =>
        Buffer.from(segment.clip?.pixels.subarray(i * bytes, (i + 1) * bytes) ?? []).toString('base64'),
      );
      expect(new Set(pictures).size).toBeGreaterThan(8); // the pictures between the frames are there
    }
    await eventually(() => expect(camera.supervisor.status.framesPerSecond).toBeGreaterThan(5), { withinMs: 20_000 });
    expect(camera.supervisor.status.framesPerSecond).toBeLessThan(16); // its own frames are what counts
  });

  test('gives segments with true capture times, and its source stream is known', async () => {
    const { url } = await serve();
    const camera = watch(url);
    await eventually(() => expect(camera.segments.length).toBeGreaterThanOrEqual(4), { withinMs: 20_000 });
    const [first, second] = camera.segments;
    expect(first).toMatchObject({
      cameraId: 'gate',
      sequence: 0,
      width: 64,
      height: 48,
      pixelFormat: 'gray8',
      fencingToken: 1,
    });
    expect(first?.pixels.length).toBe(64 * 48 * 8);
    expect(second?.epoch).toBe(first?.epoch);
    const lastMs = camera.segments.at(-1)?.frameTimesMs.at(-1) ?? 0;
    expect(Math.abs(Date.now() - lastMs)).toBeLessThan(1_500);
    const times = camera.segments.slice(1).flatMap((segment) => segment.frameTimesMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan((times.length - 1) * 60);
    expect(camera.supervisor.status).toMatchObject({ state: 'live', codec: 'h264', width: 320, height: 240 });
    expect(camera.states).toEqual(['live']);
  });

  test('is recorded in chunks that play, follow each other and stand under their UTC start', async () => {
    const { url } = await serve();
    const camera = watch(url, { record: true });
    await eventually(() => expect(camera.chunks.length).toBeGreaterThanOrEqual(2), { withinMs: 20_000 });
    await camera.supervisor.stop();
    expect(camera.chunks.length).toBeGreaterThanOrEqual(3); // the tail came home too
    for (const [i, chunk] of camera.chunks.entries()) {
      expect(chunk.path).toBe(`chunks/gate/${new Date(chunk.startMs).toISOString().slice(0, 10)}/${chunk.startMs}.mkv`);
      if (i > 0) expect(chunk.startMs).toBe(camera.chunks[i - 1]?.endMs);
      const { stdout } = await run('ffprobe', [
        '-v',
        'error',
        '-show_entries',
        'format=duration,start_time',
        '-of',
        'csv=p=0',
        join(camera.dataFolder, chunk.path),
      ]);
      const [startSeconds, seconds] = stdout.trim().split(',').map(Number);
      expect(startSeconds || 0).toBeLessThan(0.1); // a chunk of a few pictures has none
      expect(Math.abs((seconds ?? 0) * 1_000 - (chunk.endMs - chunk.startMs))).toBeLessThan(300);
    }
    const firstFrameMs = camera.segments[0]?.frameTimesMs[0] ?? 0;
    expect(Math.abs((camera.chunks[0]?.startMs ?? 0) - firstFrameMs)).toBeLessThan(1_000);
    expect(readdirSync(join(camera.dataFolder, 'chunks/gate/.incoming'))).toEqual([]);
  });

  test.each([
    ['basic', false],
    ['digest', true],
  ])('with %s authentication shows its password nowhere', async (_kind, digest) => {
    const server = await serve({ user: 'viewer', password: CANARY, digest });
    const camera = watch(server.url, { record: true });
    await eventually(() => expect(camera.segments.length).toBeGreaterThanOrEqual(1), { withinMs: 20_000 });
    for (const secret of [CANARY, encodeURIComponent(CANARY)]) {
      expect(processesShowing(secret, [process.pid, server.pid])).toEqual([]);
    }
    await server.stop();
    await eventually(() => expect(camera.states).toContain('backoff'));
    await camera.supervisor.stop();
    const told = [...camera.logLines, ...camera.reasons].join('\n');
    expect(told).not.toContain(CANARY);
    expect(told).not.toContain(encodeURIComponent(CANARY));
  });

  test('with a wrong password says so and never goes live', async () => {
    const server = await serve({ user: 'viewer', password: CANARY, digest: true });
    const camera = watch(server.url.replace(/:[^:@]*@/, ':wrong@'));
    await eventually(() => expect(camera.reasons.join()).toMatch(/401/));
    expect(camera.states).not.toContain('live');
  });

  test('whose server freezes is stalled, not live, and comes back by itself', async () => {
    const server = await serve();
    const camera = watch(server.url, { stallMs: 1_500 });
    await eventually(() => expect(camera.segments.length).toBeGreaterThanOrEqual(1), { withinMs: 20_000 });
    const frozenMs = Date.now();
    process.kill(server.pid, 'SIGSTOP');
    await eventually(() => expect(camera.states).toContain('stalled'));
    expect(Date.now() - frozenMs).toBeLessThan(4_000);
    process.kill(server.pid, 'SIGCONT');
    const before = camera.segments.length;
    await eventually(() => expect(camera.segments.length).toBeGreaterThan(before), { withinMs: 25_000 });
    expect(camera.states.slice(0, 3)).toEqual(['live', 'stalled', 'backoff']);
    expect(camera.segments.at(-1)?.epoch).toBeGreaterThan(camera.segments[0]?.epoch ?? 0);
    expect(camera.segments.at(-1)?.sequence).toBeLessThan(before + 1);
  });

  test('whose ffmpeg is killed is back within seconds, with the reconnects counted', async () => {
    const { url } = await serve();
    const camera = watch(url);
    await eventually(() => expect(camera.states).toEqual(['live']), { withinMs: 20_000 });
    const pid = camera.supervisor.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(camera.states).toEqual(['live', 'backoff', 'connecting', 'live']), {
      withinMs: 15_000,
    });
    expect(camera.supervisor.status.reconnects).toBe(1);
    expect(camera.supervisor.pid).not.toBe(pid);
    expect(alive(pid)).toBe(false);
  });

  test('that is absent at first is connected when it appears', async () => {
    const placeholder = await serve();
    const { port } = placeholder;
    await placeholder.stop();
    const camera = watch(`rtsp://127.0.0.1:${port}/live`);
    await eventually(() => expect(camera.reasons.join()).toMatch(/refuses the connection/));
    await serve({ port });
    await eventually(() => expect(camera.states.at(-1)).toBe('live'), { withinMs: 25_000 });
  });

  test('that sends only sound is not healthy', async () => {
    const { url } = await serve({ audioOnly: true });
    const camera = watch(url);
    await eventually(() => expect(camera.reasons.join()).toMatch(/no video/), { withinMs: 20_000 });
    expect(camera.states).not.toContain('live');
  });

  test('leaves no ffmpeg behind when it is stopped', async () => {
    const { url } = await serve();
    const camera = watch(url);
    await eventually(() => expect(camera.states).toEqual(['live']), { withinMs: 20_000 });
    const pid = camera.supervisor.pid ?? 0;
    const stoppedMs = Date.now();
    await camera.supervisor.stop();
    expect(alive(pid)).toBe(false);
    expect(Date.now() - stoppedMs).toBeLessThan(2_000); // `q` was enough
  });

  test('leaves no ffmpeg behind when the worker itself is killed', async () => {
    const { url } = await serve();
    const worker = spawn(
      process.execPath,
      ['--import', 'tsx', new URL('../support/lone-camera.ts', import.meta.url).pathname, url],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    endings.push(async () => worker.kill('SIGKILL'));
    let told = '';
    worker.stdout.on('data', (bytes: Buffer) => {
      told += bytes.toString();
    });
    const pid = Number(
      await eventually(() => expect(told).toMatch(/live \d+/), { withinMs: 30_000 }).then(
        () => /live (\d+)/.exec(told)?.[1],
      ),
    );
    expect(alive(pid)).toBe(true);
    worker.kill('SIGKILL');
    await eventually(() => expect(alive(pid)).toBe(false), { withinMs: 10_000 });
  });
});

describe('a camera over HTTP', () => {
  test('that sends MJPEG at five pictures a second keeps true time, whatever rate the demuxer invents', async () => {
    const picture = join(folder, 'picture.jpg');
    await run('ffmpeg', ['-v', 'error', '-y', '-i', video, '-frames:v', '1', picture]);
    const jpeg = readFileSync(picture);
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
      const timer = setInterval(() => {
        response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
        response.write(Buffer.concat([jpeg, Buffer.from('\r\n')]));
      }, 200);
      response.on('close', () => clearInterval(timer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new GuardedProxy({ lookup: systemLookup, logger: silentLogger });
    await proxy.start();
    endings.push(async () => {
      server.closeAllConnections();
      server.close();
      await proxy.stop();
    });
    const { port } = server.address() as AddressInfo;
    const camera = watch(`http://127.0.0.1:${port}/mjpeg`, { httpProxy: proxy.url });
    await eventually(() => expect(camera.segments.length).toBeGreaterThanOrEqual(3), { withinMs: 30_000 });
    const [, second, third] = camera.segments;
    expect(third?.epoch).toBe(second?.epoch);
    const times = [...(second?.frameTimesMs ?? []), ...(third?.frameTimesMs ?? [])];
    expect(((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1)).toBeGreaterThan(150);
    expect(((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1)).toBeLessThan(250);
  });
});

const canMount = (() => {
  try {
    const point = mkdtempSync(join(tmpdir(), 'vedette-mount-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', point], { stdio: 'ignore' });
    execFileSync('umount', [point]);
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(rtspServerMissing !== null || !canMount)('a full disk (needs the right to mount)', () => {
  test('costs chunks, never pictures, and is told; recording goes on when there is room again', async () => {
    const { url } = await serve();
    const disk = mkdtempSync(join(tmpdir(), 'vedette-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=700k', 'none', disk]);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(700_000));
    const troubles: string[] = [];
    const chunks: RecordedChunk[] = [];
    const recorder = new ChunkRecorder({
      cameraId: 'gate',
      dataFolder: disk,
      chunkSeconds: 2,
      register: async (chunk) => {
        chunks.push(chunk);
        rmSync(join(disk, chunk.path));
      },
      clock: systemClock,
      onRecorded: () => {},
      onTrouble: (reason) => troubles.push(reason),
    });
    const camera = watch(url, { recorder });
    try {
      await eventually(() => expect(troubles.length).toBeGreaterThanOrEqual(1), { withinMs: 30_000 });
      const pid = camera.supervisor.pid;
      const before = camera.segments.length;
      await eventually(() => expect(camera.segments.length).toBeGreaterThan(before + 2), { withinMs: 15_000 });
      expect(camera.supervisor.pid).toBe(pid);
      expect(camera.states).toEqual(['live']);
      rmSync(join(disk, 'ballast'));
      const healthy = chunks.length;
      await eventually(() => expect(chunks.length).toBeGreaterThanOrEqual(healthy + 2), { withinMs: 30_000 });
      expect(camera.supervisor.pid).toBe(pid);
    } finally {
      await camera.supervisor.stop();
      execFileSync('umount', [disk]);
    }
  });
});
