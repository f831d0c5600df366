import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone, even while `session.run` blocks the main thread: a thread of its own looks
 * at the parent's id. The ordinary way is the `disconnect` event; this is for a run that never returns.
 */
const WATCH = `
const parent = process.ppid;
const never = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  Atomics.wait(never, 0, 0, 1_000);
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}
`;

export function watchForOrphanhood(): void {
  const worker = new Worker(WATCH, { eval: true, execArgv: [], stdout: false, stderr: false });
  worker.unref();
}
