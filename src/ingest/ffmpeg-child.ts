import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { SpawnProcess } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { CHUNK_LIST_FD, FRAME_TIMES_FD, SCRIPT_FD } from './concat-script.ts';

export interface FfmpegChildOptions {
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  readonly path: string;
  readonly args: readonly string[];
  /** Goes to the input pipe (fd 3); null where the input is a file. */
  readonly script: string | null;
  /** Loopback proxy that guards where HTTP may lead. */
  readonly httpProxy?: string | undefined;
}

export interface FfmpegChild {
  readonly process: ChildProcess;
  readonly frames: Readable;
  readonly frameTimes: Readable;
  readonly chunkList: Readable;
  readonly log: Readable;
  /** Resolves when the child has ended and all its pipes are read to the end, or a second after it ended. */
  readonly closed: Promise<void>;
}

/**
 * Starts ffmpeg with its pipes, in a process group of its own so that Ctrl-C reaches us and not it. Its environment is
 * bare: no setting or secret of the service. When this process dies, its pipes break and it ends with the next picture.
 */
export function spawnFfmpeg(options: FfmpegChildOptions): FfmpegChild {
  const child = options.spawn(options.path, options.args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: childEnvironment(options.httpProxy),
  });
  // Node's type of `stdio` ends at 4; there is one entry for each given above
  const pipes: readonly (Writable | Readable | null | undefined)[] = child.stdio;
  const script = pipes[SCRIPT_FD] as Writable | null | undefined;
  for (const stream of pipes) stream?.on('error', () => {}); // a broken pipe shows as the end of the child
  script?.end(options.script ?? '');
  const [frames, log] = [child.stdout, child.stderr];
  const frameTimes = pipes[FRAME_TIMES_FD] as Readable | null | undefined;
  const chunkList = pipes[CHUNK_LIST_FD] as Readable | null | undefined;
  if (!frames || !log || !frameTimes || !chunkList) throw new Error('ffmpeg was started without its pipes');
  return { process: child, frames, frameTimes, chunkList, log, closed: closedOf(child, options.clock) };
}

export function childEnvironment(httpProxy?: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => /^(PATH|LD_LIBRARY_PATH|DYLD_.*|SystemRoot)$/.test(name));
  return {
    ...Object.fromEntries(kept),
    TZ: 'UTC',
    AV_LOG_FORCE_NOCOLOR: '1',
    ...(httpProxy === undefined ? {} : { http_proxy: httpProxy }),
  };
}

const LAST_WORDS_MS = 1_000;

function closedOf(child: ChildProcess, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
    // a grandchild that inherited a pipe must not hold us up
    child.once('exit', () => clock.after(LAST_WORDS_MS, resolve));
  });
}
