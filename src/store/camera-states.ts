import { sql } from 'kysely';
import type { StoreContext } from './context.ts';
import { instant } from './instant.ts';
import { json } from './json.ts';
import type { Transaction } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** Where scoring of a camera stands: the sequential rule's and the incident tracker's JSON after (epoch, sequence). */
export interface CameraRuntime {
  readonly runtime: unknown;
  readonly epoch: number;
  readonly sequence: number;
  readonly savedMs: number;
}

export interface PackState {
  readonly packId: string;
  readonly bytes: Uint8Array;
}

/** What scoring must find again after a crash: the references of each pack, and the runtime. */
export class CameraStateRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** False, and nothing written, where `token` is not the newest scoring token or the camera is gone. */
  async save(cameraId: string, token: number, packId: string, bytes: Uint8Array): Promise<boolean> {
    return inTransaction(this.#context.db, async (tx) => {
      const owner = await tx
        .selectFrom('cameras')
        .select('id')
        .where('id', '=', cameraId)
        .where('scoring_token', '=', token)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (owner === undefined) return false;
      await writePackState(tx, cameraId, { packId, bytes }, this.#context.clock.nowMs());
      return true;
    });
  }

  /** Null where the pack has learnt nothing on this camera yet. */
  async load(cameraId: string, packId: string): Promise<Uint8Array | null> {
    const row = await this.#context.db
      .selectFrom('camera_states')
      .select('state')
      .where('camera_id', '=', cameraId)
      .where('pack_id', '=', packId)
      .executeTakeFirst();
    // a Buffer may be a view into a pool of others' bytes: a plain copy is safe to keep and to hand to a worker
    return row === undefined ? null : Uint8Array.from(row.state);
  }

  /** Null where nothing was committed yet. */
  async runtime(cameraId: string): Promise<CameraRuntime | null> {
    const row = await this.#context.db
      .selectFrom('camera_runtimes')
      .selectAll()
      .where('camera_id', '=', cameraId)
      .executeTakeFirst();
    if (row === undefined) return null;
    return { runtime: row.runtime, epoch: row.epoch, sequence: row.sequence, savedMs: row.saved_at };
  }

  /** Forgets what was learnt (of one pack, or of all) and where scoring stands: learning begins anew. */
  async forget(cameraId: string, packId?: string): Promise<void> {
    await inTransaction(this.#context.db, async (tx) => {
      let states = tx.deleteFrom('camera_states').where('camera_id', '=', cameraId);
      if (packId !== undefined) states = states.where('pack_id', '=', packId);
      await states.execute();
      await tx.deleteFrom('camera_runtimes').where('camera_id', '=', cameraId).execute();
    });
  }
}

export async function writePackState(
  tx: Transaction,
  cameraId: string,
  { packId, bytes }: PackState,
  savedMs: number,
): Promise<void> {
  const columns = { state: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), saved_at: instant(savedMs) };
  await tx
    .insertInto('camera_states')
    .values({ camera_id: cameraId, pack_id: packId, ...columns })
    .onConflict((conflict) => conflict.columns(['camera_id', 'pack_id']).doUpdateSet(columns))
    .execute();
}

/** Never steps back: a replay of earlier segments leaves the newer runtime in place. */
export async function writeRuntime(tx: Transaction, cameraId: string, runtime: CameraRuntime): Promise<void> {
  const columns = {
    runtime: json(runtime.runtime),
    epoch: runtime.epoch,
    sequence: runtime.sequence,
    saved_at: instant(runtime.savedMs),
  };
  await tx
    .insertInto('camera_runtimes')
    .values({ camera_id: cameraId, ...columns })
    .onConflict((conflict) =>
      conflict
        .column('camera_id')
        .doUpdateSet(columns)
        .where(sql<boolean>`(camera_runtimes.epoch, camera_runtimes.sequence) <= (excluded.epoch, excluded.sequence)`),
    )
    .execute();
}
