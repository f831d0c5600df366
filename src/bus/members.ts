import type { Redis } from 'ioredis';
import type { Clock } from '../platform/clock.ts';
import { membersKey } from './keys.ts';

/** Who is alive in a role, so that cameras can be shared out evenly: a sorted set of names by the time they run out. */
export class Members {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #name: string;
  readonly #ttlMs: number;
  readonly #clock: Clock;

  constructor(options: {
    readonly redis: Redis;
    readonly role: string;
    readonly name: string;
    readonly ttlMs: number;
    readonly clock: Clock;
  }) {
    this.#redis = options.redis;
    this.#key = membersKey(options.role);
    this.#name = options.name;
    this.#ttlMs = options.ttlMs;
    this.#clock = options.clock;
  }

  /** Says that this one is alive; returns how many are, itself included. Repeat well within `ttlMs`. */
  async announce(): Promise<number> {
    const nowMs = this.#clock.nowMs();
    const replies = await this.#redis
      .multi()
      .zadd(this.#key, nowMs + this.#ttlMs, this.#name)
      .zremrangebyscore(this.#key, '-inf', nowMs)
      .pexpire(this.#key, this.#ttlMs * 2)
      .zcard(this.#key)
      .exec();
    for (const [error] of replies ?? []) if (error) throw error;
    return Math.max(1, Number(replies?.[3]?.[1] ?? 1));
  }

  async leave(): Promise<void> {
    await this.#redis.zrem(this.#key, this.#name).catch(() => {});
  }
}
