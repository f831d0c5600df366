import { type Kysely, sql } from 'kysely';

/**
 * Scores and chunks carry no foreign key to their camera: with millions of rows, removing a camera must not wait
 * for them. What is left of a removed camera is swept in batches by `keep`.
 */
const STATEMENTS: readonly string[] = [
  `create table settings (
    key text primary key,
    value jsonb not null,
    updated_at timestamptz not null
  )`,

  `create table cameras (
    id text primary key,
    name text not null,
    url text not null,
    sealed_credentials text,
    enabled boolean not null,
    origin text not null,
    settings jsonb not null,
    status jsonb not null,
    learning jsonb not null,
    dropped jsonb not null,
    ingest_token bigint not null default 0,
    scoring_token bigint not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,

  `create table camera_states (
    camera_id text not null references cameras (id) on delete cascade,
    pack_id text not null,
    state bytea not null,
    saved_at timestamptz not null,
    primary key (camera_id, pack_id)
  )`,
  `create table camera_runtimes (
    camera_id text primary key references cameras (id) on delete cascade,
    runtime jsonb not null,
    epoch bigint not null,
    sequence bigint not null,
    saved_at timestamptz not null
  )`,

  `create table scores (
    camera_id text not null,
    epoch bigint not null,
    sequence bigint not null,
    segment_end timestamptz not null,
    score double precision not null,
    certainty double precision not null,
    cues jsonb not null,
    hottest_row smallint,
    hottest_column smallint,
    primary key (camera_id, epoch, sequence)
  )`,
  // the timeline reads nothing but this index
  'create index scores_by_time on scores (camera_id, segment_end) include (score)',
  'create index scores_by_age on scores using brin (segment_end)',

  `create table incidents (
    id text primary key,
    camera_id text not null references cameras (id) on delete cascade,
    state text not null check (state in ('open', 'closed')),
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    onset_at timestamptz not null,
    opened_at timestamptz not null,
    last_anomalous_at timestamptz not null,
    closed_at timestamptz,
    close_reason text,
    peak_score double precision not null,
    peak_at timestamptz not null,
    peak_cues jsonb not null,
    peak_row smallint,
    peak_column smallint,
    grid_rows smallint not null,
    grid_columns smallint not null,
    explanation text not null,
    revision integer not null,
    clip_state text not null default 'pending' check (clip_state in ('pending', 'ready', 'failed')),
    clip_path text,
    clip_bytes bigint,
    clip_reason text,
    snapshot_state text not null default 'pending' check (snapshot_state in ('pending', 'ready', 'failed')),
    snapshot_path text,
    snapshot_bytes bigint,
    snapshot_reason text,
    check ((state = 'closed') = (closed_at is not null))
  )`,
  `create unique index incidents_one_open on incidents (camera_id) where state = 'open'`,
  'create index incidents_by_onset on incidents (onset_at desc, id desc)',
  'create index incidents_by_camera on incidents (camera_id, onset_at desc, id desc)',
  `create index incidents_awaiting_evidence on incidents (onset_at) where clip_state = 'pending' or snapshot_state = 'pending'`,

  `create table reviews (
    incident_id text primary key references incidents (id) on delete cascade,
    verdict text not null check (verdict in ('confirmed', 'dismissed', 'unreviewed')),
    reviewed_by text not null,
    reviewed_at timestamptz not null,
    moment_at timestamptz,
    label text,
    note text
  )`,

  `create table chunks (
    path text primary key,
    camera_id text not null,
    start_at timestamptz not null,
    end_at timestamptz not null,
    size_bytes bigint not null
  )`,
  'create index chunks_by_camera on chunks (camera_id, start_at)',
  'create index chunks_by_age on chunks (start_at, path)',

  `create table events (
    sequence bigserial primary key,
    id text not null unique,
    type text not null,
    camera_id text,
    incident_id text,
    body text not null,
    created_at timestamptz not null
  )`,
  'create index events_by_age on events (created_at)',

  `create table webhook_endpoints (
    id text primary key,
    url text not null,
    description text not null,
    sealed_secret text not null,
    event_types text[],
    camera_ids text[],
    enabled boolean not null,
    disabled_reason text,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,

  `create table deliveries (
    id text primary key,
    event_id text not null references events (id) on delete cascade,
    endpoint_id text not null references webhook_endpoints (id) on delete cascade,
    state text not null check (state in ('pending', 'succeeded', 'failed')),
    attempts integer not null default 0,
    round_attempts integer not null default 0,
    next_attempt_at timestamptz,
    last_status integer,
    last_error text,
    created_at timestamptz not null,
    completed_at timestamptz,
    unique (event_id, endpoint_id)
  )`,
  'create index deliveries_by_age on deliveries (created_at desc, id desc)',
  'create index deliveries_by_endpoint on deliveries (endpoint_id, created_at desc, id desc)',
  `create index deliveries_due on deliveries (next_attempt_at) where state = 'pending'`,

  `create table delivery_attempts (
    delivery_id text not null references deliveries (id) on delete cascade,
    number integer not null,
    started_at timestamptz not null,
    duration_ms integer not null,
    status integer,
    error text,
    outcome text not null check (outcome in ('succeeded', 'retry', 'failed')),
    primary key (delivery_id, number)
  )`,

  `create table api_keys (
    id text primary key,
    name text not null,
    prefix text not null,
    hash text not null unique,
    scopes text[] not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
