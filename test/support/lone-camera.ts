/** A process with one camera, to be killed by a test: prints `live <pid of ffmpeg>` with the first picture. */
import { CameraSupervisor } from '../../src/ingest/camera-supervisor.ts';
import { systemLookup } from '../../src/ingest/source-host.ts';
import { supervisorLimits } from '../../src/ingest/supervisor-limits.ts';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';

const supervisor: CameraSupervisor = new CameraSupervisor({
  cameraId: 'lone',
  sourceUrl: process.argv[2] ?? '',
  transport: 'tcp',
  sampling: { framesPerSecond: 10, width: 64, height: 48, pixelFormat: 'gray8', framesPerSegment: 8 },
  fencingToken: 1,
  recorder: null,
  limits: supervisorLimits({ stallMs: 15_000, offlineMs: 60_000, connectTimeoutMs: 10_000 }),
  ffmpegPath: 'ffmpeg',
  spawn: systemSpawn,
  lookup: systemLookup,
  clock: systemClock,
  random: Math.random,
  logger: silentLogger,
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
  onSegment: () => {},
  onTransition: (status) => process.stdout.write(`${status.state} ${supervisor.pid ?? 0}\n`),
});
supervisor.start();
