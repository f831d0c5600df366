import type { Selectable } from 'kysely';
import { problem } from '../platform/errors.ts';
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
}

export class ReviewRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Replaces what was said before; `unreviewed` takes a verdict back and keeps who did. VDT_NOT_FOUND. */
  async put(incidentId: string, input: ReviewInput): Promise<Review> {
    const columns = {
      verdict: input.verdict,
      reviewed_by: input.by,
      reviewed_at: instant(this.#context.clock.nowMs()),
      moment_at: instantOrNull(input.momentMs ?? null),
      label: input.label ?? null,
      note: input.note ?? null,
    };
    return inTransaction(this.#context.db, async (tx) => {
      const incident = await tx
        .selectFrom('incidents')
        .select('id')
        .where('id', '=', incidentId)
        .forKeyShare()
        .executeTakeFirst();
      if (incident === undefined) throw problem('VDT_NOT_FOUND', { what: 'Incident', id: incidentId });
      const row = await tx
        .insertInto('reviews')
        .values({ incident_id: incidentId, ...columns })
        .onConflict((conflict) => conflict.column('incident_id').doUpdateSet(columns))
        .returningAll()
        .executeTakeFirstOrThrow();
      return toReview(row);
    });
  }

  /** Null where nobody has looked yet. */
  async get(incidentId: string): Promise<Review | null> {
    const row = await this.#context.db
      .selectFrom('reviews')
      .selectAll()
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
      .where('incidents.camera_id', '=', cameraId)
      .where('reviewed_at', '>', instant(sinceMs))
      .orderBy('reviewed_at')
      .orderBy('incident_id')
      .limit(limit)
      .execute();
    return rows.map(toReview);
  }
}

function toReview(row: Selectable<Tables['reviews']>): Review {
  return {
    incidentId: row.incident_id,
    verdict: row.verdict,
    by: row.reviewed_by,
    atMs: row.reviewed_at,
    momentMs: row.moment_at,
    label: row.label,
    note: row.note,
  };
}
