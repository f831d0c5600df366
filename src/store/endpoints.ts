import { randomBytes } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { StoreContext } from './context.ts';
import { decodeCursor, type Page, toPage } from './cursor.ts';
import { type AppendedEvents, appendEvents, type NewEvent } from './events.ts';
import { instant } from './instant.ts';
import type { Tables } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** Where alerts are sent to. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  /** Null for all. */
  readonly eventTypes: readonly string[] | null;
  /** Null for all; events of no camera come through any filter. */
  readonly cameraIds: readonly string[] | null;
  /** Whether it is told of incidents that are for review, too. */
  readonly includeReview: boolean;
  /** While false, no deliveries are made for it, and those that wait are not due. */
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface EndpointInput {
  readonly url: string;
  readonly description?: string | undefined;
  readonly eventTypes?: readonly string[] | null | undefined;
  readonly cameraIds?: readonly string[] | null | undefined;
  /** False where left out. */
  readonly includeReview?: boolean | undefined;
}

export interface EndpointPatch {
  readonly url?: string | undefined;
  readonly description?: string | undefined;
  readonly eventTypes?: readonly string[] | null | undefined;
  readonly cameraIds?: readonly string[] | null | undefined;
  readonly includeReview?: boolean | undefined;
  readonly enabled?: boolean | undefined;
}

/** Standard Webhooks asks for 24 to 64 random bytes. */
const SECRET_BYTES = 32;

export class EndpointRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** The signing secret (`whsec_` and base64) is shown here once; `secret(id)` is for the signer. VDT_REQUEST_INVALID. */
  async create(input: EndpointInput): Promise<{ readonly endpoint: Endpoint; readonly secret: string }> {
    assertUrl(input.url);
    const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
    const now = instant(this.#context.clock.nowMs());
    const row = await this.#context.db
      .insertInto('webhook_endpoints')
      .values({
        id: newId('whe'),
        url: input.url,
        description: input.description ?? '',
        sealed_secret: this.#context.secretBox.seal(secret),
        event_types: textArray(input.eventTypes ?? null),
        camera_ids: textArray(input.cameraIds ?? null),
        include_review: input.includeReview ?? false,
        enabled: true,
        disabled_reason: null,
        created_at: now,
        updated_at: now,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { endpoint: toEndpoint(row), secret };
  }

  /** VDT_NOT_FOUND. */
  async update(id: string, patch: EndpointPatch): Promise<Endpoint> {
    if (patch.url !== undefined) assertUrl(patch.url);
    const row = await this.#context.db
      .updateTable('webhook_endpoints')
      .set({
        ...(patch.url === undefined ? {} : { url: patch.url }),
        ...(patch.description === undefined ? {} : { description: patch.description }),
        ...(patch.eventTypes === undefined ? {} : { event_types: textArray(patch.eventTypes) }),
        ...(patch.cameraIds === undefined ? {} : { camera_ids: textArray(patch.cameraIds) }),
        ...(patch.includeReview === undefined ? {} : { include_review: patch.includeReview }),
        // whether switched on or off by a person: the machine's reason no longer holds
        ...(patch.enabled === undefined ? {} : { enabled: patch.enabled, disabled_reason: null }),
        updated_at: instant(this.#context.clock.nowMs()),
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return toEndpoint(row);
  }

  /** With its deliveries and their log. VDT_NOT_FOUND. */
  async remove(id: string): Promise<void> {
    const removed = await this.#context.db.deleteFrom('webhook_endpoints').where('id', '=', id).executeTakeFirst();
    if (removed.numDeletedRows === 0n) throw notFound(id);
  }

  /** VDT_NOT_FOUND. */
  async get(id: string): Promise<Endpoint> {
    const row = await this.#context.db
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return toEndpoint(row);
  }

  /** Oldest first. */
  async list({
    cursor,
    limit,
  }: {
    readonly cursor?: string | undefined;
    readonly limit: number;
  }): Promise<Page<Endpoint>> {
    let query = this.#context.db
      .selectFrom('webhook_endpoints')
      .selectAll()
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit + 1);
    if (cursor !== undefined) {
      const [createdMs, id] = decodeCursor(cursor, ['number', 'string']);
      query = query.where(sql<boolean>`(created_at, id) > (${instant(createdMs)}, ${id})`);
    }
    return toPage((await query.execute()).map(toEndpoint), limit, (endpoint) => [endpoint.createdMs, endpoint.id]);
  }

  /** The signing secret, for the signer and nothing else. VDT_NOT_FOUND. */
  async secret(id: string): Promise<string> {
    const row = await this.#context.db
      .selectFrom('webhook_endpoints')
      .select('sealed_secret')
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return this.#context.secretBox.open(row.sealed_secret);
  }

  /**
   * Switches the endpoint off for a reason found while sending, and tells of it with `events`, in one transaction. Null
   * where it was off already or is gone: it is told once.
   */
  async disable(id: string, reason: string, events: readonly NewEvent[] = []): Promise<AppendedEvents | null> {
    return inTransaction(this.#context.db, async (tx) => {
      const updated = await tx
        .updateTable('webhook_endpoints')
        .set({
          enabled: false,
          disabled_reason: reason,
          updated_at: instant(this.#context.clock.nowMs()),
        })
        .where('id', '=', id)
        .where('enabled', '=', true)
        .executeTakeFirst();
      return updated.numUpdatedRows === 0n ? null : appendEvents(tx, events);
    });
  }
}

function textArray(values: readonly string[] | null) {
  return values === null ? null : sql<readonly string[]>`${[...values]}::text[]`;
}

/** Whether the address may be sent to is decided at each send, on the resolved address; here only what can never be sent to. */
function assertUrl(text: string): void {
  const refuse = (reason: string, hint: string) => problem('VDT_REQUEST_INVALID', { field: 'url', reason }, { hint });
  if (!URL.canParse(text)) throw refuse('is not a URL', 'Write it as https://host/path.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refuse('is neither https nor http', 'Write it as https://host/path.');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('holds a user or password', 'Leave it out: the receiver proves the sender by the signature.');
  }
}

function notFound(id: string) {
  return problem('VDT_NOT_FOUND', { what: 'Webhook endpoint', id });
}

function toEndpoint(row: Selectable<Tables['webhook_endpoints']>): Endpoint {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    eventTypes: row.event_types,
    cameraIds: row.camera_ids,
    includeReview: row.include_review,
    enabled: row.enabled,
    disabledReason: row.disabled_reason,
    createdMs: row.created_at,
    updatedMs: row.updated_at,
  };
}
