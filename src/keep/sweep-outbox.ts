import type { Clock } from '../platform/clock.ts';
import type { KeepQueues, KeepStore } from './ports.ts';

export interface SweepDependencies {
  readonly store: Pick<KeepStore, 'deliveries' | 'incidents'>;
  readonly queues: KeepQueues;
  readonly clock: Clock;
}

const DELIVERIES_AT_ONCE = 5_000;
const INCIDENTS_AT_ONCE = 500;
/** What is due has a job of its own, as a rule; only what is overdue has lost it. */
const OVERDUE_MS = 3_000;

/**
 * Puts back on the queues what the database promises and Redis has forgotten (it may be wiped at any time). Jobs that
 * are there already are not doubled, and a job too many does nothing.
 */
export async function sweepOutbox({ store, queues, clock }: SweepDependencies): Promise<{
  readonly deliveries: number;
  readonly clips: number;
}> {
  const due = await store.deliveries.due(clock.nowMs() - OVERDUE_MS, DELIVERIES_AT_ONCE);
  for (const id of due) await queues.enqueueDelivery(id, 0);
  const incidents = await store.incidents.pendingEvidence(INCIDENTS_AT_ONCE);
  for (const incident of incidents) {
    await queues.enqueueClip(incident.id, 0, incident.state === 'open' ? 'opened' : 'closed');
  }
  return { deliveries: due.length, clips: incidents.length };
}
