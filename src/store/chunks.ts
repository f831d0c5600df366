import { type Selectable, sql } from 'kysely';
import type { StoreContext } from './context.ts';
import { instant } from './instant.ts';
import type { Tables } from './schema.ts';

/** A recorded stretch of the untouched stream on disk. */
export interface Chunk {
  readonly cameraId: string;
  /** Relative to the data folder; its key. */
  readonly path: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly sizeBytes: number;
}

export class ChunkRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Registers the chunk, or corrects its end and size where the path is known. */
  async add(chunk: Chunk): Promise<void> {
    const columns = {
      camera_id: chunk.cameraId,
      start_at: instant(chunk.startMs),
      end_at: instant(chunk.endMs),
      size_bytes: chunk.sizeBytes,
    };
    await this.#context.db
      .insertInto('chunks')
      .values({ path: chunk.path, ...columns })
      .onConflict((conflict) => conflict.column('path').doUpdateSet(columns))
      .execute();
  }

  /** Those that overlap [fromMs, toMs), oldest first. */
  async covering(cameraId: string, fromMs: number, toMs: number): Promise<readonly Chunk[]> {
    const rows = await this.#context.db
      .selectFrom('chunks')
      .selectAll()
      .where('camera_id', '=', cameraId)
      .where('start_at', '<', instant(toMs))
      .where('end_at', '>', instant(fromMs))
      .orderBy('start_at')
      .execute();
    return rows.map(toChunk);
  }

  /** The oldest of all cameras, the first to go. */
  async oldest(limit: number): Promise<readonly Chunk[]> {
    const rows = await this.#context.db
      .selectFrom('chunks')
      .selectAll()
      .orderBy('start_at')
      .orderBy('path')
      .limit(limit)
      .execute();
    return rows.map(toChunk);
  }

  /** Chunks of cameras that were removed: delete their files, then `remove` them. */
  async orphans(limit: number): Promise<readonly Chunk[]> {
    const rows = await this.#context.db
      .selectFrom('chunks')
      .selectAll()
      .where('camera_id', 'not in', (eb) => eb.selectFrom('cameras').select('id'))
      .orderBy('start_at')
      .limit(limit)
      .execute();
    return rows.map(toChunk);
  }

  /** Forgets the chunks; the files are the caller's to delete first. Returns how many were known. */
  async remove(paths: readonly string[]): Promise<number> {
    if (paths.length === 0) return 0;
    const result = await this.#context.db
      .deleteFrom('chunks')
      .where(sql<boolean>`path = any (${[...paths]}::text[])`)
      .executeTakeFirst();
    return Number(result.numDeletedRows);
  }

  async totalBytes(): Promise<number> {
    const row = await this.#context.db
      .selectFrom('chunks')
      .select(sql<number>`coalesce(sum(size_bytes), 0)::bigint`.as('bytes'))
      .executeTakeFirstOrThrow();
    return row.bytes;
  }
}

function toChunk(row: Selectable<Tables['chunks']>): Chunk {
  return {
    cameraId: row.camera_id,
    path: row.path,
    startMs: row.start_at,
    endMs: row.end_at,
    sizeBytes: row.size_bytes,
  };
}
