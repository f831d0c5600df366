import { Kysely } from 'kysely';
import { migrate } from '../../../src/store/migrate.ts';
import { PgliteSource } from '../../../src/store/pglite-source.ts';
import type { Tables } from '../../../src/store/schema.ts';
import { sqlDialect } from '../../../src/store/sql-driver.ts';
import { Store } from '../../../src/store/store.ts';
import { describeStore, testSecretBox } from './store-behaviour.ts';

describeStore('the store on PGlite', async (clock) => {
  const db = new Kysely<Tables>({ dialect: sqlDialect(await PgliteSource.open(null)) });
  await migrate(db);
  const store = new Store('pglite', { db, clock, secretBox: testSecretBox }, () => db.destroy());
  return { store, db, close: () => store.close() };
});
