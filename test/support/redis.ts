import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { exitOf } from '../../src/platform/child-process.ts';
import { eventually } from './eventually.ts';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Ends it with SIGTERM, or with SIGKILL as a crash would; by its pid. */
  stop(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  flush(): Promise<void>;
}

/** A redis-server without persistence on a free loopback port. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  const url = `redis://127.0.0.1:${port}/0`;

  const withClient = async <Result>(use: (redis: Redis) => Promise<Result>): Promise<Result> => {
    const redis = new Redis({ port, host: '127.0.0.1', protocol: 2, lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => {});
    try {
      await redis.connect();
      return await use(redis);
    } finally {
      redis.disconnect();
    }
  };
  const redis: TestRedis = {
    url,
    port,
    get pid() {
      return child?.pid;
    },
    async start() {
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'];
      child = spawn('redis-server', args, { stdio: 'ignore' });
      await eventually(() => withClient((client) => client.ping()));
    },
    async stop(how = 'SIGTERM') {
      if (!child) return;
      const exited = exitOf(child);
      child.kill(how);
      await exited;
      child = null;
    },
    async flush() {
      await withClient((client) => client.flushall());
    },
  };
  await redis.start();
  return redis;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
