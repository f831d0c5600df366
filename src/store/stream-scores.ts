import { sql } from 'kysely';
import { instant } from './instant.ts';
import type { Database } from './schema.ts';

/** What a decision was made from, without what explains it. */
export interface StreamedScore {
  readonly epoch: number;
  readonly sequence: number;
  /** End of the segment, UTC ms. */
  readonly endMs: number;
  /** 0..1 */
  readonly score: number;
  /** 0..1, to seven digits */
  readonly certainty: number;
  /** Null where it was not stored. */
  readonly dependenceSegments: number | null;
  readonly held: boolean;
}

const ROWS_A_PORTION = 20_000;
/** Epoch, sequence and end as int8, the score as float8, certainty and dependence as float4, held as one byte; big-endian. */
const ROW_BYTES = 41;

/**
 * All scores of a camera whose segment ends in [fromMs, toMs), oldest first, in portions of 20,000: a week is a million
 * rows, which must not be held at once. A portion comes as one binary value, since a driver takes longer over a row than the
 * database does.
 */
export async function* streamScores(
  db: Database,
  cameraId: string,
  fromMs: number,
  toMs: number,
): AsyncGenerator<readonly StreamedScore[]> {
  let last: StreamedScore | null = null;
  while (true) {
    const after: StreamedScore | null = last;
    const from = instant(after?.endMs ?? fromMs);
    const beyond = after
      ? sql`and (segment_end, epoch, sequence) > (${from}, ${after.epoch}, ${after.sequence})`
      : sql``;
    const { rows } = await sql<{ packed: Uint8Array | null }>`
      select string_agg(
          int8send(epoch) || int8send(sequence)
            || int8send((extract(epoch from segment_end) * 1000)::bigint) || float8send(score)
            || float4send(certainty::real) || float4send(coalesce(dependence, 0))
            || case when held then '\\x01'::bytea else '\\x00'::bytea end,
          ''::bytea order by segment_end, epoch, sequence) as packed
      from (
        select epoch, sequence, segment_end, score, certainty, dependence, held
        from scores
        where camera_id = ${cameraId} and segment_end >= ${from} and segment_end < ${instant(toMs)} ${beyond}
        order by segment_end, epoch, sequence
        limit ${ROWS_A_PORTION}
      ) as portion`.execute(db);
    const packed = rows[0]?.packed;
    if (!packed || packed.length === 0) return;
    const portion = unpack(packed);
    yield portion;
    if (portion.length < ROWS_A_PORTION) return;
    last = portion.at(-1) ?? null;
  }
}

function unpack(packed: Uint8Array): readonly StreamedScore[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return Array.from({ length: packed.byteLength / ROW_BYTES }, (_, row) => {
    const at = row * ROW_BYTES;
    const dependence = view.getFloat32(at + 36);
    return {
      epoch: Number(view.getBigInt64(at)),
      sequence: Number(view.getBigInt64(at + 8)),
      endMs: Number(view.getBigInt64(at + 16)),
      score: view.getFloat64(at + 24),
      certainty: view.getFloat32(at + 32),
      dependenceSegments: dependence > 0 ? dependence : null,
      held: view.getUint8(at + 40) === 1,
    };
  });
}
