import { type ChildProcess, fork } from 'node:child_process';
import { codeVersion } from './code-version.ts';
import { type CameraJob, costOf, inOrderOfWork } from './job.ts';
import { type CameraResult, runCamera } from './virtual-camera.ts';

type Message = { readonly progress: number } | { readonly result: CameraResult; readonly code: string };

export interface RunOptions {
  /** The script that children run: it must call `serveJobs` when it has a parent. */
  readonly script: string;
  readonly processes: number;
  /** Aborting it ends the children; what is finished stays. */
  readonly signal: AbortSignal;
  /** A camera is finished. `code` is the version that the child saw when it began. */
  readonly onResult: (result: CameraResult, code: string) => Promise<void>;
  readonly say: (line: string) => void;
}

const SAY_EVERY_MS = 60_000;

/** Runs one job that the parent sends, then ends; ends at once when the parent is gone. */
export function serveJobs(): void {
  process.once('disconnect', () => process.exit(1));
  process.once('message', async (job: CameraJob) => {
    const send = (message: Message, done?: () => void) => process.send?.(message, undefined, {}, done);
    const code = await codeVersion();
    const result = await runCamera(job, (progress) => send({ progress }));
    send({ result, code }, () => process.exit(0));
  });
}

/**
 * Runs the jobs in child processes, so many at a time, and says how far it is once a minute.
 * @returns the jobs that failed, with the reason
 */
export async function runCameras(jobs: readonly CameraJob[], options: RunOptions): Promise<string[]> {
  const { signal, say } = options;
  const queue = inOrderOfWork(jobs);
  const total = queue.reduce((sum, job) => sum + costOf(job), 0);
  const done = new Map<CameraJob, number>();
  const failures: string[] = [];
  const began = performance.now();
  let finished = 0;
  const tell = () => {
    const share = [...done].reduce((sum, [job, part]) => sum + part * costOf(job), 0) / Math.max(1, total);
    const minutes = (performance.now() - began) / 60_000;
    const left = share > 0.002 ? `, about ${Math.ceil((minutes * (1 - share)) / share)} min left` : '';
    const underWay = done.size - finished;
    say(
      `${(100 * share).toFixed(1)} %: ${finished} of ${jobs.length} cameras done, ${underWay} under way, ${minutes.toFixed(0)} min gone${left}`,
    );
  };
  const timer = setInterval(tell, SAY_EVERY_MS);
  const worker = async (): Promise<void> => {
    for (let job = queue.shift(); job && !signal.aborted; job = queue.shift()) {
      const current = job;
      done.set(current, 0);
      try {
        const { result, code } = await runInChild(current, options, (share) => done.set(current, share));
        await options.onResult(result, code);
        finished += 1;
        say(`${nameOf(current)}: ${result.incidents.length} incidents, ${result.events.length} events`);
      } catch (thrown) {
        if (!signal.aborted) failures.push(`${nameOf(current)}: ${thrown instanceof Error ? thrown.message : thrown}`);
      }
      done.set(current, 1);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.processes, jobs.length) }, worker));
  } finally {
    clearInterval(timer);
  }
  return failures;
}

const nameOf = ({ kind, seed }: CameraJob): string => `${kind}-${seed}`;

function runInChild(
  job: CameraJob,
  { script, signal }: RunOptions,
  onProgress: (share: number) => void,
): Promise<{ readonly result: CameraResult; readonly code: string }> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(script, [], {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    let message: Extract<Message, { result: CameraResult }> | null = null;
    child.on('message', (received: Message) => {
      if ('result' in received) message = received;
      else onProgress(received.progress);
    });
    child.once('error', reject);
    child.once('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      if (message) resolve(message);
      else reject(new Error(`ended with ${killedBy ?? code} and without a result`));
    });
    child.send(job);
  });
}
