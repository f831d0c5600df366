import type { EventNotices } from '../bus/notices.ts';
import type { WorkQueues } from '../bus/queues.ts';
import type { IncidentChange } from '../incident/incident-tracker.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { ScoreCommitted } from '../store/commit-scores.ts';

export interface AnnouncerOptions {
  readonly eventNotices: Pick<EventNotices, 'publish'>;
  readonly queues: Pick<WorkQueues, 'enqueueDelivery' | 'enqueueClip'>;
  readonly postRollMs: number;
  readonly logger: Logger;
}

/**
 * Tells the others what a commit made true: live streams, `deliver`. All of it stands in the database already; what
 * fails here is found by the sweep of `keep`, only later.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  #order: Promise<void> = Promise.resolve();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  announce(committed: ScoreCommitted, changes: readonly IncidentChange[]): void {
    if (committed.events.length + committed.deliveryIds.length + committed.superseded.length + changes.length === 0)
      return;
    this.#order = this.#order.then(() => this.#announceNow(committed, changes));
  }

  /** Resolves when all that was announced so far is said, or has failed. */
  settled(): Promise<void> {
    return this.#order;
  }

  async #announceNow(committed: ScoreCommitted, changes: readonly IncidentChange[]): Promise<void> {
    const { eventNotices, queues, postRollMs } = this.#options;
    const closed = [...committed.superseded.map(({ id }) => id), ...idsOf(changes, 'closed')];
    await Promise.all([
      // deliveries first: they are what somebody waits for
      ...committed.deliveryIds.map((id) => this.#try('delivery', id, queues.enqueueDelivery(id, 0))),
      ...committed.events.map(({ id, sequence }) => this.#try('notice', id, eventNotices.publish({ sequence }))),
      ...idsOf(changes, 'opened').map((id) => this.#try('clip', id, queues.enqueueClip(id, postRollMs, 'opened'))),
      ...closed.map((id) => this.#try('clip', id, queues.enqueueClip(id, postRollMs, 'closed'))),
    ]);
  }

  async #try(what: string, id: string, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#options.logger.warn({ what, id, reason: reasonOf(error) }, 'announce.failed');
    }
  }
}

function idsOf(changes: readonly IncidentChange[], type: IncidentChange['type']): string[] {
  return changes.filter((change) => change.type === type).map(({ incident }) => incident.id);
}
