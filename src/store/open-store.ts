import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { type Clock, systemClock } from '../platform/clock.ts';
import { problem, reasonOf, VedetteError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { SecretBox } from '../platform/secret-box.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import { PgliteSource } from './pglite-source.ts';
import { PostgresSource } from './postgres-source.ts';
import type { Tables } from './schema.ts';
import { type SqlSource, sqlDialect } from './sql-driver.ts';
import { Store } from './store.ts';

export interface StoreOptions {
  /** `postgres://…`; the embedded PGlite where left out. */
  readonly databaseUrl?: string | undefined;
  /** PGlite lives in `<dataDir>/pglite`; null keeps it in memory. Ignored with `databaseUrl`. */
  readonly dataDir: string | null;
  readonly secretBox: SecretBox;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Connections to PostgreSQL at most. */
  readonly poolSize?: number;
}

const POOL_SIZE = 10;

/**
 * Opens the database and brings it to this version. VDT_UNAVAILABLE, VDT_STORE_LOCKED, VDT_STORE_MIGRATION_FAILED,
 * VDT_CONFIG_INVALID; nothing stays open then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDir, secretBox, logger, clock = systemClock } = options;
  const embedded = databaseUrl === undefined;
  const lock = embedded && dataDir !== null ? await lockFolder(dataDir) : null;
  let source: SqlSource | null = null;
  try {
    source = embedded
      ? await openPglite(dataDir)
      : new PostgresSource({ databaseUrl, poolSize: options.poolSize ?? POOL_SIZE, logger });
    const db = new Kysely<Tables>({ dialect: sqlDialect(source) });
    const steps = await migrate(db);
    const { rows } = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(db);
    const dialect = embedded ? 'pglite' : 'postgres';
    logger.info({ dialect, version: rows[0]?.version, migrations: steps }, 'store.opened');
    return new Store(dialect, { db, clock, secretBox }, () => closeAll(db, lock));
  } catch (thrown) {
    await source?.close().catch(() => undefined);
    await lock?.release();
    throw thrown;
  }
}

async function openPglite(dataDir: string | null): Promise<PgliteSource> {
  const folder = dataDir === null ? null : join(dataDir, 'pglite');
  try {
    return await PgliteSource.open(folder);
  } catch (thrown) {
    if (thrown instanceof VedetteError) throw thrown;
    throw problem(
      'VDT_UNAVAILABLE',
      { what: `The embedded database ${folder ?? 'in memory'}`, reason: reasonOf(thrown) },
      {
        cause: thrown,
        hint: 'Check that the folder is writable and not full; restore it from a backup where it is damaged.',
      },
    );
  }
}

async function closeAll(db: Kysely<Tables>, lock: FolderLock | null): Promise<void> {
  try {
    await db.destroy();
  } finally {
    await lock?.release();
  }
}
