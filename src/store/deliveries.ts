import { type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import type { StoreContext } from './context.ts';
import { decodeCursor, type Page, toPage } from './cursor.ts';
import { instant, instantOrNull } from './instant.ts';
import type { Tables } from './schema.ts';
import { inTransaction } from './transaction.ts';

export type DeliveryState = 'pending' | 'succeeded' | 'failed';

/** One alert for one endpoint. */
export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly endpointId: string;
  /** `pending` until it succeeds or the schedule is used up. */
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Attempts since it was made or last replayed: the rung of the retry schedule. */
  readonly roundAttempts: number;
  readonly nextAttemptMs: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdMs: number;
  readonly completedMs: number | null;
}

/** With all that an attempt needs, but the secret. */
export interface DeliveryOrder extends Delivery {
  /** The stored bytes, as UTF-8 text. */
  readonly body: string;
  readonly endpointUrl: string;
  readonly endpointEnabled: boolean;
}

export interface AttemptResult {
  readonly startedMs: number;
  readonly durationMs: number;
  /** HTTP status, null where there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
  readonly outcome: 'succeeded' | 'retry' | 'failed';
  /** When to try again; null unless the outcome is `retry`. */
  readonly nextAttemptMs: number | null;
}

export interface DeliveryAttempt extends Omit<AttemptResult, 'nextAttemptMs'> {
  /** From 1. */
  readonly number: number;
}

export interface DeliveryFilter {
  readonly endpointId?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly eventId?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export class DeliveryRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** VDT_NOT_FOUND. */
  async get(id: string): Promise<DeliveryOrder> {
    const row = await this.#select()
      .innerJoin('webhook_endpoints', 'webhook_endpoints.id', 'deliveries.endpoint_id')
      .select(['events.body', 'webhook_endpoints.url', 'webhook_endpoints.enabled'])
      .where('deliveries.id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return { ...toDelivery(row), body: row.body, endpointUrl: row.url, endpointEnabled: row.enabled };
  }

  /** Newest first. */
  async list(filter: DeliveryFilter): Promise<Page<Delivery>> {
    let query = this.#select()
      .orderBy('deliveries.created_at', 'desc')
      .orderBy('deliveries.id', 'desc')
      .limit(filter.limit + 1);
    if (filter.endpointId !== undefined) query = query.where('deliveries.endpoint_id', '=', filter.endpointId);
    if (filter.state !== undefined) query = query.where('deliveries.state', '=', filter.state);
    if (filter.eventId !== undefined) query = query.where('deliveries.event_id', '=', filter.eventId);
    if (filter.cursor !== undefined) {
      const [createdMs, id] = decodeCursor(filter.cursor, ['number', 'string']);
      query = query.where(sql<boolean>`(deliveries.created_at, deliveries.id) < (${instant(createdMs)}, ${id})`);
    }
    return toPage((await query.execute()).map(toDelivery), filter.limit, (row) => [row.createdMs, row.id]);
  }

  /** Adds to the log and moves the delivery on. One that has succeeded stays so. VDT_NOT_FOUND. */
  async recordAttempt(id: string, result: AttemptResult): Promise<Delivery> {
    return inTransaction(this.#context.db, async (tx) => {
      const before = await tx
        .selectFrom('deliveries')
        .select(['attempts', 'state'])
        .where('id', '=', id)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (before === undefined) throw notFound(id);
      await tx
        .insertInto('delivery_attempts')
        .values({
          delivery_id: id,
          number: before.attempts + 1,
          started_at: instant(result.startedMs),
          duration_ms: Math.round(result.durationMs),
          status: result.status,
          error: result.error,
          outcome: result.outcome,
        })
        .execute();
      const state = result.outcome === 'retry' ? 'pending' : result.outcome;
      const settled = before.state === 'succeeded';
      await tx
        .updateTable('deliveries')
        .set({
          attempts: before.attempts + 1,
          round_attempts: sql`round_attempts + 1`,
          last_status: result.status,
          last_error: result.error,
          ...(settled
            ? {}
            : {
                state,
                next_attempt_at: instantOrNull(state === 'pending' ? result.nextAttemptMs : null),
                completed_at: instantOrNull(
                  state === 'pending' ? null : result.startedMs + Math.round(result.durationMs),
                ),
              }),
        })
        .where('id', '=', id)
        .execute();
      return toDelivery(await selectDeliveries(tx).where('deliveries.id', '=', id).executeTakeFirstOrThrow());
    });
  }

