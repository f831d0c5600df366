import pg from 'pg';
import { problem } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { OID_BIGINT, OID_TIMESTAMPTZ, parseInstant } from './instant.ts';
import type { SqlSession, SqlSource } from './sql-driver.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any query of ours: a peer that vanished without a word must not hold a caller for ever. */
const QUERY_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 30_000;

export interface PostgresSettings {
  readonly databaseUrl: string;
  /** Connections at most; one for a role that mostly waits is enough. */
  readonly poolSize: number;
  readonly logger: Logger;
}

const parsers = (oid: number, format?: 'text' | 'binary'): ((text: string) => unknown) => {
  if (format !== 'binary' && oid === OID_BIGINT) return Number;
  if (format !== 'binary' && oid === OID_TIMESTAMPTZ) return parseInstant;
  return pg.types.getTypeParser(oid, format as 'text');
};

/** A pool of node-postgres clients that survives the loss of any of them. */
export class PostgresSource implements SqlSource {
  readonly #pool: pg.Pool;

  constructor({ databaseUrl, poolSize, logger }: PostgresSettings) {
    assertPostgresUrl(databaseUrl);
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: poolSize,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'vedette',
      types: { getTypeParser: parsers as typeof pg.types.getTypeParser },
    });
    const lost = (error: Error) => logger.warn({ reason: error.message }, 'store.connection-lost');
    // an 'error' event without a listener ends the process: idle clients report on the pool, clients in use on themselves
    this.#pool.on('error', lost);
    this.#pool.on('connect', (client) => client.on('error', lost));
  }

  async acquire(): Promise<SqlSession> {
    const client = await this.#pool.connect();
    return {
      query: async (text, parameters) => {
        const result = await client.query(text, [...parameters]);
        return { rows: result.rows, affectedRows: result.rowCount };
      },
      release: (broken) => client.release(broken),
    };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

/** Checked before the driver sees it, whose own error would quote the URL with its password. */
function assertPostgresUrl(databaseUrl: string): void {
  if (/^postgres(ql)?:\/\//.test(databaseUrl) && URL.canParse(databaseUrl)) return;
  throw problem(
    'VDT_CONFIG_INVALID',
    { field: 'databaseUrl', reason: 'is not a URL of the form postgres://user:password@host:5432/name' },
    { hint: 'Percent-encode special characters of the password (@ is %40), or unset it to use the embedded database.' },
  );
}
