import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ExitStatus, exitOf, type SpawnProcess, stopChild, systemSpawn } from '../platform/child-process.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { problem, type VedetteError } from '../platform/errors.ts';

export interface RtspServerOptions {
  /** Path of a camera, for instance `/street`, to the H.264 mp4 that it plays round and round. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Recordings that `play` and `cut` can show once, by name. */
  readonly clips?: Readonly<Record<string, string>>;
  /** A clip that each mount plays once before its own file. */
  readonly first?: string;
  /** Waits with the first picture until the first client connects; otherwise the cameras play from the start, watched or not. */
  readonly hold?: boolean;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Asked of clients as digest; given to the server by its environment. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Default: Debian's, since python3-gi belongs to that one. */
  readonly pythonPath?: string;
  readonly spawn?: SpawnProcess;
  readonly clock?: Clock;
  /** Reading long files takes a moment. Default 30 s. */
  readonly startTimeoutMs?: number;
}

/** A recording began to play. */
export interface Playing {
  readonly mount: string;
  /** `main` for the mount's own file. */
  readonly clip: string;
  /** UTC ms at which its first picture was sent; picture n follows n / framesPerSecond later. */
  readonly atMs: number;
  readonly frames: number;
  readonly framesPerSecond: number;
}

export interface RtspServer {
  readonly port: number;
  /** Address of the first mount, without credentials. */
  readonly url: string;
  readonly urls: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Plays a clip once, when the running recording ends; resolves when its first picture is sent. */
  play(clip: string, mount?: string): Promise<Playing>;
  /** The same, at once. */
  cut(clip: string, mount?: string): Promise<Playing>;
  /** Resolves at the next start of a clip, or of a mount's own file (`main`). */
  nextPlaying(clip: string, mount?: string): Promise<Playing>;
  /** What began last on a mount. */
  lastPlaying(mount?: string): Playing | null;
  /** Sends no pictures while the connections stay up, and goes on. */
  pause(mount?: string): void;
  resume(mount?: string): void;
  /** Drops every client. */
  disconnect(): void;
  readonly exited: Promise<ExitStatus>;
  stop(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('../../scripts/rtsp-server.py', import.meta.url));
/** The script's exit code for missing packages. */
const EXIT_MISSING = 3;
const STOP_PATIENCE_MS = 1_500;
const STOP_LADDER = [
  { action: 'SIGTERM', waitMs: 2_000 },
  { action: 'SIGKILL', waitMs: 2_000 },
] as const;

interface Report {
  readonly event?: string;
  readonly reason?: string;
  readonly port?: number;
  readonly url?: string;
  readonly urls?: Readonly<Record<string, string>>;
}

function scriptArguments(options: RtspServerOptions): string[] {
  const args = [SCRIPT, '--port', String(options.port ?? 0)];
  for (const [path, file] of Object.entries(options.mounts)) args.push('--mount', `${path}=${file}`);
  for (const [name, file] of Object.entries(options.clips ?? {})) args.push('--clip', `${name}=${file}`);
  if (options.first !== undefined) args.push('--first', options.first);
  if (options.hold) args.push('--hold');
  return args;
}

function startProblem(status: ExitStatus, reported: string | null, stderr: string, python: string): VedetteError {
  if (status.error)
    return problem('VDT_RTSP_SERVER_MISSING', { reason: `${python} cannot be run` }, { cause: status.error });
  const reason = reported ?? stderr.trim().split('\n').at(-1) ?? '';
  if (status.code === EXIT_MISSING) return problem('VDT_RTSP_SERVER_MISSING', { reason });
  return problem('VDT_RTSP_SERVER_FAILED', { reason: reason || `it ended with ${status.signal ?? status.code}` });
}

/**
 * Starts `scripts/rtsp-server.py` and waits until it listens. The server ends with this process: it watches its standard input.
 * @throws VDT_RTSP_SERVER_MISSING if Python or GStreamer's RTSP server is not installed, with the apt line as hint;
 *   VDT_RTSP_SERVER_FAILED if a file cannot be read, the port is taken or it does not come up in time.
 */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const python = options.pythonPath ?? '/usr/bin/python3';
  const clock = options.clock ?? systemClock;
  const { RTSP_SERVER_USER: _user, RTSP_SERVER_PASSWORD: _password, ...environment } = process.env;
  const { credentials } = options;
  const child = (options.spawn ?? systemSpawn)(python, scriptArguments(options), {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: credentials
      ? { ...environment, RTSP_SERVER_USER: credentials.user, RTSP_SERVER_PASSWORD: credentials.password }
      : environment,
  });
  const exited = exitOf(child);
  const reports = new Reports(child);
  const timeoutMs = options.startTimeoutMs ?? 30_000;
  const giveUp = new AbortController();
  const outcome = await Promise.race([
    reports.listening,
    exited.then((status) => ({ status })),
    clock.sleep(timeoutMs, giveUp.signal).then(() => 'timeout' as const),
  ]);
  giveUp.abort();
  if (outcome === 'timeout') {
    await stopChild(child, clock, STOP_LADDER);
    throw problem('VDT_RTSP_SERVER_FAILED', { reason: `it did not listen within ${timeoutMs / 1000} s` });
  }
  if ('status' in outcome) {
    await reports.closed;
    throw startProblem(outcome.status, reports.lastError, reports.stderr, python);
  }
  const say = (line: string): void => {
    if (child.stdin?.writable) child.stdin.write(`${line}\n`);
  };
  const command = (verb: string, ...words: readonly (string | undefined)[]) =>
    say([verb, ...words.filter((word) => word !== undefined)].join(' '));
  const show = (verb: 'play' | 'cut', clip: string, mount?: string): Promise<Playing> => {
    if (options.clips?.[clip] === undefined) {
      return Promise.reject(problem('VDT_RTSP_SERVER_FAILED', { reason: `it has no clip named ${clip}` }));
    }
    const started = reports.next(clip, mount);
    command(verb, clip, mount);
    return started;
  };
  void exited.then((status) => reports.end(startProblem(status, reports.lastError, reports.stderr, python)));
  return {
    ...outcome,
    pid: child.pid ?? 0,
    play: (clip, mount) => show('play', clip, mount),
    cut: (clip, mount) => show('cut', clip, mount),
    nextPlaying: (clip, mount) => reports.next(clip, mount),
    lastPlaying: (mount) => reports.last(mount),
    pause: (mount) => command('pause', mount),
    resume: (mount) => command('resume', mount),
    disconnect: () => command('disconnect'),
    exited,
    async stop() {
      reports.end(problem('VDT_RTSP_SERVER_FAILED', { reason: 'it was stopped' }));
      // It ends by itself when its input does; the ladder is for one that hangs.
      child.stdin?.end();
      const enough = new AbortController();
      await Promise.race([exited, clock.sleep(STOP_PATIENCE_MS, enough.signal)]);
      enough.abort();
      await stopChild(child, clock, STOP_LADDER);
    },
  };
}

