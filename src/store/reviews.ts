import { type RawBuilder, type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import { putReference, type ReferenceMoment } from './camera-references.ts';
import type { StoreContext } from './context.ts';
import { instant, instantOrNull } from './instant.ts';
import type { Tables } from './schema.ts';
import { inTransaction } from './transaction.ts';

export interface ReviewInput {
  readonly verdict: 'confirmed' | 'dismissed' | 'unreviewed';
  /** Who says so. */
  readonly by: string;
  /** The moment that the verdict is about, UTC ms. */
  readonly momentMs?: number | null | undefined;
  readonly label?: string | null | undefined;
  readonly note?: string | null | undefined;
}

/** What a person said of an incident; the newest word stands. */
export interface Review {
  readonly incidentId: string;
  readonly verdict: 'confirmed' | 'dismissed' | 'unreviewed';
  readonly by: string;
  readonly atMs: number;
  readonly momentMs: number | null;
  readonly label: string | null;
  readonly note: string | null;
  /** The reference of the camera that it made; null where it made none, or it was removed. */
  readonly referenceId: string | null;
}

/** A review that was put, with the references, the camera's oldest, that had to make room for its own. */
export interface PutReview {
  readonly review: Review;
  readonly droppedReferences: readonly string[];
}

export class ReviewRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /**
   * Replaces what was said before, with the reference that it made; `unreviewed` takes a verdict back and keeps who did.
   * VDT_NOT_FOUND.
   */
  async put(incidentId: string, input: ReviewInput): Promise<PutReview> {
    const atMs = this.#context.clock.nowMs();
    const columns = {
      verdict: input.verdict,
      reviewed_by: input.by,
      reviewed_at: instant(atMs),
      moment_at: instantOrNull(input.momentMs ?? null),
      label: input.label ?? null,
      note: input.note ?? null,
    };
    return inTransaction(this.#context.db, async (tx) => {
      const incident = await tx
        .selectFrom('incidents')
        .select(['id', 'camera_id', 'descriptors'])
        .where('id', '=', incidentId)
        .forUpdate()
        .executeTakeFirst();
      if (incident === undefined) throw problem('VDT_NOT_FOUND', { what: 'Incident', id: incidentId });
      const row = await tx
        .insertInto('reviews')
        .values({ incident_id: incidentId, ...columns })
        .onConflict((conflict) => conflict.column('incident_id').doUpdateSet(columns))
        .returningAll()
        .executeTakeFirstOrThrow();
      const reference = await putReference(
        tx,
        {
          id: incidentId,
          cameraId: incident.camera_id,
          moments: incident.descriptors as readonly ReferenceMoment[],
        },
        {
          verdict: input.verdict,
          by: input.by,
          atMs,
          momentMs: input.momentMs ?? null,
          label: input.label ?? null,
        },
      );
      return {
        review: toReview({ ...row, reference_id: reference.id }),
        droppedReferences: reference.dropped,
      };
    });
  }

  /** Null where nobody has looked yet. */
  async get(incidentId: string): Promise<Review | null> {
    const row = await this.#context.db
      .selectFrom('reviews')
      .selectAll()
      .select(referenceOf('reviews.incident_id').as('reference_id'))
      .where('incident_id', '=', incidentId)
      .executeTakeFirst();
    return row === undefined ? null : toReview(row);
  }

  /** A camera's reviews said after `sinceMs`, oldest first: what its references are yet to learn from. */
  async ofCamera(cameraId: string, sinceMs: number, limit = 1_000): Promise<readonly Review[]> {
    const rows = await this.#context.db
      .selectFrom('reviews')
      .innerJoin('incidents', 'incidents.id', 'reviews.incident_id')
      .selectAll('reviews')
      .select(referenceOf('reviews.incident_id').as('reference_id'))
      .where('incidents.camera_id', '=', cameraId)
      .where('reviewed_at', '>', instant(sinceMs))
      .orderBy('reviewed_at')
      .orderBy('incident_id')
      .limit(limit)
      .execute();
    return rows.map(toReview);
  }

  /** Of a camera's incidents whose onset is at or after `sinceMs`, oldest first: what the false-alert budget counts by. */
  async verdictsOf(cameraId: string, sinceMs: number): Promise<readonly TimedVerdict[]> {
    const rows = await this.#context.db
      .selectFrom('reviews')
      .innerJoin('incidents', 'incidents.id', 'reviews.incident_id')
      .select(['incidents.onset_at', 'incidents.last_anomalous_at', 'reviews.verdict'])
      .where('incidents.camera_id', '=', cameraId)
      .where('incidents.onset_at', '>=', instant(sinceMs))
      .orderBy('incidents.onset_at')
      .execute();
    return rows.map((row) => ({ fromMs: row.onset_at, toMs: row.last_anomalous_at, verdict: row.verdict }));
  }
}

/** What people said of a stretch of a camera's time. */
export interface TimedVerdict {
  /** Onset and last anomalous moment of the incident, UTC ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly verdict: Review['verdict'];
}

/** The reference in use that an incident's review made. */
export function referenceOf(incidentId: 'reviews.incident_id' | 'incidents.id'): RawBuilder<string | null> {
  return sql<string | null>`(
    select made.id from camera_references made
    where made.incident_id = ${sql.ref(incidentId)} and made.removed_at is null
  )`;
}

function toReview(row: Selectable<Tables['reviews']> & { readonly reference_id: string | null }): Review {
  return {
    incidentId: row.incident_id,
    verdict: row.verdict,
    by: row.reviewed_by,
    atMs: row.reviewed_at,
    momentMs: row.moment_at,
    label: row.label,
    note: row.note,
    referenceId: row.reference_id,
  };
}
