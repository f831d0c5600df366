import { afterEach, describe, expect, test } from 'vitest';
import type { Sampling } from '../../../src/bus/sampling.ts';
import type { Segment } from '../../../src/bus/segment.ts';
import { CameraSupervisor, type SupervisorOptions } from '../../../src/ingest/camera-supervisor.ts';
import { supervisorLimits } from '../../../src/ingest/supervisor-limits.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { type FakeFfmpeg, fakeSpawn } from './fake-ffmpeg.ts';

const SAMPLING: Sampling = { framesPerSecond: 10, width: 4, height: 2, pixelFormat: 'gray8', framesPerSegment: 4 };
const FRAME_BYTES = 8;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function supervise(onStart: (child: FakeFfmpeg) => void = () => {}, options: Partial<SupervisorOptions> = {}) {
  const clock = new ManualClock();
  const fakes = fakeSpawn(onStart);
  const segments: Segment[] = [];
  const transitions: string[] = [];
  const lines: string[] = [];
  const supervisor = new CameraSupervisor({
    cameraId: 'gate',
    sourceUrl: 'rtsp://admin:c4nary@cam.example/live',
    transport: 'tcp',
    sampling: SAMPLING,
    fencingToken: 1,
    recorder: null,
    limits: supervisorLimits({ stallMs: 15_000, offlineMs: 60_000, connectTimeoutMs: 10_000 }),
    ffmpegPath: 'ffmpeg',
    spawn: fakes.spawn,
    lookup: async () => ['192.0.2.1'],
    clock,
    random: () => 1,
    logger: createLogger({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } }),
    previousStatus: {
      state: 'connecting',
      sinceMs: 0,
      reason: null,
      lastFrameMs: null,
      framesPerSecond: null,
      reconnects: 0,
      codec: null,
      width: null,
      height: null,
    },
    onSegment: (segment) => segments.push(segment),
    onTransition: (status, previous) => transitions.push(`${previous} -> ${status.state}`),
    ...options,
  });
  stops.push(async () => {
    let stopped = false;
    const stopping = supervisor.stop().then(() => {
      stopped = true;
    });
    for (let i = 0; i < 50 && !stopped; i++) await clock.advance(1_000);
    await stopping;
  });
  supervisor.start();
  return { supervisor, clock, ...fakes, segments, transitions, lines };
}

/** Frames at 10 a second for a while. */
async function film(
  child: FakeFfmpeg | undefined,
  clock: ManualClock,
  seconds: number,
  fromSeconds = 0,
): Promise<void> {
  for (let i = 0; i < seconds * 10; i++) {
    child?.frame(fromSeconds + i / 10, FRAME_BYTES);
    await clock.advance(100);
  }
}

