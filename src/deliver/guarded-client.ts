import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import type { CheckedTarget, TargetGuard } from './target-guard.ts';

/** An answer's body is read only so that the connection can be used again; beyond this the connection is dropped. */
const LARGEST_RESPONSE_BYTES = 64 * 1024;
const LARGEST_RESPONSE_HEADER_BYTES = 16 * 1024;
const MAXIMUM_POOLS = 256;

export interface GuardedClientOptions {
  readonly guard: TargetGuard;
  readonly clock: Clock;
  /** For the whole attempt: name resolution, connection, request and answer. */
  readonly timeoutMs: number;
  /** Connections to one receiver at once. */
  readonly connectionsPerTarget: number;
}

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent byte for byte. */
  readonly body: Uint8Array;
}

/** What came of one POST. `status` is null when no answer came; then `error` says why. */
export interface PostResult {
  readonly status: number | null;
  readonly retryAfter: string | null;
  readonly error: string | null;
}

/**
 * Sends one POST to an address that nobody vouches for: the target is checked at each send, the socket connects to
 * the checked addresses and to nothing else (a name that changes between check and connection, "DNS rebinding",
 * gains nothing), redirects are not followed, proxy variables are not read, time and size of the answer are bounded.
 */
export class GuardedClient {
  readonly #options: GuardedClientOptions;
  /** By origin and addresses, least recently used first: a name that moved gets new connections at once. */
  readonly #pools = new Map<string, Pool>();

  constructor(options: GuardedClientOptions) {
    this.#options = options;
  }

  /** Never rejects: whatever goes wrong is the outcome of the attempt. */
  async post(request: PostRequest): Promise<PostResult> {
    const { clock, timeoutMs } = this.#options;
    const abort = new AbortController();
    const cancel = clock.after(timeoutMs, () => abort.abort());
    try {
      const target = await orAborted(this.#options.guard.check(request.url), abort.signal);
      const response = await this.#poolOf(target).request({
        method: 'POST',
        path: `${target.url.pathname}${target.url.search}`,
        headers: { ...request.headers },
        body: request.body,
        signal: abort.signal,
      });
      // from here on the receiver has decided: an endless or dripping body does not change the status
      await discardBody(response.body);
      const retryAfter = response.headers['retry-after'];
      return {
        status: response.statusCode,
        retryAfter: (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null,
        error: null,
      };
    } catch (thrown) {
      const error = abort.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : describe(thrown);
      return { status: null, retryAfter: null, error };
    } finally {
      cancel();
    }
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #poolOf(target: CheckedTarget): Pool {
    const key = [target.url.origin, ...target.addresses.map((entry) => entry.address).sort()].join(' ');
    const pool = this.#pools.get(key) ?? this.#openPool(target);
    this.#pools.delete(key);
    this.#pools.set(key, pool);
    for (const [oldKey, oldPool] of this.#pools) {
      if (this.#pools.size <= MAXIMUM_POOLS) break;
      this.#pools.delete(oldKey);
      void oldPool.close(); // waits for what is under way
    }
    return pool;
  }

  #openPool(target: CheckedTarget): Pool {
    const { timeoutMs, connectionsPerTarget } = this.#options;
    return new Pool(target.url.origin, {
      connections: connectionsPerTarget,
      pipelining: 1,
      maxHeaderSize: LARGEST_RESPONSE_HEADER_BYTES,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs, lookup: pinnedLookup(target) },
    });
  }
}

/** Answers each question with the addresses that were checked. Not asked for IP literals, which were checked as such. */
function pinnedLookup(target: CheckedTarget): LookupFunction {
  return (_hostname, options, callback) => {
    const family = options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 ? 6 : 0;
    const fitting = target.addresses.filter((entry) => family === 0 || entry.family === family);
    const first = fitting[0];
    if (!first) callback(new Error('no checked address of that family'), '', 4);
    else if (options.all) callback(null, [...fitting]);
    else callback(null, first.address, first.family);
  };
}

async function discardBody(body: AsyncIterable<Uint8Array> & { destroy(): unknown }): Promise<void> {
  let sizeBytes = 0;
  try {
    for await (const part of body) {
      sizeBytes += part.byteLength;
      if (sizeBytes > LARGEST_RESPONSE_BYTES) break; // leaving the loop destroys the stream and its connection
    }
  } catch {
    body.destroy();
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    work.then(resolve, reject);
  });
}

/** undici wraps causes and Happy Eyeballs wraps several; the innermost says what happened ("connect ECONNREFUSED …"). */
function describe(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return thrown.errors.map(reasonOf).join('; ');
  if (thrown instanceof TypeError && thrown.cause !== undefined) return describe(thrown.cause);
  return reasonOf(thrown);
}
