import type { SpawnProcess } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { VedetteError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { concatScript } from './concat-script.ts';
import { type ConnectFailure, classifyFailure, classifySystemError, failure, orTimeout } from './connect-failure.ts';
import type { ConnectTcp } from './connect-tcp.ts';
import { probeArguments } from './ffmpeg-arguments.ts';
import { GuardedProxy } from './guarded-proxy.ts';
import { runProbe } from './probe-child.ts';
import { checkSourceHost, type LookupHost } from './source-host.ts';
import { sourceOptions } from './source-options.ts';
import { parseSourceUrl, type SourceUrl } from './source-url.ts';

/** What a trial connection to a camera found. */
export interface SourceReport {
  readonly ok: boolean;
  /** Stable word (dns, refused, timeout, unauthorized, not_found, no_video, codec_unsupported …), words, and what to do. */
  readonly failure: ConnectFailure | null;
  readonly video: SourceVideo | null;
  readonly durationMs: number;
}

export interface SourceVideo {
  readonly codec: string;
  readonly width: number | null;
  readonly height: number | null;
  /** As the stream declares it. */
  readonly framesPerSecond: number | null;
}

export interface SourceTestDeps {
  readonly ffprobePath: string;
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  readonly lookup: LookupHost;
  readonly connectTcp: ConnectTcp;
  readonly logger: Logger;
  /** Longest wait for the port; ffprobe then has three times as long. */
  readonly connectTimeoutMs: number;
}

export interface SourceTestOptions {
  readonly transport: 'tcp' | 'udp';
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects once and says what it found, step by step (name, port, stream), so that the first thing that is wrong is the one that is named.
 * Never throws for what is wrong with the camera, and repeats no password.
 */
export async function testSource(url: string, options: SourceTestOptions, deps: SourceTestDeps): Promise<SourceReport> {
  const startedMs = deps.clock.monotonicMs();
  const found = await examine(url, options, deps);
  const durationMs = Math.round(deps.clock.monotonicMs() - startedMs);
  return 'codec' in found
    ? { ok: true, failure: null, video: found, durationMs }
    : { ok: false, failure: found, video: null, durationMs };
}

async function examine(
  text: string,
  options: SourceTestOptions,
  deps: SourceTestDeps,
): Promise<SourceVideo | ConnectFailure> {
  const signal = options.signal ?? new AbortController().signal;
  let url: SourceUrl;
  try {
    url = parseSourceUrl(text);
    const addresses = await checkSourceHost(url.host, deps.lookup);
    await connectAny(addresses, url.port, deps, signal);
  } catch (error) {
    if (error instanceof VedetteError) return { reason: 'url_refused', message: error.message, hint: error.hint };
    return classifySystemError(error);
  }
  if (url.scheme !== 'http' && url.scheme !== 'https') return probe(url, options, deps, undefined);
  const proxy = new GuardedProxy(deps);
  await proxy.start();
  try {
    return await probe(url, options, deps, proxy.url);
  } finally {
    await proxy.stop();
  }
}

/** Like a player: the first address that answers will do. */
async function connectAny(
  addresses: readonly string[],
  port: number,
  deps: SourceTestDeps,
  signal: AbortSignal,
): Promise<void> {
  let problem: unknown;
  for (const address of addresses) {
    try {
      await deps.connectTcp(address, port, deps.connectTimeoutMs, signal);
      return;
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

async function probe(
  url: SourceUrl,
  options: SourceTestOptions,
  deps: SourceTestDeps,
  httpProxy: string | undefined,
): Promise<SourceVideo | ConnectFailure> {
  const output: Buffer[] = [];
  const startedMs = deps.clock.monotonicMs();
  const { exit, timedOut, lines } = await runProbe({
    ...deps,
    args: probeArguments(url.scheme),
    script: concatScript(
      url.href,
      sourceOptions(url, { transport: options.transport, socketTimeoutMs: deps.connectTimeoutMs }),
    ),
    httpProxy,
    timeoutMs: deps.connectTimeoutMs * 3,
    signal: options.signal,
    onOutput: (bytes) => output.push(bytes),
  });
  if (exit.error) return failure('ffmpeg_missing', exit.error.message);
  if (timedOut) return failure('timeout');
  const waitedMs = deps.clock.monotonicMs() - startedMs;
  if (exit.code !== 0) return orTimeout(classifyFailure(lines, exit), waitedMs, deps.connectTimeoutMs);
  return judge(Buffer.concat(output).toString('utf8'), lines);
}

interface ProbedStream {
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly avg_frame_rate?: string;
  readonly r_frame_rate?: string;
}

/** ffprobe's JSON to what it means. */
function judge(json: string, lines: readonly string[]): SourceVideo | ConnectFailure {
  let streams: readonly ProbedStream[] = [];
  try {
    streams = (JSON.parse(json) as { streams?: readonly ProbedStream[] }).streams ?? [];
  } catch {
    return classifyFailure(lines, { code: 1, signal: null });
  }
  const video = streams.find((stream) => stream.codec_type === 'video');
  if (!video) return failure('no_video');
  if (video.codec_name === undefined || video.codec_name === 'unknown' || video.codec_name === 'none') {
    return failure('codec_unsupported');
  }
  if (!video.width || !video.height)
    return failure('codec_unsupported', `no picture of ${video.codec_name} could be decoded`);
  return {
    codec: video.codec_name,
    width: video.width,
    height: video.height,
    framesPerSecond: rate(video.avg_frame_rate) ?? rate(video.r_frame_rate),
  };
}

/** `25/1` to 25; `0/0` and nonsense such as the 90 kHz clock to null. */
function rate(fraction: string | undefined): number | null {
  const [numerator, denominator] = (fraction ?? '').split('/').map(Number);
  if (!numerator || !denominator) return null;
  const perSecond = numerator / denominator;
  return perSecond > 0 && perSecond <= 1_000 ? Math.round(perSecond * 1_000) / 1_000 : null;
}