  /**
   * Takes the delivery for one attempt, by setting its next attempt to `untilMs`: only where it is pending, has exactly
   * `attempts` attempts and is due at `nowMs`. False where another worker has it, or there is nothing to do.
   */
  async claim(
    id: string,
    { attempts, nowMs, untilMs }: { readonly attempts: number; readonly nowMs: number; readonly untilMs: number },
  ): Promise<boolean> {
    const updated = await this.#context.db
      .updateTable('deliveries')
      .set({ next_attempt_at: instant(untilMs) })
      .where('id', '=', id)
      .where('state', '=', 'pending')
      .where('attempts', '=', attempts)
      .where('next_attempt_at', '<=', instant(nowMs))
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  }

  /** Ends a pending delivery without an attempt; `replay` brings it back. False where it was not pending. */
  async cancel(id: string, reason: string): Promise<boolean> {
    const updated = await this.#context.db
      .updateTable('deliveries')
      .set({
        state: 'failed',
        last_error: reason,
        next_attempt_at: null,
        completed_at: instant(this.#context.clock.nowMs()),
      })
      .where('id', '=', id)
      .where('state', '=', 'pending')
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  }

  /** Ids of deliveries to enabled endpoints whose next attempt is due, the longest due first. */
  async due(nowMs: number, limit: number): Promise<readonly string[]> {
    const rows = await this.#context.db
      .selectFrom('deliveries')
      .innerJoin('webhook_endpoints', 'webhook_endpoints.id', 'deliveries.endpoint_id')
      .select('deliveries.id')
      .where('deliveries.state', '=', 'pending')
      .where('deliveries.next_attempt_at', '<=', instant(nowMs))
      .where('webhook_endpoints.enabled', '=', true)
      .orderBy('deliveries.next_attempt_at')
      .limit(limit)
      .execute();
    return rows.map((row) => row.id);
  }

  /** Sends the stored bytes again, from the first rung of the schedule; the log goes on. VDT_NOT_FOUND. */
  async replay(id: string): Promise<Delivery> {
    const updated = await this.#context.db
      .updateTable('deliveries')
      .set({
        state: 'pending',
        round_attempts: 0,
        next_attempt_at: instant(this.#context.clock.nowMs()),
        completed_at: null,
      })
      .where('id', '=', id)
      .executeTakeFirst();
    if (updated.numUpdatedRows === 0n) throw notFound(id);
    return toDelivery(await this.#select().where('deliveries.id', '=', id).executeTakeFirstOrThrow());
  }

  /** The log of one delivery, oldest first. VDT_NOT_FOUND. */
  async attempts(id: string): Promise<readonly DeliveryAttempt[]> {
    const { db } = this.#context;
    const known = await db.selectFrom('deliveries').select('id').where('id', '=', id).executeTakeFirst();
    if (known === undefined) throw notFound(id);
    const rows = await db
      .selectFrom('delivery_attempts')
      .selectAll()
      .where('delivery_id', '=', id)
      .orderBy('number')
      .execute();
    return rows.map((row) => ({
      number: row.number,
      startedMs: row.started_at,
      durationMs: row.duration_ms,
      status: row.status,
      error: row.error,
      outcome: row.outcome,
    }));
  }

  #select() {
    return selectDeliveries(this.#context.db);
  }
}

function selectDeliveries(db: StoreContext['db']) {
  return db
    .selectFrom('deliveries')
    .innerJoin('events', 'events.id', 'deliveries.event_id')
    .selectAll('deliveries')
    .select('events.type as event_type');
}

function notFound(id: string) {
  return problem('VDT_NOT_FOUND', { what: 'Delivery', id });
}

function toDelivery(row: Selectable<Tables['deliveries']> & { event_type: string }): Delivery {
  return {
    id: row.id,
    eventId: row.event_id,
    eventType: row.event_type,
    endpointId: row.endpoint_id,
    state: row.state,
    attempts: row.attempts,
    roundAttempts: row.round_attempts,
    nextAttemptMs: row.next_attempt_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
    createdMs: row.created_at,
    completedMs: row.completed_at,
  };
}
