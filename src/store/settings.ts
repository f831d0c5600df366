import type { StoreContext } from './context.ts';
import { instant } from './instant.ts';
import { json } from './json.ts';

/** Small facts of the whole installation, by key. Not for secrets. */
export class SettingsRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Null where nothing was put. */
  async get(key: string): Promise<unknown> {
    const row = await this.#context.db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst();
    return row?.value ?? null;
  }

  async put(key: string, value: unknown): Promise<void> {
    const columns = { value: json(value), updated_at: instant(this.#context.clock.nowMs()) };
    await this.#context.db
      .insertInto('settings')
      .values({ key, ...columns })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(columns))
      .execute();
  }

  async remove(key: string): Promise<void> {
    await this.#context.db.deleteFrom('settings').where('key', '=', key).execute();
  }
}
