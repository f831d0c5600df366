import { type Selectable, sql } from 'kysely';
import { problem } from '../platform/errors.ts';
import { type CameraSecrets, joinCameraUrl, sameHost, splitCameraUrl } from './camera-url.ts';
import type { StoreContext } from './context.ts';
import { decodeCursor, type Page, toPage } from './cursor.ts';
import { type AppendedEvents, appendEvents, type NewEvent } from './events.ts';
import { instant } from './instant.ts';
import { json } from './json.ts';
import { isUniqueViolation } from './query-errors.ts';
import type { Tables, Transaction } from './schema.ts';
import { inTransaction } from './transaction.ts';

export interface CameraSettings {
  /** False alerts tolerated a day; the one sensitivity knob. */
  readonly alertBudgetPerDay: number;
  /** Pack ids that look at this camera. */
  readonly packs: readonly string[];
  readonly transport: 'tcp' | 'udp';
  readonly recordChunks: boolean;
  /** How long it learns before it may alert; null for the packs' own default. */
  readonly learningMinutes: number | null;
  /** Parts of the picture in which incidents weigh more or less; none where left out. */
  readonly zones?: readonly CameraZone[];
}

/** Edges as shares of the picture. */
export interface CameraZone {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Levels to add to the severity, -3 to 3. */
  readonly raise: number;
}