interface Waiter {
  readonly clip: string;
  readonly mount: string | undefined;
  resolve(playing: Playing): void;
  reject(reason: VedetteError): void;
}

/** Reads the server's JSON lines and hands them to who waits for them. */
class Reports {
  readonly listening: Promise<{ port: number; url: string; urls: Readonly<Record<string, string>> }>;
  /** Resolves when the server's output has been read to its end. */
  readonly closed: Promise<void>;
  lastError: string | null = null;
  stderr = '';
  #ended: VedetteError | null = null;
  #waiters: Waiter[] = [];
  readonly #last = new Map<string, Playing>();
  #latest: Playing | null = null;

  constructor(child: ChildProcess) {
    child.stdin?.on('error', () => {});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-2_000);
    });
    const { stdout } = child;
    if (stdout === null) {
      this.listening = new Promise(() => {});
      this.closed = Promise.resolve();
      return;
    }
    const lines = createInterface({ input: stdout });
    // A child that could not be started closes its pipes too, so that this always comes.
    this.closed = new Promise((resolve) => lines.once('close', resolve));
    this.listening = new Promise((resolve) => {
      lines.on('line', (line) => {
        const report = parse(line);
        if (report.port !== undefined && report.url !== undefined) {
          resolve({ port: report.port, url: report.url, urls: report.urls ?? {} });
        } else if (report.event === 'playing') this.#playing(report as Report & Playing);
        else if (report.event === 'error') this.lastError = report.reason ?? 'unknown';
      });
    });
  }

  next(clip: string, mount?: string): Promise<Playing> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => this.#waiters.push({ clip, mount, resolve, reject }));
  }

  last(mount?: string): Playing | null {
    return mount === undefined ? this.#latest : (this.#last.get(mount) ?? null);
  }

  end(reason: VedetteError): void {
    this.#ended ??= reason;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#ended);
  }

  #playing({ mount, clip, atMs, frames, framesPerSecond }: Playing): void {
    const playing = { mount, clip, atMs, frames, framesPerSecond };
    this.#latest = playing;
    this.#last.set(mount, playing);
    const due = this.#waiters.filter((w) => w.clip === clip && (w.mount === undefined || w.mount === mount));
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve(playing);
  }
}

function parse(line: string): Report {
  try {
    return JSON.parse(line) as Report;
  } catch {
    return {};
  }
}
