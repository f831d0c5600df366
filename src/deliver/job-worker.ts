import { type ConnectionOptions, DelayedError, type Job, Worker } from 'bullmq';
import { redisOptions } from '../bus/connect-redis.ts';
import { KEY_PREFIX } from '../bus/keys.ts';
import type { QueueJobs, QueueName } from '../bus/queues.ts';
import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';

/** What a job's turn came to. `later` puts the same job back, to be looked at again at that time (UTC ms). */
export type JobVerdict = { readonly state: 'done' } | { readonly state: 'later'; readonly atMs: number };

export interface JobWorkerOptions<Name extends QueueName> {
  readonly queueName: Name;
  readonly redisUrl: string;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly process: (data: QueueJobs[Name]) => Promise<JobVerdict>;
}

/** A job whose process was killed is taken up again by another within about this time. */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 5_000;
/** After an error that is ours (database away, say). The job stays; nothing is lost and nothing burns through. */
const ERROR_PAUSE_MS = 5_000;

/**
 * One BullMQ worker whose jobs are mere reminders: the truth is in the database, so a job is either done or put
 * back for later, and it never fails into a graveyard. Finished jobs leave Redis at once, which frees their id.
 */
export function startJobWorker<Name extends QueueName>(options: JobWorkerOptions<Name>): Worker<QueueJobs[Name]> {
  const { clock, logger, queueName } = options;
  const worker = new Worker<QueueJobs[Name]>(
    queueName,
    async (job: Job<QueueJobs[Name]>, token?: string) => {
      const verdict = await verdictOf(job, options);
      if (verdict.state === 'done') return;
      await job.moveToDelayed(Math.max(verdict.atMs, clock.nowMs() + 1), token);
      throw new DelayedError();
    },
    {
      // options, not a connection: BullMQ opens and closes its own two
      connection: redisOptions(options.redisUrl, 'worker') as ConnectionOptions,
      prefix: KEY_PREFIX,
      concurrency: options.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: 1_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  let failing = false;
  worker.on('error', (error) => {
    if (!failing) logger.warn({ queue: queueName, reason: reasonOf(error) }, 'queue.worker-error');
    failing = true;
  });
  worker.on('active', () => {
    failing = false;
  });
  return worker;
}

async function verdictOf<Name extends QueueName>(
  job: Job<QueueJobs[Name]>,
  options: JobWorkerOptions<Name>,
): Promise<JobVerdict> {
  try {
    return await options.process(job.data);
  } catch (thrown) {
    options.logger.error({ queue: options.queueName, job: job.id, reason: reasonOf(thrown) }, 'queue.job-error');
    return { state: 'later', atMs: options.clock.nowMs() + ERROR_PAUSE_MS };
  }
}
