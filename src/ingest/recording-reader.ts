import type { Sampling } from '../bus/sampling.ts';
import type { Segment } from '../bus/segment.ts';
import { exitOf, type SpawnProcess, stopChild } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { problem } from '../platform/errors.ts';
import { classifyFailure } from './connect-failure.ts';
import { fileArguments, packetTimeArguments } from './ffmpeg-arguments.ts';
import { spawnFfmpeg } from './ffmpeg-child.ts';
import { FfmpegLog } from './ffmpeg-log.ts';
import { FramePairing, type TimedPixels } from './frame-pairing.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameTimeParser } from './frame-time-parser.ts';
import { LineSplitter } from './line-splitter.ts';
import { runProbe } from './probe-child.ts';
import { decodedPictureOf, decodedRateOf, Segmenter } from './segmenter.ts';

export interface ReadSegmentsOptions {
  readonly file: string;
  readonly cameraId: string;
  /** UTC ms that media time 0 stands for; also the epoch of all segments. */
  readonly epoch: number;
  readonly sampling: Sampling;
  readonly ffmpegPath: string;
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Default 0: nothing reads tokens of recordings. */
  readonly fencingToken?: number;
}

/**
 * Decodes a recording as fast as the consumer takes it, through the same filter graph, sampler and segmenter as a live camera. The
 * pipe slows ffmpeg down when the consumer is slow. A last segment that is not full is not given, as live. Leaving the loop
 * early ends ffmpeg. Throws VDT_RECORDING_UNREADABLE.
 */
export async function* readSegments(options: ReadSegmentsOptions): AsyncGenerator<Segment, void, undefined> {
  const { file, epoch, sampling, signal } = options;
  const child = spawnFfmpeg({
    spawn: options.spawn,
    clock: options.clock,
    path: options.ffmpegPath,
    args: fileArguments(file, sampling),
    script: null,
  });
  const exited = exitOf(child.process);
  const log = new FfmpegLog();
  const reader = new FrameReader(decodedPictureOf(sampling).bytes);
  const times = new FrameTimeParser();
  const pairing = new FramePairing();
  const segmenter = new Segmenter({ cameraId: options.cameraId, sampling, fencingToken: options.fencingToken ?? 0 });
  const mediaClock = new EvenMediaClock(decodedRateOf(sampling));
  let ready: TimedPixels[] = [];
  child.log.on('data', (bytes: Buffer) => log.push(bytes));
  child.frameTimes.on('data', (bytes: Buffer) => ready.push(...pairing.addTimes(times.push(bytes))));
  const onAbort = () => child.process.kill('SIGKILL');
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });

  function* segments(): Generator<Segment> {
    const pairs = ready;
    ready = [];
    for (const { pixels, mediaSeconds, own } of pairs) {
      const captureMs = epoch + Math.round(mediaClock.advance(mediaSeconds) * 1_000);
      const segment = segmenter.push({ pixels, captureMs, mediaSeconds, epoch, own });
      if (segment) yield segment;
    }
  }

  try {
    let frames = 0;
    for await (const bytes of child.frames) {
      const complete = reader.push(bytes as Buffer);
      frames += complete.length;
      ready.push(...pairing.addFrames(complete));
      yield* segments();
    }
    await child.closed;
    yield* segments();
    log.end();
    const exit = await exited;
    if (signal?.aborted) return;
    if (exit.error) throw problem('VDT_RECORDING_UNREADABLE', { file, reason: exit.error.message });
    if (exit.code !== 0 || frames === 0) {
      const { message } =
        frames === 0 && exit.code === 0 ? { message: 'it holds no pictures' } : classifyFailure(log.troubles, exit);
      throw problem('VDT_RECORDING_UNREADABLE', { file, reason: log.troubles.at(-1) ?? message });
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await stopChild(child.process, options.clock, [{ action: 'SIGKILL', waitMs: 5_000 }]);
  }
}

/** Media time that never steps back: where the file's clock does, it goes on by one sampling step. */
class EvenMediaClock {
  readonly #stepSeconds: number;
  #shiftSeconds = 0;
  #lastSeconds = Number.NEGATIVE_INFINITY;

  constructor(framesPerSecond: number) {
    this.#stepSeconds = 1 / framesPerSecond;
  }

  advance(mediaSeconds: number): number {
    let seconds = mediaSeconds + this.#shiftSeconds;
    if (Number.isNaN(seconds) || seconds < this.#lastSeconds) {
      const next = Math.max(0, this.#lastSeconds) + this.#stepSeconds;
      if (!Number.isNaN(seconds)) this.#shiftSeconds += next - seconds;
      seconds = next;
    }
    this.#lastSeconds = seconds;
    return seconds;
  }
}

export interface FrameTimesOptions {
  readonly ffprobePath: string;
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

const PROBE_TIMEOUT_MS = 600_000;

/**
 * Presentation times of all native frames of a file's first video stream, seconds, ascending, on the same clock as
 * `mediaTimesSeconds`; read from its packets, nothing is decoded. Throws VDT_RECORDING_UNREADABLE.
 */
export async function frameTimes(file: string, options: FrameTimesOptions): Promise<number[]> {
  const times: number[] = [];
  const splitter = new LineSplitter();
  const { exit, lines } = await runProbe({
    ...options,
    args: packetTimeArguments(file),
    script: null,
    timeoutMs: PROBE_TIMEOUT_MS,
    onOutput: (bytes) => {
      for (const line of splitter.push(bytes)) {
        const time = packetTime(line);
        if (time !== null) times.push(time);
      }
    },
  });
  for (const line of splitter.end()) {
    const time = packetTime(line);
    if (time !== null) times.push(time);
  }
  if (exit.code !== 0 || times.length === 0) {
    const reason = exit.error?.message ?? lines.at(-1) ?? 'it has no video with times';
    throw problem('VDT_RECORDING_UNREADABLE', { file, reason });
  }
  return times.sort((a, b) => a - b);
}

/** `pts,dts,flags` of one packet; packets marked D are decoded but not shown. */
function packetTime(line: string): number | null {
  const [pts, dts, flags] = line.split(',');
  if (pts === undefined || flags?.includes('D')) return null;
  const time = Number(pts === 'N/A' ? dts : pts);
  return pts !== '' && Number.isFinite(time) ? time : null;
}