export interface CameraStatus {
  readonly state: 'connecting' | 'live' | 'stalled' | 'backoff' | 'offline';
  readonly sinceMs: number;
  readonly reason: string | null;
  /** Capture time of the newest decoded picture. */
  readonly lastFrameMs: number | null;
  readonly framesPerSecond: number | null;
  /** Connections made anew since the camera was created. */
  readonly reconnects: number;
  /** Of the source stream. */
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

export interface CameraLearning {
  readonly done: boolean;
  /** 0..1 */
  readonly progress: number;
  readonly observedSegments: number;
  readonly requiredSegments: number;
}

/** What the pictures say about the camera itself. */
export interface CameraHealthStatus {
  readonly state: 'ok' | 'frozen' | 'blank' | 'covered' | 'defocused' | 'moved';
  readonly sinceMs: number;
}

export interface CameraCredentials {
  readonly username: string;
  readonly password: string;
}

/** A camera as anyone may see it: no password in any field. */
export interface Camera {
  readonly id: string;
  readonly name: string;
  /** Without userinfo; values of secret query parameters are `***`. */
  readonly url: string;
  readonly hasCredentials: boolean;
  readonly enabled: boolean;
  /** `config`: comes from the configuration file and is kept in step with it. */
  readonly origin: 'api' | 'config';
  readonly settings: CameraSettings;
  readonly status: CameraStatus;
  readonly learning: CameraLearning;
  /** As of the last picture that was looked at; null before the first change of state. */
  readonly health: CameraHealthStatus | null;
  /** Segments lost since the camera was created, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface CameraInput {
  readonly id: string;
  /** The id where left out. */
  readonly name?: string;
  /** May hold userinfo: it is parted from the URL and sealed. */
  readonly url: string;
  /** Instead of userinfo in the URL, and stronger than it. */
  readonly credentials?: CameraCredentials | null;
  readonly enabled?: boolean;
  readonly origin?: 'api' | 'config';
  readonly settings?: Partial<CameraSettings>;
}

export interface CameraPatch {
  readonly name?: string;
  /**
   * A new URL with userinfo brings its credentials. Without userinfo the stored credentials stay where scheme, host and
   * port are the same, and are dropped where they differ: a new address is never sent the old password.
   */
  readonly url?: string;
  /** null removes what is stored. */
  readonly credentials?: CameraCredentials | null;
  readonly enabled?: boolean;
  readonly origin?: 'api' | 'config';
  readonly settings?: Partial<CameraSettings>;
}

export const DEFAULT_CAMERA_SETTINGS: CameraSettings = {
  alertBudgetPerDay: 1,
  packs: ['motion-grid'],
  transport: 'tcp',
  recordChunks: true,
  learningMinutes: null,
};

const NOT_LEARNT: CameraLearning = { done: false, progress: 0, observedSegments: 0, requiredSegments: 0 };

export class CameraRepository {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** VDT_CONFLICT where the id is taken, VDT_REQUEST_INVALID where the URL cannot be used. */
  async create(input: CameraInput): Promise<Camera> {
    const { db } = this.#context;
    const nowMs = this.#context.clock.nowMs();
    const split = splitCameraUrl(input.url);
    const secrets = withCredentials(split.secrets, input.credentials);
    const status: CameraStatus = {
      state: 'offline',
      sinceMs: nowMs,
      reason: null,
      lastFrameMs: null,
      framesPerSecond: null,
      reconnects: 0,
      codec: null,
      width: null,
      height: null,
    };
    try {
      return await inTransaction(db, async (tx) => {
        const row = await tx
          .insertInto('cameras')
          .values({
            id: input.id,
            name: input.name ?? input.id,
            url: split.url,
            sealed_credentials: this.#seal(secrets),
            enabled: input.enabled ?? true,
            origin: input.origin ?? 'api',
            settings: json({ ...DEFAULT_CAMERA_SETTINGS, ...input.settings }),
            status: json(status),
            learning: json(NOT_LEARNT),
            dropped: json({}),
            created_at: instant(nowMs),
            updated_at: instant(nowMs),
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        // a camera removed a moment ago may have left scores that `keep` has not swept: they are not this camera's
        await tx.deleteFrom('scores').where('camera_id', '=', input.id).execute();
        return toCamera(row);
      });
    } catch (thrown) {
      if (isUniqueViolation(thrown))
        throw problem('VDT_CONFLICT', { what: 'Camera', id: input.id, reason: 'already exists' });
      throw thrown;
    }
  }

  /** Changes what the patch names; VDT_NOT_FOUND. */
  async update(id: string, patch: CameraPatch): Promise<Camera> {
    return inTransaction(this.#context.db, async (tx) => {
      const row = await lockCamera(tx, id);
      const { url, secrets } = this.#patchedAddress(row, patch);
      const updated = await tx
        .updateTable('cameras')
        .set({
          name: patch.name ?? row.name,
          url,
          sealed_credentials: this.#seal(secrets),
          enabled: patch.enabled ?? row.enabled,
          origin: patch.origin ?? row.origin,
          settings: json({ ...(row.settings as CameraSettings), ...patch.settings }),
          updated_at: instant(this.#context.clock.nowMs()),
        })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return toCamera(updated);
    });
  }

  /**
   * Removes the camera with its states, incidents and reviews. Rows of scores and chunks stay until `keep` sweeps them
   * (`scores.deleteOrphans`, `chunks.orphans`), as do its events, which are the log of what was sent. Evidence files are the
   * caller's: `incidents.existing` tells which are left over. VDT_NOT_FOUND.
   */
  async remove(id: string): Promise<void> {
    const removed = await this.#context.db.deleteFrom('cameras').where('id', '=', id).executeTakeFirst();
    if (removed.numDeletedRows === 0n) throw notFound(id);
  }

  /** VDT_NOT_FOUND. */
  async get(id: string): Promise<Camera> {
    const row = await this.#context.db.selectFrom('cameras').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return toCamera(row);
  }

  /** By id; `after` is the `nextCursor` of the page before. */
  async list({ after, limit }: { readonly after?: string | undefined; readonly limit: number }): Promise<Page<Camera>> {
    let query = this.#context.db
      .selectFrom('cameras')
      .selectAll()
      .orderBy('id')
      .limit(limit + 1);
    if (after !== undefined) query = query.where('id', '>', decodeCursor(after, ['string'])[0]);
    return toPage((await query.execute()).map(toCamera), limit, (camera) => [camera.id]);
  }

  /** Every camera, by id. */
  async all(): Promise<readonly Camera[]> {
    return (await this.#context.db.selectFrom('cameras').selectAll().orderBy('id').execute()).map(toCamera);
  }

  /** The full URL, password included and percent-encoded: for the argument list of ffmpeg and nothing else. VDT_NOT_FOUND. */
  async sourceUrl(id: string): Promise<string> {
    const row = await this.#context.db
      .selectFrom('cameras')
      .select(['url', 'sealed_credentials'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return joinCameraUrl(row.url, this.#open(row.sealed_credentials));
  }

  /** A fresh fencing token, greater than all before; from now on writes with an older one are refused. VDT_NOT_FOUND. */
  async takeToken(id: string, purpose: 'ingest' | 'scoring'): Promise<number> {
    const column = purpose === 'ingest' ? 'ingest_token' : 'scoring_token';
    const row = await this.#context.db
      .updateTable('cameras')
      .set(column, sql<number>`${sql.ref(column)} + 1`)
      .where('id', '=', id)
      .returning(`${column} as token`)
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return row.token;
  }

  /**
   * Writes the status and the events that tell of it in one transaction. Null, and nothing written, where `token` is not
   * the newest ingest token or the camera is gone; else what is to be announced and enqueued now.
   */
  async setStatus(
    id: string,
    status: CameraStatus,
    token: number,
    events: readonly NewEvent[] = [],
  ): Promise<AppendedEvents | null> {
    return inTransaction(this.#context.db, async (tx) => {
      const updated = await tx
        .updateTable('cameras')
        .set({ status: json(status) })
        .where('id', '=', id)
        .where('ingest_token', '=', token)
        .executeTakeFirst();
      return updated.numUpdatedRows === 0n ? null : appendEvents(tx, events);
    });
  }

  /** False where `token` is not the newest scoring token or the camera is gone. */
  async setLearning(id: string, learning: CameraLearning, token: number): Promise<boolean> {
    const updated = await this.#context.db
      .updateTable('cameras')
      .set({ learning: json(learning) })
      .where('id', '=', id)
      .where('scoring_token', '=', token)
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  }

  /** Adds to the counters of lost segments, by reason; nothing happens where the camera is gone. */
  async addDropped(id: string, counts: Readonly<Record<string, number>>): Promise<void> {
    if (Object.keys(counts).length === 0) return;
    await this.#context.db
      .updateTable('cameras')
      .set({
        dropped: sql`dropped || (
          select jsonb_object_agg(key, coalesce((dropped ->> key)::bigint, 0) + value::bigint)
          from jsonb_each_text(${json(counts)}))`,
      })
      .where('id', '=', id)
      .execute();
  }

  #patchedAddress(row: CameraRow, patch: CameraPatch): { url: string; secrets: CameraSecrets | null } {
    const stored = this.#open(row.sealed_credentials);
    if (patch.url === undefined) return { url: row.url, secrets: withCredentials(stored, patch.credentials) };
    const split = splitCameraUrl(patch.url);
    const kept = sameHost(row.url, split.url) ? stored : null;
    return { url: split.url, secrets: withCredentials(mergeSecrets(kept, split.secrets), patch.credentials) };
  }

  #seal(secrets: CameraSecrets | null): string | null {
    return secrets === null ? null : this.#context.secretBox.seal(JSON.stringify(secrets));
  }

  #open(sealed: string | null): CameraSecrets | null {
    return sealed === null ? null : (JSON.parse(this.#context.secretBox.open(sealed)) as CameraSecrets);
  }
}

type CameraRow = Selectable<Tables['cameras']>;

/** Locks the camera's row until the transaction ends, so that token checks and writes of one camera take turns. VDT_NOT_FOUND. */
export async function lockCamera(tx: Transaction, id: string): Promise<CameraRow> {
  const row = await tx.selectFrom('cameras').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
  if (row === undefined) throw notFound(id);
  return row;
}

function withCredentials(
  secrets: CameraSecrets | null,
  credentials: CameraCredentials | null | undefined,
): CameraSecrets | null {
  if (credentials === undefined) return secrets;
  if (credentials === null) return null;
  return { username: credentials.username, password: credentials.password, query: secrets?.query ?? {} };
}

function mergeSecrets(kept: CameraSecrets | null, given: CameraSecrets | null): CameraSecrets | null {
  if (kept === null || given === null) return given ?? kept;
  const user = given.username !== '' || given.password !== '' ? given : kept;
  return { username: user.username, password: user.password, query: { ...kept.query, ...given.query } };
}

function notFound(id: string) {
  return problem('VDT_NOT_FOUND', { what: 'Camera', id });
}

function toCamera(row: CameraRow): Camera {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    hasCredentials: row.sealed_credentials !== null,
    enabled: row.enabled,
    origin: row.origin as Camera['origin'],
    settings: row.settings as CameraSettings,
    status: row.status as CameraStatus,
    learning: row.learning as CameraLearning,
    health: row.health as CameraHealthStatus | null,
    dropped: row.dropped as Camera['dropped'],
    createdMs: row.created_at,
    updatedMs: row.updated_at,
  };
}
