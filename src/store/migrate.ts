import { type MigrationProvider, Migrator } from 'kysely';
import { problem, reasonOf, VedetteError } from '../platform/errors.ts';
import * as initial from './migrations/0001-initial.ts';
import * as detector from './migrations/0002-detector.ts';
import * as definitions from './migrations/0003-definitions.ts';
import type { Database } from './schema.ts';

/** In order of name; a step that has been released is never changed, only followed by another. */
const provider: MigrationProvider = {
  getMigrations: async () => ({
    '0001-initial': initial,
    '0002-detector': detector,
    '0003-definitions': definitions,
  }),
};

/**
 * Brings the database to this version, all steps in one transaction. Roles that start at once wait for each other on
 * Kysely's advisory lock. Returns the names of the steps taken; VDT_STORE_MIGRATION_FAILED leaves everything as it was.
 */
export async function migrate(db: Database): Promise<readonly string[]> {
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error instanceof VedetteError) throw error;
  if (error !== undefined) {
    throw problem('VDT_STORE_MIGRATION_FAILED', { reason: reasonOf(error) }, { cause: error });
  }
  return (results ?? []).map((result) => result.migrationName);
}
