import { type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import { refreshReference } from './camera-references.ts';
import type { StoreContext } from './context.ts';
import { decodeCursor, type Page, toPage } from './cursor.ts';
import { type Instant, instant, instantOrNull } from './instant.ts';
import { json } from './json.ts';
import { type Review, referenceOf } from './reviews.ts';
import type { Tables, Transaction } from './schema.ts';

export type Severity = 'low' | 'medium' | 'high' | 'critical';

export interface IncidentCue {
  readonly name: string;
  /** Of the head, before calibration. */
  readonly raw: number;
  /** Upper-tail probability on the camera's own history, 0..1. */
  readonly probability: number;
  readonly cell: { readonly row: number; readonly column: number } | null;
  /** The object or shape, in shares of the picture. */
  readonly box?: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  } | null;
  /** Class of the object. */
  readonly label?: string | null;
  /** How it compares with the camera's history, for a person. */
  readonly comparison?: string | null;
}

/** What a moment of an incident looked like. */
export interface IncidentMoment {
  readonly endMs: number;
  readonly surprise: number;
  readonly values: readonly number[];
}

/** What the state machine knows of an incident; the shape of `incident/incident-tracker.ts`. */
export interface IncidentState {
  /** `inc_…`, deterministic from the segment that opened it. */
  readonly id: string;
  readonly cameraId: string;
  readonly state: 'open' | 'closed';
  /** `review`: stored and shown, but nobody is woken. */
  readonly decision: 'alert' | 'review';
  /** 0..1, of the peak. */
  readonly certainty: number;
  readonly severity: Severity;
  readonly kind: string;
  readonly title: string;
  /** Class of the object that it is about. */
  readonly object: string | null;
  /** Estimated start, not the detection. */
  readonly onsetMs: number;
  readonly openedMs: number;
  readonly lastAnomalousMs: number;
  readonly closedMs: number | null;
  readonly peakScore: number;
  readonly peakMs: number;
  readonly peakCues: readonly IncidentCue[];
  readonly peakCell: { readonly row: number; readonly column: number } | null;
  readonly explanation: string;
  /** The nearest moments of normal life, nearest first. */
  readonly nearestNormal: readonly { readonly atMs: number; readonly distance: number }[];
  /** Strangeness of each grid cell at the peak, row-major, 0..1. */
  readonly heat: readonly number[] | null;
  /** Its strangest moments, the strangest first. */
  readonly descriptors: readonly IncidentMoment[];
  /** Rises with each change; a write that does not raise it is a replay and changes nothing. */
  readonly revision: number;
  readonly gridRows: number;
  readonly gridColumns: number;
}

export type EvidenceKind = 'clip' | 'snapshot' | 'heatmap';

export interface Evidence {
  readonly state: 'pending' | 'ready' | 'failed';
  /** Key in the evidence store, relative to it. */
  readonly path: string | null;
  readonly sizeBytes: number | null;
  /** Why it failed. */
  readonly reason: string | null;
}

export interface IncidentRecord extends IncidentState {
  /** Set where something else than the state machine closed it. */
  readonly closeReason: string | null;
  readonly clip: Evidence;
  readonly snapshot: Evidence;
  readonly heatmap: Evidence;
  /** Null where nobody has looked yet. */
  readonly review: Review | null;
}

export interface IncidentFilter {
  readonly cameraId?: string | undefined;
  /** Onset at or after. */
  readonly fromMs?: number | undefined;
  /** Onset before. */
  readonly toMs?: number | undefined;
  readonly state?: 'open' | 'closed' | undefined;
  readonly severity?: Severity | undefined;
  readonly decision?: 'alert' | 'review' | undefined;
  readonly review?: Review['verdict'] | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export class IncidentRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Newest onset first. */
  async list(filter: IncidentFilter): Promise<Page<IncidentRecord>> {
    let query = this.#select()
      .orderBy('incidents.onset_at', 'desc')
      .orderBy('incidents.id', 'desc')
      .limit(filter.limit + 1);
    if (filter.cameraId !== undefined) query = query.where('camera_id', '=', filter.cameraId);
    if (filter.fromMs !== undefined) query = query.where('onset_at', '>=', instant(filter.fromMs));
    if (filter.toMs !== undefined) query = query.where('onset_at', '<', instant(filter.toMs));
    if (filter.state !== undefined) query = query.where('state', '=', filter.state);
    if (filter.severity !== undefined) query = query.where('severity', '=', filter.severity);
    if (filter.decision !== undefined) query = query.where('decision', '=', filter.decision);
    if (filter.review === 'unreviewed') {
      query = query.where((eb) => eb.or([eb('verdict', 'is', null), eb('verdict', '=', 'unreviewed')]));
    } else if (filter.review !== undefined) {
      query = query.where('verdict', '=', filter.review);
    }
    if (filter.cursor !== undefined) {
      const [onsetMs, id] = decodeCursor(filter.cursor, ['number', 'string']);
      query = query.where(sql<boolean>`(onset_at, id) < (${instant(onsetMs)}, ${id})`);
    }
    const rows = (await query.execute()).map(toIncident);
    return toPage(rows, filter.limit, (incident) => [incident.onsetMs, incident.id]);
  }

