import { createHash, randomBytes } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { StoreContext } from './context.ts';
import { instant } from './instant.ts';
import type { Database, Tables, Transaction } from './schema.ts';
import { inTransaction } from './transaction.ts';

export type Scope = 'read' | 'write' | 'admin';

/** A key as it is listed: the key itself is not stored and cannot be shown again. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** Its first characters, to tell keys apart. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdMs: number;
  /** To the minute. */
  readonly lastUsedMs: number | null;
  readonly revokedMs: number | null;
}

export interface ApiKeyInput {
  readonly name: string;
  readonly scopes: readonly Scope[];
}

export interface CreatedApiKey {
  readonly id: string;
  /** `vdt_` and 256 random bits; shown once. */
  readonly key: string;
}

const KEY_BYTES = 32;
const PREFIX_LENGTH = 12;
/** One write a minute and key, however many requests. */
const LAST_USED_STEP_MS = 60_000;
/** Arbitrary; names the lock under which the first key is made. */
const FIRST_KEY_LOCK = 7_236_002;

export class ApiKeyRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  create(input: ApiKeyInput): Promise<CreatedApiKey> {
    return this.#insert(this.#context.db, input);
  }

  /** Makes a key only where there has never been one, so that of several processes at the first start one prints it; else null. */
  async createFirst(input: ApiKeyInput): Promise<CreatedApiKey | null> {
    return inTransaction(this.#context.db, async (tx) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(FIRST_KEY_LOCK)})`.execute(tx);
      const known = await tx.selectFrom('api_keys').select('id').limit(1).executeTakeFirst();
      return known === undefined ? this.#insert(tx, input) : null;
    });
  }

  /** Null where the key is unknown or revoked. */
  async verify(key: string): Promise<{ readonly id: string; readonly scopes: readonly Scope[] } | null> {
    if (!key.startsWith('vdt_')) return null;
    // found by its hash: how long the search takes says nothing of the key, whose 256 bits cannot be guessed from a hash
    const row = await this.#context.db
      .selectFrom('api_keys')
      .select(['id', 'scopes', 'last_used_at'])
      .where('hash', '=', hashOf(key))
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (row === undefined) return null;
    const nowMs = this.#context.clock.nowMs();
    if (row.last_used_at === null || nowMs - row.last_used_at >= LAST_USED_STEP_MS) {
      await this.#context.db
        .updateTable('api_keys')
        .set({ last_used_at: instant(nowMs) })
        .where('id', '=', row.id)
        .execute();
    }
    return { id: row.id, scopes: row.scopes as readonly Scope[] };
  }

  /** Oldest first, revoked ones included. */
  async list(): Promise<readonly ApiKey[]> {
    const rows = await this.#context.db
      .selectFrom('api_keys')
      .selectAll()
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    return rows.map(toApiKey);
  }

  /** From now on it opens nothing; again is no error. VDT_NOT_FOUND. */
  async revoke(id: string): Promise<void> {
    const updated = await this.#context.db
      .updateTable('api_keys')
      .set((eb) => ({
        revoked_at: eb.fn.coalesce('revoked_at', instant(this.#context.clock.nowMs())) as never,
      }))
      .where('id', '=', id)
      .executeTakeFirst();
    if (updated.numUpdatedRows === 0n) throw problem('VDT_NOT_FOUND', { what: 'API key', id });
  }

  /** Keys in force. */
  async count(): Promise<number> {
    const row = await this.#context.db
      .selectFrom('api_keys')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    return row.count;
  }

  async #insert(db: Database | Transaction, input: ApiKeyInput): Promise<CreatedApiKey> {
    const key = `vdt_${randomBytes(KEY_BYTES).toString('base64url')}`;
    const id = newId('key');
    await db
      .insertInto('api_keys')
      .values({
        id,
        name: input.name,
        prefix: key.slice(0, PREFIX_LENGTH),
        hash: hashOf(key),
        scopes: sql<readonly string[]>`${[...input.scopes]}::text[]`,
        created_at: instant(this.#context.clock.nowMs()),
        last_used_at: null,
        revoked_at: null,
      })
      .execute();
    return { id, key };
  }
}

/** A plain hash is enough for 256 random bits; slow hashes are for what people choose. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function toApiKey(row: Selectable<Tables['api_keys']>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes as readonly Scope[],
    createdMs: row.created_at,
    lastUsedMs: row.last_used_at,
    revokedMs: row.revoked_at,
  };
}
