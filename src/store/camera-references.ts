import { type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { StoreContext } from './context.ts';
import { decodeCursor, type Page, toPage } from './cursor.ts';
import { instant, instantOrNull } from './instant.ts';
import { json } from './json.ts';
import type { Tables, Transaction } from './schema.ts';

/** What a moment of an incident looked like; `values` are made and compared by `score/feedback`. */
export interface ReferenceMoment {
  /** Segment's end, UTC ms. */
  readonly endMs: number;
  /** Nats. */
  readonly surprise: number;
  readonly values: readonly number[];
}

/** A reviewed incident that its camera compares later moments with. */
export interface CameraReference {
  /** `ref_…`. */
  readonly id: string;
  readonly cameraId: string;
  /** Null when the incident was deleted since: what was learned from it stays. */
  readonly incidentId: string | null;
  readonly verdict: 'confirmed' | 'dismissed';
  /** In order of time, at least one. */
  readonly moments: readonly ReferenceMoment[];
  readonly label: string | null;
  /** The moment that the reviewer pointed at, UTC ms. */
  readonly momentMs: number | null;
  /** Whose review made it. */
  readonly by: string;
  readonly createdMs: number;
}

/** A camera compares with so many at most; a new one beyond them takes the place of the oldest. */
export const MAXIMUM_REFERENCES = 200;

/** A moment that was pointed at stands for what was seen so long before and after it. */
const GLANCE_MS = 3_000;

export class CameraReferenceRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** All that are in use, oldest first, at most 200. */
  async ofCamera(cameraId: string): Promise<readonly CameraReference[]> {
    const rows = await this.#active(cameraId).orderBy('created_at').orderBy('id').execute();
    return rows.map(toReference);
  }

  /** Newest first. */
  async list(
    cameraId: string,
    { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<CameraReference>> {
    let query = this.#active(cameraId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1);
    if (cursor !== undefined) {
      const [createdMs, id] = decodeCursor(cursor, ['number', 'string']);
      query = query.where(sql<boolean>`(created_at, id) < (${instant(createdMs)}, ${id})`);
    }
    const rows = (await query.execute()).map(toReference);
    return toPage(rows, limit, (reference) => [reference.createdMs, reference.id]);
  }

  /** Takes it out of use; the review that made it stays as it is. VDT_NOT_FOUND. */
  async remove(cameraId: string, id: string, by: string): Promise<void> {
    const removed = await this.#context.db
      .updateTable('camera_references')
      .set({ removed_by: by, removed_at: instant(this.#context.clock.nowMs()) })
      .where('camera_id', '=', cameraId)
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    if (removed.numUpdatedRows === 0n) throw problem('VDT_NOT_FOUND', { what: 'Reference', id });
  }

  #active(cameraId: string) {
    return this.#context.db
      .selectFrom('camera_references')
      .selectAll()
      .where('camera_id', '=', cameraId)
      .where('removed_at', 'is', null);
  }
}

export interface ReferenceInput {
  readonly verdict: 'confirmed' | 'dismissed' | 'unreviewed';
  readonly by: string;
  readonly atMs: number;
  readonly momentMs: number | null;
  readonly label: string | null;
}

/**
 * Replaces the reference that an incident has made, in the transaction of its review. None is made of an incident that was
 * taken back, or that nothing is known of how it looked.
 * @returns its id, or null; and the ids of the references, the oldest, that had to make room
 */
export async function putReference(
  tx: Transaction,
  incident: { readonly id: string; readonly cameraId: string; readonly moments: readonly ReferenceMoment[] },
  input: ReferenceInput,
): Promise<{ readonly id: string | null; readonly dropped: readonly string[] }> {
  await tx.deleteFrom('camera_references').where('incident_id', '=', incident.id).execute();
  const moments = momentsNear(incident.moments, input.momentMs);
  if (input.verdict === 'unreviewed' || moments.length === 0) return { id: null, dropped: [] };
  const id = newId('ref');
  await tx
    .insertInto('camera_references')
    .values({
      id,
      camera_id: incident.cameraId,
      incident_id: incident.id,
      verdict: input.verdict,
      descriptors: json(moments),
      label: input.label,
      moment_at: instantOrNull(input.momentMs),
      created_by: input.by,
      created_at: instant(input.atMs),
    })
    .execute();
  return { id, dropped: await makeRoom(tx, incident.cameraId, input.atMs) };
}

/** An incident that was reviewed while it went on: its reference comes to know what it looked like later. */
export async function refreshReference(
  tx: Transaction,
  incident: { readonly id: string; readonly moments: readonly ReferenceMoment[] },
): Promise<void> {
  if (incident.moments.length === 0) return;
  await tx
    .updateTable('camera_references')
    .set({ descriptors: json(momentsNear(incident.moments, null)) })
    .where('incident_id', '=', incident.id)
    .where('moment_at', 'is', null)
    .where('removed_at', 'is', null)
    .execute();
}

/** What was seen within three seconds of `momentMs`, or else nearest to it; everything where no moment is given. In order of time. */
export function momentsNear(moments: readonly ReferenceMoment[], momentMs: number | null): readonly ReferenceMoment[] {
  const inOrder = [...moments].sort((a, b) => a.endMs - b.endMs);
  if (momentMs === null) return inOrder;
  const away = (moment: ReferenceMoment) => Math.abs(moment.endMs - momentMs);
  const nearest = Math.min(...inOrder.map(away));
  return inOrder.filter((moment) => away(moment) <= Math.max(GLANCE_MS, nearest));
}

async function makeRoom(tx: Transaction, cameraId: string, atMs: number): Promise<readonly string[]> {
  const rows = await tx
    .updateTable('camera_references')
    .set({ removed_by: 'limit', removed_at: instant(atMs) })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('camera_references')
        .select('id')
        .where('camera_id', '=', cameraId)
        .where('removed_at', 'is', null)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .offset(MAXIMUM_REFERENCES),
    )
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}

function toReference(row: Selectable<Tables['camera_references']>): CameraReference {
  return {
    id: row.id,
    cameraId: row.camera_id,
    incidentId: row.incident_id,
    verdict: row.verdict,
    moments: row.descriptors as readonly ReferenceMoment[],
    label: row.label,
    momentMs: row.moment_at,
    by: row.created_by,
    createdMs: row.created_at,
  };
}
