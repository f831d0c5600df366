import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock } from './clock.ts';

/** Starts a child from an argument array, never through a shell; injected so that tests can make children fail. */
export type SpawnProcess = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

export const systemSpawn: SpawnProcess = (command, args, options) =>
  spawn(command, [...args], { ...options, shell: false });

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set where the child never ran, for instance because the program is not installed. */
  readonly error: Error | null;
}

/** Resolves once, when the child has ended or could not be started; never rejects. */
export function exitOf(child: ChildProcess): Promise<ExitStatus> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve({ code: child.exitCode, signal: child.signalCode, error: null });
      return;
    }
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once('exit', (code, signal) => resolve({ code, signal, error: null }));
  });
}

export interface StopStep {
  readonly action: 'quit-key' | NodeJS.Signals;
  readonly waitMs: number;
}

/** ffmpeg's ladder: `q` lets it close its files and say goodbye to the camera, TERM asks, KILL ends. */
export const FFMPEG_STOP_LADDER: readonly StopStep[] = [
  { action: 'quit-key', waitMs: 2_000 },
  { action: 'SIGTERM', waitMs: 2_000 },
  { action: 'SIGKILL', waitMs: 5_000 },
];
export const PROCESS_STOP_LADDER: readonly StopStep[] = [
  { action: 'SIGTERM', waitMs: 5_000 },
  { action: 'SIGKILL', waitMs: 5_000 },
];

/** Walks down the ladder until the child has ended. */
export async function stopChild(child: ChildProcess, clock: Clock, ladder: readonly StopStep[]): Promise<ExitStatus> {
  const exited = exitOf(child);
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  for (const step of ladder) {
    if (ended || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) break;
    if (step.action === 'quit-key') {
      if (!child.stdin?.writable) continue;
      child.stdin.on('error', () => {});
      child.stdin.write('q');
    } else {
      child.kill(step.action);
    }
    const giveUp = new AbortController();
    await Promise.race([exited, clock.sleep(step.waitMs, giveUp.signal)]);
    giveUp.abort();
  }
  return exited;
}

const SETPRIV = '/usr/bin/setpriv';

/**
 * Command and arguments that make the kernel end the child when this process dies, however that happens (Linux, by
 * util-linux's setpriv; elsewhere the command as it is). For children that read nothing from us and so would not notice.
 */
export function endingWithParent(
  command: string,
  args: readonly string[],
): readonly [command: string, args: readonly string[]] {
  if (process.platform !== 'linux' || !existsSync(SETPRIV)) return [command, args];
  return [SETPRIV, ['--pdeathsig', 'SIGTERM', command, ...args]];
}

/** setpriv's exit code where the command does not exist. */
export const COMMAND_NOT_FOUND = 127;
