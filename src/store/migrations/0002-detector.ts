import { type Kysely, sql } from 'kysely';

/** What the detector needs beyond scores: what incidents looked like, and the references that reviews make of them. */
const STATEMENTS: readonly string[] = [
  // what the pictures say about the camera itself: { state, sinceMs }
  'alter table cameras add column health jsonb',

  // strangest moments of the incident: [{ endMs, surprise, values }], values by score/feedback/describe.ts
  `alter table incidents add column descriptors jsonb not null default '[]'`,

  // incidents from before had no doubt about them, and get no heat map any more
  `alter table incidents
    add column decision text not null default 'alert' check (decision in ('alert', 'review')),
    add column certainty double precision not null default 1,
    add column kind text not null default 'unusual',
    add column title text not null default 'unusual event',
    add column object text,
    add column nearest_normal jsonb not null default '[]',
    add column heat jsonb,
    add column heatmap_state text not null default 'failed' check (heatmap_state in ('pending', 'ready', 'failed')),
    add column heatmap_path text,
    add column heatmap_bytes bigint,
    add column heatmap_reason text default 'it is from before heat maps were made'`,
  `alter table incidents alter column heatmap_state set default 'pending', alter column heatmap_reason drop default`,
  'drop index incidents_awaiting_evidence',
  `create index incidents_awaiting_evidence on incidents (onset_at)
    where clip_state = 'pending' or snapshot_state = 'pending' or heatmap_state = 'pending'`,
  'alter table webhook_endpoints add column include_review boolean not null default false',

  // a reference outlives its incident, which retention deletes
  // what replaying a budget needs: so many segments acted as one, and whether the segment did not count; null from before
  'alter table scores add column dependence real, add column held boolean not null default false',

  `create table camera_references (
    id text primary key,
    camera_id text not null references cameras (id) on delete cascade,
    incident_id text references incidents (id) on delete set null,
    verdict text not null check (verdict in ('confirmed', 'dismissed')),
    descriptors jsonb not null,
    label text,
    moment_at timestamptz,
    created_by text not null,
    created_at timestamptz not null,
    removed_by text,
    removed_at timestamptz
  )`,
  `create unique index camera_references_of_incident on camera_references (incident_id) where removed_at is null`,
  'create index camera_references_by_camera on camera_references (camera_id, created_at desc, id desc)',
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
