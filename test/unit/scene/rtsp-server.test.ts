import { describe, expect, it } from 'vitest';
import { type SpawnProcess, systemSpawn } from '../../../src/platform/child-process.ts';
import { type RtspServerOptions, startRtspServer } from '../../../src/scene/rtsp-server.ts';

/** Runs a piece of JavaScript in the server's place. */
const pretend =
  (code: string): SpawnProcess =>
  (_command, args, options) =>
    systemSpawn(process.execPath, ['-e', code, '--', ...args], options);

const start = (options: Partial<RtspServerOptions>) =>
  startRtspServer({ mounts: { '/street': 'street.mp4' }, ...options });

const LISTENS =
  'console.log(JSON.stringify({port: 5, url: "rtsp://h:5/street", urls: {"/street": "rtsp://h:5/street"}}));';
const ECHOES = `${LISTENS} require("readline").createInterface({input: process.stdin}).on("line", (line) => {
  const [verb, clip, mount = "/street"] = line.split(" ");
  if (verb === "die") process.exit(9);
  if (verb !== "pause") console.log(JSON.stringify({event: "playing", mount, clip, atMs: 1000, frames: 9, framesPerSecond: 3}));
}).on("close", () => process.exit(0));`;

describe('starting the RTSP server', () => {
  it('given no Python, tells which packages to install', async () => {
    await expect(start({ pythonPath: '/nowhere/python3' })).rejects.toMatchObject({
      code: 'VDT_RTSP_SERVER_MISSING',
      hint: expect.stringMatching(/apt-get install .*python3-gi.*gir1\.2-gst-rtsp-server-1\.0/),
    });
  });

  it('given Python without GStreamer, tells which packages to install', async () => {
    const spawn = pretend('console.log(JSON.stringify({event: "error", reason: "no gi"})); process.exit(3)');
    await expect(start({ spawn })).rejects.toMatchObject({
      code: 'VDT_RTSP_SERVER_MISSING',
      message: expect.stringContaining('no gi'),
    });
  });

  it('given a file that cannot be read, passes on the reason', async () => {
    const spawn = pretend(
      'console.log(JSON.stringify({event: "error", reason: "street.mp4 cannot be read"})); process.exit(1)',
    );
    await expect(start({ spawn })).rejects.toMatchObject({
      code: 'VDT_RTSP_SERVER_FAILED',
      message: expect.stringContaining('street.mp4 cannot be read'),
    });
  });

  it('given one that never listens, gives up and leaves no process', async () => {
    let pid = 0;
    const spawn: SpawnProcess = (...all) => {
      const child = pretend('process.stdin.resume()')(...all);
      pid = child.pid ?? 0;
      return child;
    };
    await expect(start({ spawn, startTimeoutMs: 300 })).rejects.toMatchObject({
      message: expect.stringContaining('0.3 s'),
    });
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('keeps the password out of the arguments', async () => {
    let seen = '';
    const spawn: SpawnProcess = (command, args, options) => {
      seen = [command, ...args].join(' ');
      return pretend(ECHOES)(command, args, options);
    };
    const server = await start({ spawn, credentials: { user: 'viewer', password: 'canary-secret' } });
    await server.stop();
    expect(seen).not.toContain('canary-secret');
  });
});

describe('a running RTSP server', () => {
  it('tells where it listens, and when a clip began', async () => {
    const server = await start({ spawn: pretend(ECHOES), clips: { anomaly: 'a.mp4' } });
    expect(server).toMatchObject({ port: 5, url: 'rtsp://h:5/street' });
    expect(await server.play('anomaly')).toEqual({
      mount: '/street',
      clip: 'anomaly',
      atMs: 1000,
      frames: 9,
      framesPerSecond: 3,
    });
    expect(server.lastPlaying('/street')?.clip).toBe('anomaly');
    await server.stop();
    expect((await server.exited).code).toBe(0);
  });

  it('refuses a clip that it was not given', async () => {
    const server = await start({ spawn: pretend(ECHOES) });
    await expect(server.cut('anomaly')).rejects.toMatchObject({ code: 'VDT_RTSP_SERVER_FAILED' });
    await server.stop();
  });

  it('given that it dies, lets nobody wait for ever', async () => {
    const server = await start({ spawn: pretend(ECHOES), clips: { a: 'a.mp4' } });
    const waiting = expect(server.nextPlaying('a')).rejects.toMatchObject({ code: 'VDT_RTSP_SERVER_FAILED' });
    process.kill(server.pid, 'SIGKILL');
    await waiting;
  });
});
