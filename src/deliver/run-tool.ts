import { constants, setPriority } from 'node:os';
import { exitOf, type SpawnProcess } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { problem } from '../platform/errors.ts';

export interface ToolRunner {
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  /** Ends a tool that is running; for the stop of the role. */
  readonly stopping: AbortSignal;
}

const LARGEST_OUTPUT_BYTES = 16 * 1024 * 1024;
const STDERR_TAIL = 2_000;

/**
 * Runs ffmpeg or ffprobe to its end, with lowered priority (evidence must not take the CPU from live cameras),
 * a deadline and bounded output. Resolves to standard output; throws VDT_CLIP_FAILED with the tool's last words.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  { spawn, clock, stopping }: ToolRunner,
): Promise<string> {
  if (stopping.aborted) throw problem('VDT_CLIP_FAILED', { reason: 'the service is stopping' });
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid !== undefined) lowerPriority(child.pid);
  let output = '';
  let words = '';
  let failure: string | null = null;
  const kill = (reason: string) => {
    failure ??= reason;
    child.kill('SIGKILL');
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length > LARGEST_OUTPUT_BYTES) kill('it printed too much');
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-STDERR_TAIL);
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const onStop = () => kill('the service is stopping');
  stopping.addEventListener('abort', onStop, { once: true });
  const cancel = clock.after(timeoutMs, () => kill(`it took longer than ${timeoutMs / 1000} s`));
  const exit = await exitOf(child);
  await closed; // the pipes may still hold the last words
  cancel();
  stopping.removeEventListener('abort', onStop);
  if (exit.error) throw problem('VDT_CLIP_FAILED', { reason: `${command}: ${exit.error.message}` });
  if (failure !== null || exit.code !== 0) {
    const reason = failure ?? (words.trim().split('\n').at(-1) || `exit ${exit.code ?? exit.signal ?? ''}`);
    throw problem('VDT_CLIP_FAILED', { reason: `${command}: ${reason}` });
  }
  return output;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // it has ended already, or the platform forbids it: no harm
  }
}
