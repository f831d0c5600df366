import { Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/platform/logger.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open-store.ts';
import { PostgresSource } from '../../src/store/postgres-source.ts';
import type { Tables } from '../../src/store/schema.ts';
import { sqlDialect } from '../../src/store/sql-driver.ts';
import { Store } from '../../src/store/store.ts';
import { eventually } from '../support/eventually.ts';
import { type PostgresCluster, startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { cameraInput, commit, event, incident, score } from '../unit/store/fixtures.ts';
import { describeStore, testSecretBox } from '../unit/store/store-behaviour.ts';

const missing = whyNoPostgres();
let cluster: PostgresCluster;

beforeAll(async () => {
  if (missing === null) cluster = await startPostgres();
});
afterAll(() => cluster?.remove());

const openPool = (databaseUrl: string) =>
  new Kysely<Tables>({
    dialect: sqlDialect(new PostgresSource({ databaseUrl, poolSize: 4, logger: silentLogger })),
  });
const open = (databaseUrl: string) =>
  openStore({ databaseUrl, dataDir: null, secretBox: testSecretBox, logger: silentLogger, poolSize: 4 });

describeStore(
  `the store on PostgreSQL${missing === null ? '' : ` (skipped: ${missing})`}`,
  async (clock) => {
    const db = openPool(await cluster.createDatabase('behaviour'));
    await migrate(db);
    const store = new Store('postgres', { db, clock, secretBox: testSecretBox }, () => db.destroy());
    return { store, db, close: () => store.close() };
  },
  missing !== null,
);

describe.skipIf(missing !== null)(`PostgreSQL as a server${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  it('when several roles start at once, migrates once and lets all of them in', async () => {
    const url = await cluster.createDatabase('together');
    const stores = await Promise.all(Array.from({ length: 5 }, () => open(url)));
    await stores[0]?.cameras.create(cameraInput('gate'));
    for (const store of stores) {
      expect(store.dialect).toBe('postgres');
      expect(await store.cameras.all()).toHaveLength(1);
      await store.close();
    }
  });

  it('when the database is of a newer version, refuses and leaves it as it is', async () => {
    const url = await cluster.createDatabase('newer');
    await (await open(url)).close();
    const db = openPool(url);
    await sql`insert into kysely_migration (name, timestamp) values ('0099-later', '2030-01-01')`.execute(db);
    await expect(open(url)).rejects.toMatchObject({ code: 'VDT_STORE_MIGRATION_FAILED' });
    await db.destroy();
  });

  it('when the server drops connections, idle or within a transaction, fails those calls alone and goes on', async () => {
    const url = await cluster.createDatabase('dropping');
    const store = await open(url);
    const db = openPool(url);
    const killOthers = () =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
    await store.check();
    await killOthers();
    await eventually(() => store.check());

    const other = openPool(url);
    let reached: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let resume: () => void = () => undefined;
    const killed = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const broken = other.transaction().execute(async (tx) => {
      await sql`select 1`.execute(tx);
      reached();
      await killed;
      await sql`select 1`.execute(tx);
    });
    broken.catch(() => undefined);
    await inside;
    await killOthers();
    resume();
    await expect(broken).rejects.toMatchObject({ code: 'VDT_UNAVAILABLE', status: 503 });
    expect((await sql`select 1 as one`.execute(other)).rows).toEqual([{ one: 1 }]);
    await other.destroy();
    await db.destroy();
    await store.close();
  });

  it('when the server dies and comes back, fails as unavailable meanwhile and works after, with all that was committed', async () => {
    const url = await cluster.createDatabase('dying');
    const store = await open(url);
    await store.cameras.create(cameraInput('gate'));
    const token = await store.cameras.takeToken('gate', 'scoring');
    await store.commitScores(
      commit('gate', token, {
        records: [score('gate', 0)],
        changes: [{ type: 'opened', incident: incident('inc_1', 'gate') }],
        events: [event('msg_1')],
      }),
    );
    await cluster.kill();
    await expect(store.check()).rejects.toMatchObject({ code: 'VDT_UNAVAILABLE' });
    await expect(store.cameras.all()).rejects.toMatchObject({ code: 'VDT_UNAVAILABLE' });
    await cluster.start();
    await eventually(() => store.check());
    expect((await store.incidents.get('inc_1')).state).toBe('open');
    expect(await store.events.since(0, 10)).toMatchObject([{ id: 'msg_1' }]);
    await store.close();
  });

  it('when events commit at once from several processes, a reader that follows the sequence misses none', async () => {
    const url = await cluster.createDatabase('following');
    const stores = await Promise.all([open(url), open(url), open(url)]);
    const [reader] = stores;
    const seen: string[] = [];
    let writing = true;
    const following = (async () => {
      let last = 0;
      for (;;) {
        const ending = !writing;
        const events = (await reader?.events.since(last, 100)) ?? [];
        seen.push(...events.map((one) => one.id));
        last = events.at(-1)?.sequence ?? last;
        if (ending && events.length === 0) return;
      }
    })();
    await Promise.all(
      stores.flatMap((store, s) => Array.from({ length: 40 }, (_, i) => store.events.append(event(`msg_${s}_${i}`)))),
    );
    writing = false;
    await following;
    expect(new Set(seen).size).toBe(120);
    expect(seen).toHaveLength(120);
    for (const store of stores) await store.close();
  });

  it('when an endpoint is being removed while an incident commits, waits, keeps the incident and makes no delivery', async () => {
    const url = await cluster.createDatabase('removing');
    const store = await open(url);
    const db = openPool(url);
    await store.cameras.create(cameraInput('gate'));
    const token = await store.cameras.takeToken('gate', 'scoring');
    const { endpoint } = await store.endpoints.create({ url: 'https://example.com/' });
    const { committing } = await db.transaction().execute(async (tx) => {
      await tx.deleteFrom('webhook_endpoints').where('id', '=', endpoint.id).execute();
      const started = store.commitScores(
        commit('gate', token, { records: [score('gate', 0)], events: [event('msg_1')] }),
      );
      started.catch(() => undefined);
      await eventually(async () => {
        const { rows } = await sql`select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
        expect(rows).toHaveLength(1);
      });
      return { committing: started };
    });
    expect(await committing).toMatchObject({ events: [{ id: 'msg_1' }], deliveryIds: [] });
    await db.destroy();
    await store.close();
  });

  it('reads the timeline from its index alone', async () => {
    const db = openPool(await cluster.createDatabase('planning'));
    await migrate(db);
    await sql`insert into scores select 'gate', 0, n, to_timestamp(n), 0.5, 1, '[]', null, null
      from generate_series(1, 50000) n`.execute(db);
    await sql.raw('vacuum analyze scores').execute(db);
    const { rows } = await sql<{ 'QUERY PLAN': string }>`explain select max(score) from scores
      where camera_id = 'gate' and segment_end >= to_timestamp(1000) and segment_end < to_timestamp(3000)`.execute(db);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Only Scan using scores_by_time');
    await db.destroy();
  });
});
