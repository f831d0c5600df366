import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import {
  COMMAND_NOT_FOUND,
  endingWithParent,
  exitOf,
  PROCESS_STOP_LADDER,
  type SpawnProcess,
  stopChild,
  systemSpawn,
} from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { systemClock } from '../platform/clock.ts';
import { problem, reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { redisOptions } from './connect-redis.ts';

export interface EmbeddedRedisOptions {
  /** The service's data folder; the socket goes to `redis/redis.sock` in it. */
  readonly dataDir: string;
  readonly logger: Logger;
  readonly spawn?: SpawnProcess;
  readonly clock?: Clock;
  /** Default: `redis-server` from the path. */
  readonly program?: string;
  readonly maximumMemoryMegabytes?: number;
}

const START_DEADLINE_MS = 10_000;
/** The operating system cuts a socket's path at 108 bytes (Linux) or 104 (macOS). */
const LONGEST_SOCKET_PATH = 100;

/**
 * A redis-server of our own as a child process, on a Unix socket that only this user can open, without persistence and
 * without a TCP port. It is started again when it dies; everything in it can be rebuilt.
 */
export class EmbeddedRedis {
  readonly #options: EmbeddedRedisOptions;
  readonly #spawn: SpawnProcess;
  readonly #clock: Clock;
  readonly #socketPath: string;
  #child: ChildProcess | null = null;
  #stopping = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(options: EmbeddedRedisOptions) {
    this.#options = options;
    this.#spawn = options.spawn ?? systemSpawn;
    this.#clock = options.clock ?? systemClock;
    this.#socketPath = socketPathFor(options.dataDir);
  }

  /** What `connectRedis` takes; the same for the whole life, restarts included. */
  get url(): string {
    return `unix://${encodeURI(this.#socketPath)}`;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves when it answers. Throws VDT_REDIS_MISSING where redis-server is not installed or does not come up. */
  async start(): Promise<void> {
    this.#stopping = new AbortController();
    await mkdir(join(this.#socketPath, '..'), { recursive: true, mode: 0o700 });
    await this.#endLeftover();
    const child = this.#launch();
    try {
      await this.#untilAnswering(child);
    } catch (error) {
      await stopChild(child, this.#clock, PROCESS_STOP_LADDER);
      this.#child = null;
      throw error;
    }
    this.#watching = this.#keepAlive(child);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#child) await stopChild(this.#child, this.#clock, PROCESS_STOP_LADDER);
    await this.#watching;
    this.#child = null;
    await rm(this.#socketPath, { force: true });
  }

  #launch(): ChildProcess {
    const memory = this.#options.maximumMemoryMegabytes ?? 512;
    const settings: readonly (readonly [string, string])[] = [
      ['--port', '0'],
      ['--unixsocket', this.#socketPath],
      ['--unixsocketperm', '700'],
      ['--save', ''],
      ['--appendonly', 'no'],
      ['--maxmemory', `${memory}mb`],
      ['--maxmemory-policy', 'noeviction'],
      ['--daemonize', 'no'],
      ['--dir', join(this.#socketPath, '..')],
      ['--loglevel', 'warning'],
    ];
    const [command, args] = endingWithParent(this.#options.program ?? 'redis-server', settings.flat());
    const child = this.#spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#options.logger.debug({ text: chunk.toString().trim().slice(0, 2_000) }, 'redis-server.output');
      });
    }
    this.#child = child;
    return child;
  }

  async #untilAnswering(child: ChildProcess): Promise<void> {
    const exited = exitOf(child).then((status) => {
      const reason = status.error
        ? reasonOf(status.error)
        : status.code === COMMAND_NOT_FOUND
          ? 'it is not installed'
          : `it ended at once with ${status.signal ?? `code ${status.code}`}`;
      throw problem('VDT_REDIS_MISSING', { reason }, { cause: status.error });
    });
    exited.catch(() => {});
    const deadlineMs = this.#clock.monotonicMs() + START_DEADLINE_MS;
    while (!(await Promise.race([answers(this.#socketPath), exited]))) {
      if (this.#clock.monotonicMs() > deadlineMs) {
        throw problem('VDT_REDIS_MISSING', { reason: `it does not answer after ${START_DEADLINE_MS} ms` });
      }
      await Promise.race([this.#clock.sleep(20), exited]);
    }
  }

  async #keepAlive(first: ChildProcess): Promise<void> {
    let child = first;
    let waitMs = 100;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedMs = this.#clock.monotonicMs();
      const status = await exitOf(child);
      if (signal.aborted) return;
      if (this.#clock.monotonicMs() - startedMs > 30_000) waitMs = 100;
      this.#options.logger.warn({ code: status.code, signal: status.signal, waitMs }, 'redis-server.died');
      await this.#clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      waitMs = Math.min(waitMs * 2, 5_000);
      child = this.#launch();
    }
  }

  /** A server that outlived a killed service holds the socket's path and memory: it goes before ours comes. */
  async #endLeftover(): Promise<void> {
    if (!(await answers(this.#socketPath, async (redis) => redis.shutdown('NOSAVE').catch(() => {})))) return;
    this.#options.logger.info({}, 'redis-server.leftover-ended');
    const deadlineMs = this.#clock.monotonicMs() + 2_000;
    while ((await answers(this.#socketPath)) && this.#clock.monotonicMs() < deadlineMs) await this.#clock.sleep(20);
  }
}

function socketPathFor(dataDir: string): string {
  const direct = join(resolve(dataDir), 'redis', 'redis.sock');
  if (Buffer.byteLength(direct) <= LONGEST_SOCKET_PATH) return direct;
  const name = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16);
  return join(tmpdir(), `vedette-${process.getuid?.() ?? 0}-${name}`, 'redis.sock');
}

async function answers(path: string, then?: (redis: Redis) => Promise<unknown>): Promise<boolean> {
  const redis = new Redis({ ...redisOptions(path, 'client'), lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    await redis.ping();
    await then?.(redis);
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
