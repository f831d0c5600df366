import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { encodeScene } from '../../src/scene/encode-scene.ts';
import { type RtspServer, startRtspServer } from '../../src/scene/rtsp-server.ts';
import { type SceneScript, sceneScript } from '../../src/scene/scene-script.ts';

const run = promisify(execFile);
const hasServer =
  spawnSync('/usr/bin/python3', ['-c', 'import gi; gi.require_version("GstRtspServer", "1.0")']).status === 0;

const QUIET: Partial<SceneScript> = {
  width: 160,
  height: 90,
  framesPerSecond: 10,
  durationSeconds: 4,
  arrivalsPerMinute: 0,
  carsPerMinute: 0,
  lightDrift: 0,
  noise: 0,
  loop: true,
};

/** Watches with ffmpeg, copying: arrival is timed by the wall clock, the stamps are the stream's. */
async function watch(url: string, transport: 'tcp' | 'udp', seconds: number) {
  const startedMs = performance.now();
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-rtsp_transport',
    transport,
    '-timeout',
    '8000000',
    '-i',
    url,
    '-t',
    String(seconds),
  ];
  const { stdout } = await run('ffmpeg', [...args, '-c', 'copy', '-f', 'framehash', '-'], {
    timeout: 60_000,
    maxBuffer: 8 << 20,
  });
  const rows = stdout.split('\n').filter((line) => /^0,/.test(line));
  return {
    pts: rows.map((row) => Number(row.split(',')[2]) / 90_000),
    hashes: rows.map(hashOf),
    wallSeconds: (performance.now() - startedMs) / 1000,
  };
}

/** The packet's own hash; where the sender told the wall clock, columns of side data follow it. */
const hashOf = (row: string) => row.split(',')[5]?.trim() ?? '';

