import { type Kysely, sql } from 'kysely';

/** What the users of a camera call abnormal and normal there, in their own words; one row a camera. */
const STATEMENTS: readonly string[] = [
  `create table camera_definitions (
    camera_id text primary key references cameras (id) on delete cascade,
    abnormal jsonb not null,
    normal jsonb not null,
    revision bigint not null,
    updated_by text not null,
    updated_at timestamptz not null
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
