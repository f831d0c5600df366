import type { Worker } from 'bullmq';
import { reasonOf } from '../platform/errors.ts';
import { type AttemptDependencies, type AttemptVerdict, attemptDelivery } from './attempt-delivery.ts';
import { type JobVerdict, startJobWorker } from './job-worker.ts';

export interface DeliveryWorkerOptions {
  readonly redisUrl: string;
  readonly concurrency: number;
  readonly parts: AttemptDependencies;
}

/** Works off the queue `deliveries`: one job for each attempt at a delivery. */
export function startDeliveryWorker({ redisUrl, concurrency, parts }: DeliveryWorkerOptions): Worker {
  return startJobWorker({
    queueName: 'deliveries',
    redisUrl,
    concurrency,
    clock: parts.clock,
    logger: parts.logger,
    process: async ({ deliveryId }) => queueNext(deliveryId, await attemptDelivery(deliveryId, parts), parts),
  });
}

/** The next attempt gets a job of its own, so that the id of the first is free for a replay or the sweep. */
async function queueNext(
  deliveryId: string,
  verdict: AttemptVerdict,
  { queue, clock, logger }: AttemptDependencies,
): Promise<JobVerdict> {
  if (verdict.state !== 'retry') return verdict;
  try {
    await queue.enqueueDelivery(deliveryId, Math.max(0, verdict.atMs - clock.nowMs()), verdict.attempt);
    return { state: 'done' };
  } catch (thrown) {
    logger.warn({ delivery: deliveryId, reason: reasonOf(thrown) }, 'delivery.requeue-failed');
    return { state: 'later', atMs: verdict.atMs };
  }
}
