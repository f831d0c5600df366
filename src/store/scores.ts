import { sql } from 'kysely';
import type { StoreContext } from './context.ts';
import { instant } from './instant.ts';
import type { Database, Transaction } from './schema.ts';
import { type StreamedScore, streamScores } from './stream-scores.ts';

export interface ScoreRecord {
  readonly cameraId: string;
  readonly epoch: number;
  readonly sequence: number;
  /** End of the segment, UTC ms. */
  readonly endMs: number;
  /** 0..1 */
  readonly score: number;
  /** 0..1 */
  readonly certainty: number;
  /** Upper-tail probability of each cue on this camera's history, 0..1. */
  readonly cues: readonly { readonly name: string; readonly probability: number }[];
  readonly hottestCell: { readonly row: number; readonly column: number } | null;
  /** How many consecutive segments counted as one independent observation, at least 1. */
  readonly dependenceSegments?: number | null;
  /** The camera was unhealthy or in transition: the sequential rule did not count the segment. */
  readonly held?: boolean;
}

export interface TimelineRange {
  readonly fromMs: number;
  readonly toMs: number;
  /** Buckets at most, 1 or more. */
  readonly points: number;
}

export interface TimelineBucket {
  readonly startMs: number;
  /** Exclusive; not beyond the range's end. */
  readonly endMs: number;
  readonly max: number;
  readonly mean: number;
  readonly count: number;
}

const ROWS_A_STATEMENT = 1_000;

export class ScoreRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Writes the records; one whose (camera, epoch, sequence) is known changes nothing. Returns how many were new. */
  insert(records: readonly ScoreRecord[]): Promise<number> {
    return insertScores(this.#context.db, records);
  }

  /**
   * Maximum and mean a bucket over the scores whose segment ends in [fromMs, toMs), downsampled in the database. Buckets
   * are equally wide, count from `fromMs`, and those without a score are left out: a gap is a gap.
   */
  async timeline(cameraId: string, { fromMs, toMs, points }: TimelineRange): Promise<readonly TimelineBucket[]> {
    if (toMs <= fromMs) return [];
    const widthMs = Math.max(1, Math.ceil((toMs - fromMs) / Math.max(1, points)));
    const { rows } = await sql<{ start: number; max: number; mean: number; count: number }>`
      select date_bin(${`${widthMs} milliseconds`}::interval, segment_end, ${instant(fromMs)}) as start,
        max(score) as max, avg(score) as mean, count(*) as count
      from scores
      where camera_id = ${cameraId} and segment_end >= ${instant(fromMs)} and segment_end < ${instant(toMs)}
      group by 1
      order by 1`.execute(this.#context.db);
    return rows.map(({ start, max, mean, count }) => ({
      startMs: start,
      endMs: Math.min(start + widthMs, toMs),
      max,
      mean,
      count,
    }));
  }

  /** The records whose segment ends in [fromMs, toMs), oldest first, `limit` at most. */
  async between(cameraId: string, fromMs: number, toMs: number, limit: number): Promise<readonly ScoreRecord[]> {
    const rows = await this.#context.db
      .selectFrom('scores')
      .selectAll()
      .where('camera_id', '=', cameraId)
      .where('segment_end', '>=', instant(fromMs))
      .where('segment_end', '<', instant(toMs))
      .orderBy('segment_end')
      .orderBy('epoch')
      .orderBy('sequence')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      cameraId: row.camera_id,
      epoch: row.epoch,
      sequence: row.sequence,
      endMs: row.segment_end,
      score: row.score,
      certainty: row.certainty,
      cues: row.cues.map(([name, probability]) => ({ name, probability })),
      hottestCell:
        row.hottest_row === null || row.hottest_column === null
          ? null
          : { row: row.hottest_row, column: row.hottest_column },
      dependenceSegments: row.dependence,
      held: row.held,
    }));
  }

  /** All scores whose segment ends in [fromMs, toMs), oldest first, in portions; see `streamScores`. */
  stream(cameraId: string, fromMs: number, toMs: number): AsyncGenerator<readonly StreamedScore[]> {
    return streamScores(this.#context.db, cameraId, fromMs, toMs);
  }

  /** Deletes up to `limit` scores of segments that end before `beforeMs`. Returns how many; call again while it returns `limit`. */
  async deleteBefore(beforeMs: number, limit: number): Promise<number> {
    const result = await sql`
      delete from scores where ctid = any (array(
        select ctid from scores where segment_end < ${instant(beforeMs)} limit ${limit}))`.execute(this.#context.db);
    return Number(result.numAffectedRows ?? 0n);
  }

  /** Deletes up to `limit` scores of cameras that were removed. Returns how many. */
  async deleteOrphans(limit: number): Promise<number> {
    // the recursive part hops from camera to camera along the index, whatever the number of scores
    const result = await sql`
      with recursive scored (camera_id) as (
        (select camera_id from scores order by camera_id limit 1)
        union all
        select (select s.camera_id from scores s where s.camera_id > scored.camera_id order by s.camera_id limit 1)
        from scored where scored.camera_id is not null
      )
      delete from scores where ctid = any (array(
        select ctid from scores
        where camera_id in (
          select camera_id from scored
          where camera_id is not null and not exists (select from cameras c where c.id = scored.camera_id))
        limit ${limit}))`.execute(this.#context.db);
    return Number(result.numAffectedRows ?? 0n);
  }
}

/** In the caller's transaction or by itself, in statements of bounded size. */
export async function insertScores(db: Database | Transaction, records: readonly ScoreRecord[]): Promise<number> {
  let inserted = 0;
  for (let first = 0; first < records.length; first += ROWS_A_STATEMENT) {
    inserted += await insertSlice(db, records.slice(first, first + ROWS_A_STATEMENT));
  }
  return inserted;
}

/** Column by column as arrays: eleven parameters whatever the number of rows, parsed once. */
async function insertSlice(db: Database | Transaction, records: readonly ScoreRecord[]): Promise<number> {
  const column = <Value>(pick: (record: ScoreRecord) => Value) => sql`${records.map(pick)}`;
  const result = await sql`
    insert into scores
      (camera_id, epoch, sequence, segment_end, score, certainty, cues, hottest_row, hottest_column, dependence, held)
    select camera_id, epoch, sequence, to_timestamp(0) + end_ms * interval '1 millisecond', score, certainty, cues,
      hottest_row, hottest_column, dependence, held
    from unnest(
      ${column((r) => r.cameraId)}::text[],
      ${column((r) => r.epoch)}::bigint[],
      ${column((r) => r.sequence)}::bigint[],
      ${column((r) => r.endMs)}::bigint[],
      ${column((r) => r.score)}::double precision[],
      ${column((r) => r.certainty)}::double precision[],
      ${column((r) => JSON.stringify(r.cues.map((cue) => [cue.name, cue.probability])))}::jsonb[],
      ${column((r) => r.hottestCell?.row ?? null)}::smallint[],
      ${column((r) => r.hottestCell?.column ?? null)}::smallint[],
      ${column((r) => r.dependenceSegments ?? null)}::real[],
      ${column((r) => r.held ?? false)}::boolean[]
    ) as given
      (camera_id, epoch, sequence, end_ms, score, certainty, cues, hottest_row, hottest_column, dependence, held)
    on conflict do nothing`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}
