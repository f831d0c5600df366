import { problem } from '../platform/errors.ts';
import { type CameraRuntime, type PackState, writePackState, writeRuntime } from './camera-states.ts';
import type { CameraHealthStatus, CameraLearning } from './cameras.ts';
import type { StoreContext } from './context.ts';
import { type AppendedEvents, appendEvents, type NewEvent } from './events.ts';
import { type IncidentRecord, type IncidentState, writeIncident } from './incidents.ts';
import { json } from './json.ts';
import type { Transaction } from './schema.ts';
import { insertScores, type ScoreRecord } from './scores.ts';
import { inTransaction } from './transaction.ts';

/** All that one step of scoring has to say of one camera. */
export interface ScoreCommit {
  readonly cameraId: string;
  /** Scoring token of the lease under which it was made. */
  readonly token: number;
  /** In order; may be empty, as where quiet time closes an incident of a silent camera. */
  readonly records: readonly ScoreRecord[];
  /** In order. */
  readonly changes: readonly {
    readonly type: 'opened' | 'promoted' | 'updated' | 'closed';
    readonly incident: IncidentState;
  }[];
  readonly events: readonly NewEvent[];
  /** The sequential rule's and the incident tracker's JSON after the last record. */
  readonly runtime: unknown;
  /** The last segment that `runtime` has seen; the last record's where left out. */
  readonly position?: { readonly epoch: number; readonly sequence: number };
  readonly learning?: CameraLearning;
  /** Where the camera's own health changed. */
  readonly health?: CameraHealthStatus;
  readonly states?: readonly PackState[];
  /** Makes the event that tells of an incident which the store had to close (see `writeIncident`), or null for none. */
  readonly eventOfSuperseded?: (incident: IncidentRecord) => NewEvent | null;
}

export interface ScoreCommitted extends AppendedEvents {
  /** Leftovers of an earlier owner that were closed because a new incident opened. */
  readonly superseded: readonly IncidentRecord[];
}

/**
 * Scores, incidents, events with their deliveries, and the state to go on from, in one transaction: after a crash either
 * all of it is there or nothing, and the same commit again changes nothing. VDT_LEASE_LOST where a newer owner
 * has taken the token, or the camera was removed; nothing is written then.
 */
export async function commitScores({ db, clock }: StoreContext, commit: ScoreCommit): Promise<ScoreCommitted> {
  return inTransaction(db, async (tx) => {
    await holdLease(tx, commit);
    await insertScores(tx, commit.records);
    const superseded: IncidentRecord[] = [];
    for (const { incident } of commit.changes) {
      const closed = await writeIncident(tx, incident);
      if (closed !== null) superseded.push(closed);
    }
    const told = superseded.map((incident) => commit.eventOfSuperseded?.(incident) ?? null);
    // the end of the old one is told before the beginning of the new one
    const events = [...told.filter((event) => event !== null), ...commit.events];
    const appended = await appendEvents(tx, events);
    const savedMs = clock.nowMs();
    const runtime = await runtimeOf(tx, commit, savedMs);
    if (runtime !== null) await writeRuntime(tx, commit.cameraId, runtime);
    for (const state of commit.states ?? []) await writePackState(tx, commit.cameraId, state, savedMs);
    return { ...appended, superseded };
  });
}

/** The camera's row stays locked until the commit, so that no other owner can get a token in between. */
async function holdLease(tx: Transaction, commit: ScoreCommit): Promise<void> {
  const owner = await tx
    .selectFrom('cameras')
    .select('id')
    .where('id', '=', commit.cameraId)
    .where('scoring_token', '=', commit.token)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (owner === undefined) throw problem('VDT_LEASE_LOST', { what: 'scoring of camera', id: commit.cameraId });
  const { learning, health } = commit;
  if (learning === undefined && health === undefined) return;
  await tx
    .updateTable('cameras')
    .set({
      ...(learning === undefined ? {} : { learning: json(learning) }),
      ...(health === undefined ? {} : { health: json(health) }),
    })
    .where('id', '=', commit.cameraId)
    .execute();
}

async function runtimeOf(tx: Transaction, commit: ScoreCommit, savedMs: number): Promise<CameraRuntime | null> {
  const position = commit.position ?? commit.records.at(-1);
  if (position !== undefined) {
    return { runtime: commit.runtime, epoch: position.epoch, sequence: position.sequence, savedMs };
  }
  // no segment was seen: the state changed by the passing of time alone, at the position where it stood
  const stored = await tx
    .selectFrom('camera_runtimes')
    .select(['epoch', 'sequence'])
    .where('camera_id', '=', commit.cameraId)
    .executeTakeFirst();
  return stored === undefined ? null : { runtime: commit.runtime, ...stored, savedMs };
}