  /** VDT_NOT_FOUND. */
  async get(id: string): Promise<IncidentRecord> {
    const row = await this.#select().where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return toIncident(row);
  }

  /** The camera's open incident, if any. */
  async openOf(cameraId: string): Promise<IncidentRecord | null> {
    const row = await this.#select().where('camera_id', '=', cameraId).where('state', '=', 'open').executeTakeFirst();
    return row === undefined ? null : toIncident(row);
  }

  /** VDT_NOT_FOUND. */
  async setEvidence(
    id: string,
    kind: EvidenceKind,
    evidence: {
      readonly state: Evidence['state'];
      readonly path?: string | undefined;
      readonly bytes?: number | undefined;
      readonly reason?: string | undefined;
    },
  ): Promise<void> {
    const path = evidence.path ?? null;
    const bytes = evidence.bytes ?? null;
    const reason = evidence.reason ?? null;
    const updated = await this.#context.db
      .updateTable('incidents')
      .set({
        [`${kind}_state`]: evidence.state,
        [`${kind}_path`]: path,
        [`${kind}_bytes`]: bytes,
        [`${kind}_reason`]: reason,
      })
      .where('id', '=', id)
      .executeTakeFirst();
    if (updated.numUpdatedRows === 0n) throw notFound(id);
  }

  /** Incidents, open or closed, of which a piece of evidence is still to be made, oldest first. */
  async pendingEvidence(limit = 100): Promise<readonly IncidentRecord[]> {
    const rows = await this.#select()
      .where((eb) =>
        eb.or([
          eb('clip_state', '=', 'pending'),
          eb('snapshot_state', '=', 'pending'),
          eb('heatmap_state', '=', 'pending'),
        ]),
      )
      .orderBy('onset_at')
      .limit(limit)
      .execute();
    return rows.map(toIncident);
  }

  /** Which of the ids exist; evidence folders of the others are left over. */
  async existing(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#context.db
      .selectFrom('incidents')
      .select('id')
      .where('id', 'in', [...ids])
      .execute();
    return new Set(rows.map((row) => row.id));
  }

  /** Deletes up to `limit` closed incidents whose onset is before `beforeMs`; returns their ids, whose evidence is to go too. */
  async deleteBefore(beforeMs: number, limit: number): Promise<readonly string[]> {
    const rows = await this.#context.db
      .deleteFrom('incidents')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('incidents')
          .select('id')
          .where('state', '=', 'closed')
          .where('onset_at', '<', instant(beforeMs))
          .orderBy('onset_at')
          .limit(limit),
      )
      .returning('id')
      .execute();
    return rows.map((row) => row.id);
  }

  #select() {
    return this.#context.db
      .selectFrom('incidents')
      .leftJoin('reviews', 'reviews.incident_id', 'incidents.id')
      .selectAll('incidents')
      .select(['verdict', 'reviewed_by', 'reviewed_at', 'moment_at', 'label', 'note'])
      .select(referenceOf('incidents.id').as('reference_id'));
  }
}

/**
 * Writes one state of an incident in the caller's transaction, which holds the camera's row. A revision that is not
 * newer than what is stored changes nothing. Where an incident is to be open and another still is (left over from an
 * owner whose state was lost), the other is closed first and returned, so that the one-open-a-camera index holds.
 */
