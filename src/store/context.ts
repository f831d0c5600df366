import type { Clock } from '../platform/clock.ts';
import type { SecretBox } from '../platform/secret-box.ts';
import type { Database } from './schema.ts';

/** What every repository is given. */
export interface StoreContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly secretBox: SecretBox;
}
