import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import { isConnectionLoss, translateQueryError } from './query-errors.ts';

/** What is common to a pooled PostgreSQL client and the one PGlite instance. */
export interface SqlSession {
  query(text: string, parameters: readonly unknown[]): Promise<{ rows: unknown[]; affectedRows: number | null }>;
  /** `broken`: the connection was lost, do not hand it out again. */
  release(broken: boolean): void;
}

/** Where sessions come from. */
export interface SqlSource {
  acquire(): Promise<SqlSession>;
  close(): Promise<void>;
}

class SqlConnection implements DatabaseConnection {
  readonly session: SqlSession;
  broken = false;

  constructor(session: SqlSession) {
    this.session = session;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const result = await this.session.query(query.sql, query.parameters);
      const rows = result.rows as Row[];
      return result.affectedRows === null ? { rows } : { rows, numAffectedRows: BigInt(result.affectedRows) };
    } catch (thrown) {
      if (isConnectionLoss(thrown)) this.broken = true;
      throw translateQueryError(thrown);
    }
  }

  // biome-ignore lint/correctness/useYield: no repository streams; bounded batches do
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported: read in pages');
  }
}

/** Kysely driver over any `SqlSource`, so that PGlite and PostgreSQL share one code path up to the last call. */
class SqlDriver implements Driver {
  readonly #source: SqlSource;

  constructor(source: SqlSource) {
    this.#source = source;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    try {
      return new SqlConnection(await this.#source.acquire());
    } catch (thrown) {
      throw translateQueryError(thrown);
    }
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const { session, broken } = connection as SqlConnection;
    session.release(broken);
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const isolation = settings.isolationLevel ? ` isolation level ${settings.isolationLevel}` : '';
    await connection.executeQuery(CompiledQuery.raw(`start transaction${isolation}`));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // a lost connection has rolled back by itself, and its error is the one to show
    if ((connection as SqlConnection).broken) return;
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  destroy(): Promise<void> {
    return this.#source.close();
  }
}

/** PostgreSQL's dialect over our own driver. */
export function sqlDialect(source: SqlSource): Dialect {
  return {
    createDriver: () => new SqlDriver(source),
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}
