import type { Worker } from 'bullmq';
import { type CutDependencies, cutEvidence } from './cut-evidence.ts';
import { startJobWorker } from './job-worker.ts';

export interface ClipWorkerOptions {
  readonly redisUrl: string;
  /** Cuts at once; each runs one ffmpeg of lowered priority. */
  readonly concurrency: number;
  readonly parts: CutDependencies;
}

const BUSY_MS = 2_000;

/** Works off the queue `clips`. Jobs of both phases of an incident take turns. */
export function startClipWorker({ redisUrl, concurrency, parts }: ClipWorkerOptions): Worker {
  const busy = new Set<string>();
  return startJobWorker({
    queueName: 'clips',
    redisUrl,
    concurrency,
    clock: parts.clock,
    logger: parts.logger,
    process: async ({ incidentId }) => {
      if (busy.has(incidentId)) return { state: 'later', atMs: parts.clock.nowMs() + BUSY_MS };
      busy.add(incidentId);
      try {
        return await cutEvidence(incidentId, parts);
      } finally {
        busy.delete(incidentId);
      }
    },
  });
}