export async function writeIncident(tx: Transaction, incident: IncidentState): Promise<IncidentRecord | null> {
  const known = await tx.selectFrom('incidents').select('revision').where('id', '=', incident.id).executeTakeFirst();
  if (known !== undefined && known.revision >= incident.revision) return null;
  const superseded = incident.state === 'open' ? await closeLeftover(tx, incident) : null;
  const changing = {
    state: incident.state,
    decision: incident.decision,
    certainty: incident.certainty,
    severity: incident.severity,
    kind: incident.kind,
    title: incident.title,
    object: incident.object,
    onset_at: instant(incident.onsetMs),
    opened_at: instant(incident.openedMs),
    last_anomalous_at: instant(incident.lastAnomalousMs),
    closed_at: instantOrNull(incident.closedMs),
    close_reason: null,
    peak_score: incident.peakScore,
    peak_at: instant(incident.peakMs),
    peak_cues: json(incident.peakCues),
    peak_row: incident.peakCell?.row ?? null,
    peak_column: incident.peakCell?.column ?? null,
    grid_rows: incident.gridRows,
    grid_columns: incident.gridColumns,
    explanation: incident.explanation,
    nearest_normal: json(incident.nearestNormal),
    heat: incident.heat === null ? null : json(incident.heat),
    descriptors: json(incident.descriptors),
    revision: incident.revision,
  };
  await tx
    .insertInto('incidents')
    .values({ id: incident.id, camera_id: incident.cameraId, ...changing })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(changing))
    .execute();
  if (known !== undefined) await refreshReference(tx, { id: incident.id, moments: incident.descriptors });
  return superseded;
}

async function closeLeftover(tx: Transaction, opening: IncidentState): Promise<IncidentRecord | null> {
  const row = await tx
    .updateTable('incidents')
    .set({
      state: 'closed',
      // it ended no later than the new one was seen to open
      closed_at: sql<Instant>`greatest(last_anomalous_at, ${instant(opening.openedMs)})`,
      close_reason: `superseded by ${opening.id}`,
      revision: sql`revision + 1`,
    })
    .where('camera_id', '=', opening.cameraId)
    .where('state', '=', 'open')
    .where('id', '<>', opening.id)
    .returningAll()
    .executeTakeFirst();
  return row === undefined
    ? null
    : toIncident({
        ...row,
        verdict: null,
        reviewed_by: null,
        reviewed_at: null,
        moment_at: null,
        label: null,
        note: null,
        reference_id: null,
      });
}

function notFound(id: string) {
  return problem('VDT_NOT_FOUND', { what: 'Incident', id });
}

type ReviewColumns = Omit<Selectable<Tables['reviews']>, 'incident_id'>;
type IncidentRow = Selectable<Tables['incidents']> & { [Name in keyof ReviewColumns]: ReviewColumns[Name] | null } & {
  readonly reference_id: string | null;
};

function toIncident(row: IncidentRow): IncidentRecord {
  return {
    id: row.id,
    cameraId: row.camera_id,
    state: row.state,
    decision: row.decision,
    certainty: row.certainty,
    severity: row.severity,
    kind: row.kind,
    title: row.title,
    object: row.object,
    onsetMs: row.onset_at,
    openedMs: row.opened_at,
    lastAnomalousMs: row.last_anomalous_at,
    closedMs: row.closed_at,
    closeReason: row.close_reason,
    peakScore: row.peak_score,
    peakMs: row.peak_at,
    peakCues: row.peak_cues as readonly IncidentCue[],
    peakCell: row.peak_row === null || row.peak_column === null ? null : { row: row.peak_row, column: row.peak_column },
    explanation: row.explanation,
    nearestNormal: row.nearest_normal as IncidentState['nearestNormal'],
    heat: row.heat as IncidentState['heat'],
    descriptors: row.descriptors as IncidentState['descriptors'],
    revision: row.revision,
    gridRows: row.grid_rows,
    gridColumns: row.grid_columns,
    clip: { state: row.clip_state, path: row.clip_path, sizeBytes: row.clip_bytes, reason: row.clip_reason },
    snapshot: {
      state: row.snapshot_state,
      path: row.snapshot_path,
      sizeBytes: row.snapshot_bytes,
      reason: row.snapshot_reason,
    },
    heatmap: {
      state: row.heatmap_state,
      path: row.heatmap_path,
      sizeBytes: row.heatmap_bytes,
      reason: row.heatmap_reason,
    },
    review: toReview(row),
  };
}

function toReview(row: IncidentRow): Review | null {
  if (row.verdict === null || row.reviewed_by === null || row.reviewed_at === null) return null;
  return {
    incidentId: row.id,
    verdict: row.verdict,
    by: row.reviewed_by,
    atMs: row.reviewed_at,
    momentMs: row.moment_at,
    label: row.label,
    note: row.note,
    referenceId: row.reference_id,
  };
}
