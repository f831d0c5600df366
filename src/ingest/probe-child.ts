import type { Writable } from 'node:stream';
import { type ExitStatus, exitOf, type SpawnProcess, stopChild } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { SCRIPT_FD } from './concat-script.ts';
import { childEnvironment } from './ffmpeg-child.ts';
import { FfmpegLog } from './ffmpeg-log.ts';

export interface ProbeChildOptions {
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  readonly ffprobePath: string;
  readonly args: readonly string[];
  /** Concat script for fd 3; null where the input is a file. */
  readonly script: string | null;
  readonly httpProxy?: string | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onOutput: (bytes: Buffer) => void;
}

export interface ProbeEnd {
  readonly exit: ExitStatus;
  readonly timedOut: boolean;
  /** Redacted. */
  readonly lines: readonly string[];
}

/** Runs ffprobe to its end, or to ours. Never rejects; leaves no process behind. */
export async function runProbe(options: ProbeChildOptions): Promise<ProbeEnd> {
  const { clock, signal } = options;
  const child = options.spawn(options.ffprobePath, options.args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: childEnvironment(options.httpProxy),
  });
  const log = new FfmpegLog();
  const exited = exitOf(child);
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  for (const stream of child.stdio) stream?.on('error', () => {});
  child.stdout?.on('data', options.onOutput);
  child.stderr?.on('data', (bytes: Buffer) => log.push(bytes));
  (child.stdio[SCRIPT_FD] as Writable | null | undefined)?.end(options.script ?? '');

  const ended = new AbortController();
  const onAbort = () => ended.abort();
  void closed.then(onAbort);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const startedMs = clock.monotonicMs();
  try {
    await clock.sleep(options.timeoutMs, ended.signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await stopChild(child, clock, [{ action: 'SIGKILL', waitMs: 5_000 }]);
  }
  await closed;
  log.end();
  return { exit: await exited, timedOut: clock.monotonicMs() - startedMs >= options.timeoutMs, lines: log.troubles };
}
