import { type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import type { StoreContext } from './context.ts';
import { instant } from './instant.ts';
import { json } from './json.ts';
import { isForeignKeyViolation } from './query-errors.ts';
import type { Tables } from './schema.ts';

/** Something that is abnormal before a camera, in its user's words. */
export interface AbnormalDefinition {
  /** What incidents are called by it. */
  readonly name: string;
  readonly text: string;
  /** The same in other words. */
  readonly examples: readonly string[];
}

/** What is abnormal and what is normal before one camera. */
export interface CameraDefinitions {
  readonly cameraId: string;
  readonly abnormal: readonly AbnormalDefinition[];
  /** Texts; where there are none, the built-in ones count. */
  readonly normal: readonly string[];
  /** Grows with each change. */
  readonly revision: number;
  /** Who wrote them. */
  readonly by: string;
  readonly updatedMs: number;
}

export class DefinitionRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Null for a camera that has none. */
  async ofCamera(cameraId: string): Promise<CameraDefinitions | null> {
    const row = await this.#context.db
      .selectFrom('camera_definitions')
      .selectAll()
      .where('camera_id', '=', cameraId)
      .executeTakeFirst();
    return row ? toDefinitions(row) : null;
  }

  /** Replaces all that the camera has. VDT_NOT_FOUND. */
  async put(
    cameraId: string,
    { abnormal, normal, by }: Pick<CameraDefinitions, 'abnormal' | 'normal' | 'by'>,
  ): Promise<CameraDefinitions> {
    const nowMs = this.#context.clock.nowMs();
    const columns = { abnormal: json(abnormal), normal: json(normal), updated_by: by, updated_at: instant(nowMs) };
    try {
      const row = await this.#context.db
        .insertInto('camera_definitions')
        // what was removed and written anew must not bear a revision that it had: time only goes on
        .values({ camera_id: cameraId, revision: nowMs, ...columns })
        .onConflict((conflict) =>
          conflict.column('camera_id').doUpdateSet({
            ...columns,
            revision: sql<number>`greatest(camera_definitions.revision + 1, excluded.revision)`,
          }),
        )
        .returningAll()
        .executeTakeFirstOrThrow();
      return toDefinitions(row);
    } catch (error) {
      if (isForeignKeyViolation(error)) throw problem('VDT_NOT_FOUND', { what: 'Camera', id: cameraId });
      throw error;
    }
  }

  /** Again is no error. */
  async remove(cameraId: string): Promise<void> {
    await this.#context.db.deleteFrom('camera_definitions').where('camera_id', '=', cameraId).execute();
  }
}

function toDefinitions(row: Selectable<Tables['camera_definitions']>): CameraDefinitions {
  return {
    cameraId: row.camera_id,
    abnormal: row.abnormal as readonly AbnormalDefinition[],
    normal: row.normal as readonly string[],
    revision: row.revision,
    by: row.updated_by,
    updatedMs: row.updated_at,
  };
}