describe('a supervised camera', () => {
  test('is live with its first picture and gives segments', async () => {
    const camera = supervise();
    await camera.clock.advance(0);
    expect(camera.supervisor.status.state).toBe('connecting');
    await film(camera.children[0], camera.clock, 1);
    expect(camera.transitions).toEqual(['connecting -> live']);
    expect(camera.segments.map((segment) => segment.sequence)).toEqual([0, 1]);
    expect(camera.supervisor.status.framesPerSecond).toBeCloseTo(10, 0);
  });

  test('hands the password over on a pipe, in a bare environment, in a group of its own', async () => {
    const camera = supervise();
    await camera.clock.advance(0);
    const [call] = camera.calls;
    expect(JSON.stringify(call)).not.toContain('c4nary');
    expect(call?.options).toMatchObject({ detached: true });
    expect(
      Object.keys(call?.options.env ?? {}).filter(
        (name) => !/^(PATH|TZ|LD_LIBRARY_PATH|AV_LOG_FORCE_NOCOLOR)$/.test(name),
      ),
    ).toEqual([]);
    expect(camera.children[0]?.stdio[3]?.read()?.toString()).toContain('rtsp://admin:c4nary@cam.example/live');
  });

  test('without a picture for 15 s is stalled, although its process lives, and is connected anew', async () => {
    const camera = supervise();
    await camera.clock.advance(0);
    await film(camera.children[0], camera.clock, 2);
    await camera.clock.advance(14_000);
    expect(camera.transitions).toEqual(['connecting -> live']);
    await camera.clock.advance(3_000);
    expect(camera.transitions).toEqual([
      'connecting -> live',
      'live -> stalled',
      'stalled -> backoff',
      'backoff -> connecting',
    ]);
    expect(camera.children).toHaveLength(2);
    await film(camera.children[1], camera.clock, 1);
    expect(camera.transitions.at(-1)).toBe('connecting -> live');
    expect(camera.supervisor.status.reconnects).toBe(1);
    const epochs = new Set(camera.segments.map((segment) => segment.epoch));
    expect(epochs.size).toBe(2);
  });

  test('whose ffmpeg is deaf is stopped by q, then TERM, then KILL', async () => {
    const camera = supervise((child) => {
      child.obeys = ['SIGKILL'];
    });
    await camera.clock.advance(0);
    await film(camera.children[0], camera.clock, 1);
    await camera.clock.advance(15_000);
    expect(camera.children[0]?.heard).toEqual(['q']);
    await camera.clock.advance(2_000);
    expect(camera.children[0]?.heard).toEqual(['q', 'SIGTERM']);
    await camera.clock.advance(2_000);
    expect(camera.children[0]?.heard).toEqual(['q', 'SIGTERM', 'SIGKILL']);
  });

  test('that refuses for an hour is tried on the ladder, offline after a minute, with few log lines and one process at a time', async () => {
    let running = 0;
    let most = 0;
    const camera = supervise((child) => {
      most = Math.max(most, ++running);
      child.stderr.write('[tcp @ 0x1] [error] Connection to tcp://192.0.2.1:554 failed: Connection refused\n');
      child.exit(1);
      running--;
    });
    for (let i = 0; i < 3_600; i++) await camera.clock.advance(1_000);
    expect(camera.transitions.filter((each) => each.endsWith('offline'))).toHaveLength(1);
    expect(camera.supervisor.status).toMatchObject({ state: 'offline', reason: expect.stringMatching(/refuses/) });
    // 5 + 25 + 100 s for the first 20, then one a minute
    expect(camera.children.length).toBeGreaterThanOrEqual(20 + 56);
    expect(camera.children.length).toBeLessThanOrEqual(20 + 60);
    expect(most).toBe(1);
    const troubles = camera.lines.filter((line) => line.includes('camera.trouble'));
    expect(troubles.length).toBeLessThanOrEqual(61);
    expect(camera.lines.join()).not.toContain('c4nary');
  });

  test('that is offline comes back on the same path, and says so', async () => {
    let broken = true;
    const camera = supervise((child) => {
      if (broken) child.exit(1);
    });
    for (let i = 0; i < 90; i++) await camera.clock.advance(1_000);
    expect(camera.supervisor.status.state).toBe('offline');
    broken = false;
    for (let i = 0; i < 15; i++) await camera.clock.advance(1_000);
    await film(camera.children.at(-1), camera.clock, 1);
    expect(camera.transitions.at(-1)).toBe('offline -> live');
  });

  test('whose name leads to a forbidden address is never opened', async () => {
    const camera = supervise(() => {}, { lookup: async () => ['169.254.169.254'] });
    await camera.clock.advance(5_000);
    expect(camera.children).toHaveLength(0);
    expect(camera.supervisor.status.reason).toMatch(/169\.254\.169\.254/);
  });

  test('whose name server is silent does not hang', async () => {
    const camera = supervise(() => {}, { lookup: () => new Promise(() => {}) });
    await camera.clock.advance(10_500);
    expect(camera.supervisor.status.reason).toMatch(/host name cannot be resolved/);
  });

  test('with damaged pictures gives no segment until they are whole again', async () => {
    const lost: number[] = [];
    const camera = supervise(() => {}, { onFramesLost: (_reason, count) => lost.push(count) });
    await camera.clock.advance(0);
    await film(camera.children[0], camera.clock, 1);
    const before = camera.segments.length;
    camera.children[0]?.stderr.write('[h264 @ 0x1] [error] error while decoding MB 3 4, bytestream 5\n');
    await film(camera.children[0], camera.clock, 2, 1);
    expect(camera.segments).toHaveLength(before);
    expect(lost.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(20);
    await film(camera.children[0], camera.clock, 1, 3);
    expect(camera.segments.length).toBeGreaterThan(before);
  });

  test('survives an ffmpeg that is not there', async () => {
    const camera = supervise((child) => {
      Object.assign(child, { pid: undefined, exitCode: -2 });
      child.emit('error', Object.assign(new Error('spawn ffmpeg ENOENT'), { code: 'ENOENT' }));
      child.emit('close', -2, null);
    });
    for (let i = 0; i < 5; i++) await camera.clock.advance(500);
    expect(camera.supervisor.status.reason).toMatch(/ffmpeg cannot be started/);
  });
});
