import { PGlite } from '@electric-sql/pglite';
import { OID_BIGINT, OID_TIMESTAMPTZ, parseInstant } from './instant.ts';
import type { SqlSession, SqlSource } from './sql-driver.ts';

/**
 * PGlite has one session. A turn-taking lock hands it out, so that a transaction is never interleaved with another's
 * queries: within a transaction use its handle only, or the query waits for the transaction that waits for it.
 */
export class PgliteSource implements SqlSource {
  readonly #instance: PGlite;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(instance: PGlite) {
    this.#instance = instance;
  }

  /** Opens the database in `folder`, made if missing; in memory where `folder` is null. */
  static async open(folder: string | null): Promise<PgliteSource> {
    const parsers = { [OID_BIGINT]: Number, [OID_TIMESTAMPTZ]: parseInstant };
    return new PgliteSource(
      folder === null ? await PGlite.create({ parsers }) : await PGlite.create(folder, { parsers }),
    );
  }

  async acquire(): Promise<SqlSession> {
    const before = this.#turn;
    let release: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    if (this.#closed) {
      release();
      throw new Error('PGlite is closed');
    }
    return {
      query: async (text, parameters) => {
        try {
          const result = await this.#instance.query(text, [...parameters]);
          return { rows: result.rows, affectedRows: result.affectedRows ?? null };
        } catch (thrown) {
          throw withoutParameters(thrown);
        }
      },
      release,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    // the last turn taken: whatever was under way is finished first
    const before = this.#turn;
    await before;
    this.#closed = true;
    await this.#instance.close();
  }
}

/** PGlite hangs a query's parameters on its errors, from where they would reach the log. */
function withoutParameters(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null && 'params' in thrown) delete thrown.params;
  return thrown;
}