/** Counts the frames as they arrive, until it is killed or dropped. */
function follow(url: string) {
  const args = ['-v', 'error', '-nostdin', '-rtsp_transport', 'tcp', '-i', url, '-c', 'copy', '-f', 'framehash'];
  const child = systemSpawn('ffmpeg', [...args, '-flush_packets', '1', '-'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout?.on('data', (more: Buffer) => {
    text += String(more);
  });
  const hashes = () =>
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => /^0,/.test(line))
      .map(hashOf);
  return { child, hashes, frames: () => hashes().length };
}

let folder = '';
const servers: RtspServer[] = [];
async function serve(options: Parameters<typeof startRtspServer>[0]): Promise<RtspServer> {
  const server = await startRtspServer(options);
  servers.push(server);
  return server;
}

describe.skipIf(!hasServer)('the RTSP server (skipped where GStreamer is missing)', () => {
  let quiet = '';
  let bright = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vedette-rtsp-'));
    quiet = join(folder, 'quiet.mp4');
    bright = join(folder, 'bright.mp4');
    await encodeScene({ script: sceneScript(QUIET), file: quiet });
    await encodeScene({ script: sceneScript({ ...QUIET, streetSeed: 9 }), file: bright });
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });

  it.each(['tcp', 'udp'] as const)(
    'over %s sends in real time, past the end of its file, with stamps that only grow',
    async (transport) => {
      const server = await serve({ mounts: { '/street': quiet } });
      const { pts, wallSeconds } = await watch(server.url, transport, 9);
      expect(pts.length).toBeGreaterThan(80);
      expect(wallSeconds).toBeGreaterThan(8);
      expect(wallSeconds).toBeLessThan(14);
      // The first packet comes before the clock report that ffmpeg needs to place it.
      const steps = pts.slice(2).map((value, i) => value - (pts[i + 1] ?? 0));
      expect(Math.min(...steps)).toBeGreaterThan(0.05);
      expect(Math.max(...steps)).toBeLessThan(0.25);
    },
  );

  it('shows who joins late the same pictures as who was there before', async () => {
    const server = await serve({ mounts: { '/street': quiet } });
    const early = follow(server.url);
    try {
      // More than one round of the file, so that each of its pictures has been seen.
      await expect.poll(early.frames, { timeout: 20_000 }).toBeGreaterThan(45);
      const late = await watch(server.url, 'tcp', 1.5);
      expect(late.hashes.length).toBeGreaterThan(5);
      // The very first packet may lack the delimiter before it.
      const unseen = () => late.hashes.slice(1).filter((hash) => !early.hashes().includes(hash));
      await expect.poll(unseen, { timeout: 20_000 }).toEqual([]);
    } finally {
      early.child.kill('SIGKILL');
    }
  });

  it('cuts to a clip when told, tells when it began, and goes back to its own file', async () => {
    const server = await serve({ mounts: { '/street': quiet }, clips: { bright } });
    const beforeMs = Date.now();
    const playing = await server.cut('bright');
    expect(playing).toMatchObject({ mount: '/street', clip: 'bright', frames: 40, framesPerSecond: 10 });
    expect(Math.abs(playing.atMs - beforeMs)).toBeLessThan(1_500);
    const back = await server.nextPlaying('main');
    expect(back.atMs - playing.atMs).toBeGreaterThan(3_900);
    expect(back.atMs - playing.atMs).toBeLessThan(4_200);
  });

  it('waits with --hold for the first client, and plays the first clip once', async () => {
    const server = await serve({ mounts: { '/street': quiet }, clips: { bright }, first: 'bright', hold: true });
    expect(server.lastPlaying()).toBeNull();
    const began = server.nextPlaying('bright');
    const { pts } = await watch(server.url, 'tcp', 2);
    expect(pts.length).toBeGreaterThan(15);
    expect((await began).clip).toBe('bright');
    expect((await server.nextPlaying('main')).clip).toBe('main');
  });

  it('asks for the password where one is set', async () => {
    const server = await serve({
      mounts: { '/street': quiet },
      credentials: { user: 'viewer', password: 'canary-secret' },
    });
    await expect(watch(server.url, 'tcp', 1)).rejects.toThrow(/401/);
    const { pts } = await watch(server.url.replace('rtsp://', 'rtsp://viewer:canary-secret@'), 'tcp', 1);
    expect(pts.length).toBeGreaterThan(5);
  });

  it('keeps the connection but sends nothing while paused, and goes on after', async () => {
    const server = await serve({ mounts: { '/street': quiet } });
    const client = follow(server.url);
    try {
      await expect.poll(client.frames, { timeout: 15_000 }).toBeGreaterThan(10);
      server.pause();
      let last = -1;
      const silent = () => {
        const before = last;
        last = client.frames();
        return before === last;
      };
      await expect.poll(silent, { timeout: 10_000, interval: 1_000 }).toBe(true);
      expect(client.child.exitCode).toBeNull();
      server.resume();
      await expect.poll(client.frames, { timeout: 10_000 }).toBeGreaterThan(last + 10);
    } finally {
      client.child.kill('SIGKILL');
    }
  });

  it('drops its clients when told, and takes new ones', async () => {
    const server = await serve({ mounts: { '/street': quiet } });
    const client = follow(server.url);
    try {
      await expect.poll(client.frames, { timeout: 15_000 }).toBeGreaterThan(10);
      server.disconnect();
      await expect.poll(() => client.child.exitCode, { timeout: 10_000 }).not.toBeNull();
    } finally {
      client.child.kill('SIGKILL');
    }
    expect((await watch(server.url, 'tcp', 1)).pts.length).toBeGreaterThan(5);
  });

  it('serves several cameras', async () => {
    const server = await serve({ mounts: { '/north': quiet, '/south': bright } });
    expect(Object.keys(server.urls)).toEqual(['/north', '/south']);
    const views = await Promise.all(Object.values(server.urls).map((url) => watch(url, 'tcp', 1)));
    for (const { pts } of views) expect(pts.length).toBeGreaterThan(5);
  });

  it('refuses a file that is not H.264 in mp4, naming it', async () => {
    await expect(serve({ mounts: { '/street': import.meta.filename } })).rejects.toMatchObject({
      code: 'VDT_RTSP_SERVER_FAILED',
      message: expect.stringContaining('scene-rtsp.test.ts'),
    });
  });

  it('ends when its parent is gone', async () => {
    const server = await serve({ mounts: { '/street': quiet } });
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow();
  });
});
