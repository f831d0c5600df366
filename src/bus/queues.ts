import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { problem, reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { connectRedis } from './connect-redis.ts';
import { KEY_PREFIX } from './keys.ts';

/** Work that must happen. Jobs carry ids only: what is to be done, and whether it still is, stands in the database. */
export interface QueueJobs {
  readonly deliveries: { readonly deliveryId: string };
  readonly clips: { readonly incidentId: string; readonly phase: ClipPhase };
}
export type QueueName = keyof QueueJobs;

/** `opened`: snapshot and first clip while the incident runs; `closed`: the final clip. */
export type ClipPhase = 'opened' | 'closed';

/**
 * A job is deleted as soon as it ends, well or badly: its id then is free again, so that the sweep can put the same
 * work back, and Redis keeps no history (the database does).
 */
const JOB_OPTIONS: JobsOptions = { removeOnComplete: true, removeOnFail: true, sizeLimit: 1_024, stackTraceLimit: 1 };
const CLIP_OPTIONS: JobsOptions = { ...JOB_OPTIONS, attempts: 5, backoff: { type: 'exponential', delay: 2_000 } };

/** What puts work on the queues; the roles infer, api and keep need no more. */
export interface WorkQueues {
  /**
   * Lets `deliver` attempt a delivery after `delayMs`. `attempt` counts the attempts made before, so that the next one
   * can be queued while the job of this one still runs; the same (id, attempt) is queued once.
   * Throws VDT_UNAVAILABLE within seconds while Redis is away; the sweep heals what is not queued.
   */
  enqueueDelivery(deliveryId: string, delayMs: number, attempt?: number): Promise<void>;
  /** Lets `deliver` cut the evidence of an incident; the same (incident, phase) is queued once. Throws as above. */
  enqueueClip(incidentId: string, delayMs: number, phase: ClipPhase): Promise<void>;
  /** Jobs that wait, are delayed or under way. Throws as above. */
  depth(name: QueueName): Promise<number>;
  close(): Promise<void>;
}

export function openQueues(url: string, logger: Logger): WorkQueues {
  return new BullQueues(connectRedis(url, { role: 'queue' }, logger), logger);
}

class BullQueues implements WorkQueues {
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #queues = new Map<QueueName, Queue>();

  constructor(redis: Redis, logger: Logger) {
    this.#redis = redis;
    this.#logger = logger;
  }

  async enqueueDelivery(deliveryId: string, delayMs: number, attempt = 0): Promise<void> {
    const data: QueueJobs['deliveries'] = { deliveryId };
    await this.#with('deliveries', (queue) =>
      queue.add('delivery', data, { ...JOB_OPTIONS, delay: delayMs, jobId: `${deliveryId}-${attempt}` }),
    );
  }

  async enqueueClip(incidentId: string, delayMs: number, phase: ClipPhase): Promise<void> {
    const data: QueueJobs['clips'] = { incidentId, phase };
    await this.#with('clips', (queue) =>
      queue.add('clip', data, { ...CLIP_OPTIONS, delay: delayMs, jobId: `${incidentId}-${phase}` }),
    );
  }

  async depth(name: QueueName): Promise<number> {
    return this.#with(name, (queue) => queue.getJobCountByTypes('waiting', 'delayed', 'active', 'prioritized'));
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.close().catch(() => {});
    this.#queues.clear();
    this.#redis.disconnect();
  }

  /** BullMQ waits without end for a connection, so a Queue is touched only while there is one, and made anew if it failed. */
  async #with<Result>(name: QueueName, use: (queue: Queue) => Promise<Result>): Promise<Result> {
    if (this.#redis.status !== 'ready') {
      if (!['connecting', 'connect'].includes(this.#redis.status)) throw unavailable('there is no connection');
      await this.#redis.ping().catch(() => {});
      if (!(await this.#becomesReady())) throw unavailable('there is no connection');
    }
    try {
      const queue = this.#queueOf(name);
      await queue.waitUntilReady();
      return await use(queue);
    } catch (error) {
      this.#queues.delete(name);
      throw unavailable(reasonOf(error), error);
    }
  }

  /** A first connection under way gets a moment. */
  #becomesReady(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#redis.status === 'ready') return resolve(true);
      const settle = (ready: boolean) => () => {
        this.#redis.off('ready', onReady);
        this.#redis.off('close', onClose);
        resolve(ready);
      };
      const onReady = settle(true);
      const onClose = settle(false);
      this.#redis.on('ready', onReady);
      this.#redis.on('close', onClose);
    });
  }

  #queueOf(name: QueueName): Queue {
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = new Queue(name, {
        connection: this.#redis,
        prefix: KEY_PREFIX,
        streams: { events: { maxLen: 1_000 } },
      });
      queue.on('error', (error) => {
        this.#logger.debug({ queue: name, reason: reasonOf(error) }, 'queue.error');
      });
      this.#queues.set(name, queue);
    }
    return queue;
  }
}

function unavailable(reason: string, cause?: unknown): Error {
  return problem('VDT_UNAVAILABLE', { what: 'Redis', reason }, { cause });
}
