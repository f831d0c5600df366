import type { Redis } from 'ioredis';
import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import { leaseKey } from './keys.ts';

/** Extends our lease, or takes it again where a wiped Redis forgot it; 0 where another holds it. */
const RENEW = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

export interface LeaseOptions {
  /** A connection of role `client`. */
  readonly redis: Redis;
  /** What is owned, for instance `scoring:front-door`. */
  readonly name: string;
  /** Who owns it: unique per process life. */
  readonly owner: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  /** Called once when another took it, or when it could not be renewed before it ran out. Not called after `release`. */
  readonly onLost: (reason: string) => void;
}

/**
 * Exclusive ownership for a time, renewed at a third of it. A lease alone does not fence: a frozen owner may believe
 * too long. Writes carry a token from the database for that (invariant 4).
 */
export class Lease {
  readonly #options: LeaseOptions;
  #held = false;
  #validUntilMs = 0;
  #cancelRenewal: (() => void) | null = null;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** True while it surely is ours. */
  get held(): boolean {
    return this.#held && this.#options.clock.monotonicMs() < this.#validUntilMs;
  }

  /** Takes it if nobody has it; false if another does. Throws ioredis' error while Redis is away. */
  async acquire(): Promise<boolean> {
    if (this.#held) return true;
    if (!(await this.#renewNow())) return false;
    this.#held = true;
    this.#scheduleRenewal();
    return true;
  }

  /** Extends it now; false if it is lost (`onLost` was called). Throws while Redis is away. */
  async renew(): Promise<boolean> {
    if (!this.#held) return false;
    if (await this.#renewNow()) return true;
    this.#lose('another process holds it');
    return false;
  }

  /** Gives it back so that another may take it at once; silent while Redis is away (it runs out by itself). */
  async release(): Promise<void> {
    if (!this.#held) return;
    this.#end();
    const { redis, name, owner } = this.#options;
    await redis.eval(RELEASE, 1, leaseKey(name), owner).catch(() => {});
  }

  async #renewNow(): Promise<boolean> {
    const { redis, name, owner, ttlMs, clock } = this.#options;
    const sentMs = clock.monotonicMs(); // Redis counts from when it gets the command: never earlier than this
    const granted = Number(await redis.eval(RENEW, 1, leaseKey(name), owner, ttlMs)) === 1;
    if (granted) this.#validUntilMs = sentMs + ttlMs;
    return granted;
  }

  #scheduleRenewal(): void {
    const { clock, ttlMs } = this.#options;
    this.#cancelRenewal = clock.after(ttlMs / 3, () => {
      void this.#renewOrLose();
    });
  }

  async #renewOrLose(): Promise<void> {
    const { clock, ttlMs } = this.#options;
    let reason = 'it ran out';
    try {
      await this.renew();
    } catch (error) {
      reason = `it ran out: ${reasonOf(error)}`;
    }
    if (!this.#held) return;
    // the next attempt must still be in time
    if (clock.monotonicMs() + ttlMs / 3 >= this.#validUntilMs) this.#lose(reason);
    else this.#scheduleRenewal();
  }

  #lose(reason: string): void {
    if (!this.#held) return;
    this.#end();
    this.#options.onLost(reason);
  }

  #end(): void {
    this.#held = false;
    this.#cancelRenewal?.();
    this.#cancelRenewal = null;
  }
}
