import type { Sampling } from '../bus/sampling.ts';
import { exitOf, FFMPEG_STOP_LADDER, type SpawnProcess, stopChild } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { ChunkRun } from './chunk-recorder.ts';
import { concatScript } from './concat-script.ts';
import { type ConnectFailure, classifyFailure, failure, orTimeout } from './connect-failure.ts';
import { cameraArguments } from './ffmpeg-arguments.ts';
import { spawnFfmpeg } from './ffmpeg-child.ts';
import { FfmpegLog, type SourceStream } from './ffmpeg-log.ts';
import { FramePairing, type TimedPixels } from './frame-pairing.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameTimeParser } from './frame-time-parser.ts';
import { decodedPictureOf } from './segmenter.ts';
import { sourceOptions } from './source-options.ts';
import type { SourceUrl } from './source-url.ts';
import type { SupervisorLimits } from './supervisor-limits.ts';

export interface ConnectionOptions {
  readonly url: SourceUrl;
  readonly transport: 'tcp' | 'udp';
  readonly sampling: Sampling;
  readonly recording: ChunkRun | null;
  readonly limits: SupervisorLimits;
  readonly ffmpegPath: string;
  readonly httpProxy?: string | undefined;
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onFrame: (frame: TimedPixels) => void;
  readonly onDamage: () => void;
  readonly onChunkList: (bytes: Uint8Array) => void;
  readonly onStorageTrouble: (line: string) => void;
  /** Called before a stalled ffmpeg is stopped. */
  readonly onStall: () => void;
  readonly onStarted: (pid: number) => void;
}

export interface ConnectionEnd {
  readonly failure: ConnectFailure;
  /** From the first picture to the last. */
  readonly goodMs: number;
  readonly frames: number;
  readonly stalled: boolean;
  /** The last redacted lines of ffmpeg. */
  readonly lines: readonly string[];
}

/**
 * One life of ffmpeg with a camera: from the start of the process to its certain end. Health is pictures that come out of the
 * decoder, nothing else (invariant 5). Never rejects; leaves no process behind.
 */
export async function runConnection(
  options: ConnectionOptions,
  onSource: (source: SourceStream) => void,
): Promise<ConnectionEnd> {
  const { url, sampling, limits, clock, signal } = options;
  const log = new FfmpegLog({
    onCorruption: options.onDamage,
    onStorageTrouble: (line) => {
      options.recording?.markSpoilt();
      options.onStorageTrouble(line);
    },
  });
  const startedMs = clock.monotonicMs();
  let firstMs: number | null = null;
  let lastMs = startedMs;
  let frames = 0;
  let stalled = false;
  let leaving = false;

  const child = spawnFfmpeg({
    spawn: options.spawn,
    clock,
    path: options.ffmpegPath,
    args: cameraArguments({ scheme: url.scheme, sampling, recording: options.recording?.arguments ?? null }),
    script: concatScript(
      url.href,
      sourceOptions(url, { transport: options.transport, socketTimeoutMs: limits.socketTimeoutMs }),
    ),
    httpProxy: options.httpProxy,
  });
  const exited = exitOf(child.process);
  if (child.process.pid !== undefined) options.onStarted(child.process.pid);

  const reader = new FrameReader(decodedPictureOf(sampling).bytes);
  const times = new FrameTimeParser();
  const pairing = new FramePairing();
  const take = (pairs: readonly TimedPixels[]) => {
    if (leaving) return; // what comes while ffmpeg is being stopped belongs to a connection that was given up
    for (const pair of pairs) {
      lastMs = clock.monotonicMs();
      if (firstMs === null) {
        firstMs = lastMs;
        if (log.source) onSource(log.source);
      }
      frames++;
      options.onFrame(pair);
    }
  };
  child.frames.on('data', (bytes: Buffer) => take(pairing.addFrames(reader.push(bytes))));
  child.frameTimes.on('data', (bytes: Buffer) => take(pairing.addTimes(times.push(bytes))));
  child.chunkList.on('data', options.onChunkList);
  child.log.on('data', (bytes: Buffer) => log.push(bytes));

  const ended = new AbortController();
  void exited.then(() => ended.abort());
  const onAbort = () => ended.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!ended.signal.aborted && !signal.aborted) {
      const patienceMs = firstMs === null ? limits.firstPictureMs : limits.stallMs;
      const leftMs = patienceMs - (clock.monotonicMs() - lastMs);
      if (leftMs <= 0) {
        stalled = firstMs !== null;
        leaving = true;
        if (stalled) options.onStall();
        break;
      }
      await clock.sleep(Math.min(leftMs, limits.stallMs), ended.signal); // the first picture changes the patience
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await stopChild(child.process, clock, FFMPEG_STOP_LADDER);
    await child.closed;
    log.end();
  }
  const exit = await exited;
  return {
    failure: failureOf(),
    goodMs: firstMs === null ? 0 : lastMs - firstMs,
    frames,
    stalled,
    lines: log.troubles,
  };

  function failureOf(): ConnectFailure {
    if (exit.error) return failure('ffmpeg_missing', exit.error.message);
    if (stalled) return failure('timeout', `no picture for ${Math.round(limits.stallMs / 1_000)} s`);
    const found = classifyFailure(log.troubles, exit);
    const patienceMs = Math.min(limits.firstPictureMs, limits.socketTimeoutMs);
    return firstMs === null ? orTimeout(found, clock.monotonicMs() - startedMs, patienceMs) : found;
  }
}
