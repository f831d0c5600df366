import { sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import { deterministicId } from '../platform/ids.ts';
import type { StoreContext } from './context.ts';
import { instant } from './instant.ts';
import type { Transaction } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** An alert on its way into the outbox. */
export interface NewEvent {
  /** `msg_…`, deterministic, so that the same event of a replay is the same row; becomes `webhook-id`. */
  readonly id: string;
  /** `incident.opened`, `camera.offline` … */
  readonly type: string;
  readonly cameraId: string | null;
  readonly incidentId: string | null;
  /** JSON text; stored once, and these very bytes are sent, signed and sent again. */
  readonly body: string;
  readonly createdMs: number;
  /** Sent to these endpoints alone, whatever their filters, as far as they are enabled: a test alert. Not stored. */
  readonly endpointIds?: readonly string[];
  /** Sent only to endpoints that ask for what is for review; the live stream shows it to all. Not stored. */
  readonly forReview?: boolean;
}

export interface StoredEvent extends Omit<NewEvent, 'endpointIds' | 'forReview'> {
  /** Rises with each commit; the id of the live stream (SSE). */
  readonly sequence: number;
}

export interface AppendedEvents {
  /** New ones only: those of a replay were announced before. */
  readonly events: readonly { readonly sequence: number; readonly id: string; readonly type: string }[];
  /** Deliveries of the given events that wait for their first attempt, those of a replay included: enqueue them. */
  readonly deliveryIds: readonly string[];
}

const NOTHING: AppendedEvents = { events: [], deliveryIds: [] };

/** Arbitrary; names the lock under which events get their sequence. */
const SEQUENCE_LOCK = 7_236_001;

export class EventRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Stores the event and a delivery for every endpoint that wants it; within `tx` where given. A known id changes nothing. */
  async append(event: NewEvent, tx?: Transaction): Promise<AppendedEvents> {
    if (tx !== undefined) return appendEvents(tx, [event]);
    return inTransaction(this.#context.db, (own) => appendEvents(own, [event]));
  }

  /** Events after `sequence`, oldest first. */
  async since(sequence: number, limit: number): Promise<readonly StoredEvent[]> {
    const rows = await this.#context.db
      .selectFrom('events')
      .selectAll()
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return rows.map(toEvent);
  }

  /** The newest sequence, 0 where there is no event yet. */
  async lastSequence(): Promise<number> {
    const row = await this.#context.db
      .selectFrom('events')
      .select((eb) => eb.fn.max('sequence').as('sequence'))
      .executeTakeFirst();
    return row?.sequence ?? 0;
  }

  /** VDT_NOT_FOUND. */
  async get(id: string): Promise<StoredEvent> {
    const row = await this.#context.db.selectFrom('events').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw problem('VDT_NOT_FOUND', { what: 'Event', id });
    return toEvent(row);
  }

  /** Deletes up to `limit` events older than `beforeMs` with their deliveries, sparing those still to be delivered. Returns how many. */
  async deleteBefore(beforeMs: number, limit: number): Promise<number> {
    const result = await this.#context.db
      .deleteFrom('events')
      .where('sequence', 'in', (eb) =>
        eb
          .selectFrom('events')
          .select('events.sequence')
          .where('created_at', '<', instant(beforeMs))
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('deliveries')
                  .select(sql`1`.as('one'))
                  .whereRef('deliveries.event_id', '=', 'events.id')
                  .where('deliveries.state', '=', 'pending'),
              ),
            ),
          )
          .orderBy('created_at')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(result.numDeletedRows);
  }
}

/** The outbox: events and their deliveries, in the caller's transaction. */
export async function appendEvents(tx: Transaction, events: readonly NewEvent[]): Promise<AppendedEvents> {
  if (events.length === 0) return NOTHING;
  // Sequences must become visible in order, or a reader that has seen 7 would never look for a 6 that commits later.
  await sql`select pg_advisory_xact_lock(${sql.lit(SEQUENCE_LOCK)})`.execute(tx);
  const appended: { sequence: number; id: string; type: string }[] = [];
  const deliveryIds: string[] = [];
  for (const event of events) {
    const row = await tx
      .insertInto('events')
      .values({
        id: event.id,
        type: event.type,
        camera_id: event.cameraId,
        incident_id: event.incidentId,
        body: event.body,
        created_at: instant(event.createdMs),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('sequence')
      .executeTakeFirst();
    if (row === undefined) {
      deliveryIds.push(...(await untriedDeliveries(tx, event.id)));
    } else {
      appended.push({ sequence: row.sequence, id: event.id, type: event.type });
      deliveryIds.push(...(await createDeliveries(tx, event)));
    }
  }
  return { events: appended, deliveryIds };
}

/** One delivery for each enabled endpoint whose filters match; a camera filter says nothing about events of no camera. */
async function createDeliveries(tx: Transaction, event: NewEvent): Promise<readonly string[]> {
  const wanted =
    event.endpointIds === undefined
      ? sql<boolean>`(event_types is null or ${event.type} = any (event_types))
          and (camera_ids is null or ${event.cameraId}::text is null or ${event.cameraId}::text = any (camera_ids))
          and (include_review or not ${event.forReview ?? false}::boolean)`
      : sql<boolean>`id = any (${[...event.endpointIds]}::text[])`;
  const endpoints = await tx
    .selectFrom('webhook_endpoints')
    .select('id')
    .where('enabled', '=', true)
    .where(wanted)
    .orderBy('id')
    // an endpoint that is being removed meanwhile is waited for and then skipped, instead of failing the incident
    .forKeyShare()
    .execute();
  if (endpoints.length === 0) return [];
  const rows = endpoints.map((endpoint) => ({
    id: deterministicId('dlv', event.id, endpoint.id),
    event_id: event.id,
    endpoint_id: endpoint.id,
    state: 'pending' as const,
    next_attempt_at: instant(event.createdMs),
    created_at: instant(event.createdMs),
  }));
  await tx
    .insertInto('deliveries')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return rows.map((row) => row.id);
}

async function untriedDeliveries(tx: Transaction, eventId: string): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('deliveries')
    .select('id')
    .where('event_id', '=', eventId)
    .where('state', '=', 'pending')
    .where('attempts', '=', 0)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

function toEvent(row: {
  sequence: number;
  id: string;
  type: string;
  camera_id: string | null;
  incident_id: string | null;
  body: string;
  created_at: number;
}): StoredEvent {
  return {
    sequence: row.sequence,
    id: row.id,
    type: row.type,
    cameraId: row.camera_id,
    incidentId: row.incident_id,
    body: row.body,
    createdMs: row.created_at,
  };
}
