import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { SpawnProcess } from '../../../src/platform/child-process.ts';

/** A child that does as a test tells it. */
export class FakeFfmpeg extends EventEmitter {
  readonly pid: number;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  readonly stdio = Array.from({ length: 6 }, () => new PassThrough());
  readonly heard: string[] = [];
  /** What it listens to when it is to end. */
  obeys: readonly string[] = ['q', 'SIGTERM', 'SIGKILL'];
  #frames = 0;

  constructor(pid: number) {
    super();
    this.pid = pid;
    this.stdin.on('data', (bytes: Buffer) => this.#hear(bytes.toString()));
  }

  get stdin(): PassThrough {
    return this.#pipe(0);
  }
  get stdout(): PassThrough {
    return this.#pipe(1);
  }
  get stderr(): PassThrough {
    return this.#pipe(2);
  }

  frame(mediaSeconds: number, frameBytes: number): void {
    this.#pipe(4).write(`frame:${this.#frames++}    pts:${Math.round(mediaSeconds * 1e6)} pts_time:x\nvedette=1\n`);
    this.stdout.write(Buffer.alloc(frameBytes, 7));
  }

  kill(signal: NodeJS.Signals): boolean {
    this.#hear(signal);
    return true;
  }

  exit(code: number | null, signal: NodeJS.Signals | null = null): void {
    if (this.exitCode !== null || this.signalCode !== null) return;
    this.exitCode = code;
    this.signalCode = signal;
    for (const stream of this.stdio) stream.end();
    this.emit('exit', code, signal);
    setImmediate(() => this.emit('close', code, signal));
  }

  #hear(what: string): void {
    this.heard.push(what);
    if (this.obeys.includes(what)) this.exit(what === 'q' ? 0 : null, what === 'q' ? null : (what as NodeJS.Signals));
  }

  #pipe(fd: number): PassThrough {
    const stream = this.stdio[fd];
    if (!stream) throw new Error('no such pipe');
    return stream;
  }
}

/** Starts fakes and keeps them for the test. */
export function fakeSpawn(onStart: (child: FakeFfmpeg) => void = () => {}) {
  const children: FakeFfmpeg[] = [];
  const calls: { readonly args: readonly string[]; readonly options: Parameters<SpawnProcess>[2] }[] = [];
  const spawn: SpawnProcess = (_command, args, options) => {
    const child = new FakeFfmpeg(1_000_000 + children.length);
    children.push(child);
    calls.push({ args, options });
    setImmediate(() => onStart(child));
    return child as unknown as ChildProcess;
  };
  return { spawn, children, calls };
}
