import { Redis, type RedisOptions } from 'ioredis';
import { systemClock } from '../platform/clock.ts';
import { problem, reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { redactUrl } from '../platform/redact.ts';

/**
 * What a connection is for:
 * - `client`: short commands; fails within seconds while Redis is away, never queues without bound.
 * - `blocking`: one long XREADGROUP at a time, or subscriptions; reconnects for ever.
 * - `queue`: BullMQ's producers, same as `client` (an HTTP request must get its 503 fast).
 * - `worker`: BullMQ's workers, which demand endless retries.
 */
export type RedisPurpose = 'client' | 'blocking' | 'queue' | 'worker';

/** RESP2 shapes throughout. */
export type ConnectionSettings = Omit<RedisOptions, 'replyMapping'> & { readonly replyMapping?: 'legacy' };

/** Silence after which a connection with commands under way is taken for dead (a frozen server, a cut cable). */
const SOCKET_TIMEOUT_MS = 15_000;

/** `redis://`, `rediss://`, `unix:///path/to.sock` or a bare absolute path of a socket. */
export function redisOptions(url: string, purpose: RedisPurpose): ConnectionSettings {
  const shared: ConnectionSettings = {
    ...addressOf(url),
    protocol: 2,
    connectionName: `vedette-${purpose}`,
    disableClientInfo: true,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 1_000),
    // a fail-over leaves clients on a server that turned read-only
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
  switch (purpose) {
    case 'client':
    case 'queue':
      return {
        ...shared,
        commandTimeout: 5_000,
        maxRetriesPerRequest: 1,
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
      };
    case 'blocking':
      return {
        ...shared,
        maxRetriesPerRequest: 1,
        autoResendUnfulfilledCommands: false,
        socketTimeout: SOCKET_TIMEOUT_MS,
      };
    case 'worker':
      return { ...shared, maxRetriesPerRequest: null };
  }
}

function addressOf(url: string): ConnectionSettings {
  if (url.startsWith('/')) return { path: url };
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw problem('VDT_CONFIG_INVALID', { field: 'redisUrl', reason: 'is not a URL' });
  }
  if (parsed.protocol === 'unix:') return { path: decodeURIComponent(parsed.pathname) };
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw problem('VDT_CONFIG_INVALID', {
      field: 'redisUrl',
      reason: `has the scheme ${parsed.protocol.slice(0, -1)}; redis, rediss or unix are known`,
    });
  }
  const database = Number(parsed.pathname.slice(1) || '0');
  if (!Number.isInteger(database) || database < 0) {
    throw problem('VDT_CONFIG_INVALID', { field: 'redisUrl', reason: 'has a path that is not a database number' });
  }
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    db: database,
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    ...(parsed.protocol === 'rediss:' ? { tls: { servername: parsed.hostname } } : {}),
  };
}

/**
 * Opens a connection that heals by itself and logs each loss and return once. It does not wait for the server: see
 * `waitForRedis`. The caller ends it with `disconnect()`.
 */
export function connectRedis(url: string, options: { readonly role: RedisPurpose }, logger: Logger): Redis {
  const redis = new Redis(redisOptions(url, options.role));
  let lost = false;
  redis.on('error', (error: unknown) => {
    if (lost) return;
    lost = true;
    logger.warn({ redis: redactUrl(url), purpose: options.role, reason: reasonOf(error) }, 'redis.lost');
  });
  redis.on('ready', () => {
    if (lost) logger.info({ redis: redactUrl(url), purpose: options.role }, 'redis.back');
    lost = false;
  });
  return redis;
}

/** Resolves when the server answers; throws VDT_UNAVAILABLE after `timeoutMs` with the last reason. */
export async function waitForRedis(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  let reason = 'no answer';
  const onError = (error: unknown) => {
    reason = reasonOf(error);
  };
  const settled = new AbortController();
  const onReady = () => settled.abort();
  redis.on('error', onError);
  redis.on('ready', onReady);
  await systemClock.sleep(timeoutMs, settled.signal);
  redis.off('error', onError);
  redis.off('ready', onReady);
  if (!settled.signal.aborted) throw problem('VDT_UNAVAILABLE', { what: 'Redis', reason });
}
