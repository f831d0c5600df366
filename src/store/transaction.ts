import { isWriteConflict } from './query-errors.ts';
import type { Database, Transaction } from './schema.ts';

const ATTEMPTS = 4;

/** Runs `work` in one transaction; where PostgreSQL ends it for a deadlock or a serialisation conflict, again from the start. */
export async function inTransaction<Result>(db: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (thrown) {
      if (attempt === ATTEMPTS || !isWriteConflict(thrown)) throw thrown;
    }
  }
}
