import { inspect } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { createSecretBox } from '../../../src/platform/secret-box.ts';
import type { Database } from '../../../src/store/schema.ts';
import type { Store } from '../../../src/store/store.ts';
import { cameraInput, commit, event, incident, START_MS, score } from './fixtures.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** The same database, past the store. */
  readonly db: Database;
  close(): Promise<void>;
}

export const testSecretBox = createSecretBox(new Uint8Array(32).fill(7));
const CANARY = 'hunter2-canary';

/** What the store promises, whatever database is under it. Each test begins with empty tables. */
export function describeStore(name: string, open: (clock: ManualClock) => Promise<StoreUnderTest>, skip = false): void {
  describe.skipIf(skip)(name, () => {
    const clock = new ManualClock(START_MS);
    let opened: StoreUnderTest;
    let store: Store;
    let db: Database;

    beforeAll(async () => {
      opened = await open(clock);
      ({ store, db } = opened);
    });
    afterAll(() => opened?.close());
    beforeEach(async () => {
      await sql`truncate settings, cameras, camera_states, camera_runtimes, scores, incidents, reviews, chunks, events,
        webhook_endpoints, deliveries, delivery_attempts, api_keys restart identity cascade`.execute(db);
    });

    const scoringCamera = async (id = 'gate') => {
      await store.cameras.create(cameraInput(id));
      return store.cameras.takeToken(id, 'scoring');
    };
    const countOf = async (table: 'scores' | 'incidents' | 'events' | 'deliveries' | 'camera_runtimes') => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(db);
      return rows[0]?.n;
    };

    describe('cameras', () => {
      it('given a URL with a password, shows it without and puts it back percent-encoded for ffmpeg alone', async () => {
        const camera = await store.cameras.create(
          cameraInput('gate', { url: 'rtsp://ad%20min:p%40ss%2F%25@10.0.0.5:554/live?x=1' }),
        );
        expect(camera.url).toBe('rtsp://10.0.0.5:554/live?x=1');
        expect(camera.hasCredentials).toBe(true);
        expect(await store.cameras.sourceUrl('gate')).toBe('rtsp://ad%20min:p%40ss%2F%25@10.0.0.5:554/live?x=1');
        expect(JSON.stringify(await store.cameras.get('gate'))).not.toContain('p%40ss');
      });

      it('given defaults, fills settings, status and learning', async () => {
        const camera = await store.cameras.create(cameraInput('gate', { settings: { alertBudgetPerDay: 0.5 } }));
        expect(camera).toMatchObject({
          name: 'gate',
          enabled: true,
          origin: 'api',
          hasCredentials: false,
          settings: { alertBudgetPerDay: 0.5, packs: ['motion-grid'], transport: 'tcp' },
          status: { state: 'offline', sinceMs: START_MS, reconnects: 0 },
          learning: { done: false, progress: 0 },
          dropped: {},
          createdMs: START_MS,
        });
      });

      it('when the id is taken, refuses and keeps the first', async () => {
        await store.cameras.create(cameraInput('gate', { name: 'first' }));
        await expect(store.cameras.create(cameraInput('gate', { name: 'second' }))).rejects.toMatchObject({
          code: 'VDT_CONFLICT',
        });
        expect((await store.cameras.get('gate')).name).toBe('first');
      });

      it('when the path changes on the same host, keeps the password; on another host, drops it', async () => {
        await store.cameras.create(cameraInput('gate', { url: 'rtsp://u:p@10.0.0.5/a' }));
        await store.cameras.update('gate', { url: 'rtsp://10.0.0.5/b' });
        expect(await store.cameras.sourceUrl('gate')).toBe('rtsp://u:p@10.0.0.5/b');
        const moved = await store.cameras.update('gate', { url: 'rtsp://10.6.6.6/b' });
        expect(moved.hasCredentials).toBe(false);
        expect(await store.cameras.sourceUrl('gate')).toBe('rtsp://10.6.6.6/b');
      });

      it('when credentials are set to null, removes them; when given, replaces them', async () => {
        await store.cameras.create(cameraInput('gate', { url: 'rtsp://u:p@10.0.0.5/a' }));
        await store.cameras.update('gate', { credentials: { username: 'v', password: 'q:/@' } });
        expect(await store.cameras.sourceUrl('gate')).toBe('rtsp://v:q%3A%2F%40@10.0.0.5/a');
        expect((await store.cameras.update('gate', { credentials: null })).hasCredentials).toBe(false);
        expect(await store.cameras.sourceUrl('gate')).toBe('rtsp://10.0.0.5/a');
      });

      it('when only one setting is patched, leaves the others', async () => {
        await store.cameras.create(cameraInput('gate', { settings: { transport: 'udp', packs: ['a', 'b'] } }));
        const camera = await store.cameras.update('gate', { settings: { alertBudgetPerDay: 3 } });
        expect(camera.settings).toMatchObject({ transport: 'udp', packs: ['a', 'b'], alertBudgetPerDay: 3 });
      });

      it('lists all, page by page, by id', async () => {
        for (const id of ['c', 'a', 'e', 'b', 'd']) await store.cameras.create(cameraInput(id));
        const seen: string[] = [];
        let after: string | undefined;
        do {
          const page = await store.cameras.list({ after, limit: 2 });
          seen.push(...page.items.map((camera) => camera.id));
          after = page.nextCursor ?? undefined;
        } while (after !== undefined);
        expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
        expect((await store.cameras.all()).map((camera) => camera.id)).toEqual(seen);
      });

      it('when removed, takes its incidents along; a new one of the same id starts without its scores', async () => {
        const token = await scoringCamera();
        await store.commitScores(
          commit('gate', token, {
            records: [score('gate', 0)],
            changes: [{ type: 'opened', incident: incident('inc_1', 'gate') }],
          }),
        );
        await store.cameras.remove('gate');
        await expect(store.cameras.get('gate')).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
        await expect(store.cameras.remove('gate')).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
        expect(await countOf('incidents')).toBe(0);
        expect(await store.incidents.existing(['inc_1'])).toEqual(new Set());
        await store.cameras.create(cameraInput('gate'));
        expect(await store.scores.timeline('gate', { fromMs: START_MS, toMs: START_MS + 9_000, points: 9 })).toEqual(
          [],
        );
      });

      it('counts losses by reason, also when several report at once', async () => {
        await store.cameras.create(cameraInput('gate'));
        await Promise.all([
          store.cameras.addDropped('gate', { slow: 2, full: 1 }),
          store.cameras.addDropped('gate', { slow: 3 }),
        ]);
        expect((await store.cameras.get('gate')).dropped).toEqual({ slow: 5, full: 1 });
      });

      it('refuses a status under an old token, and its event with it', async () => {
        await store.cameras.create(cameraInput('gate'));
        const old = await store.cameras.takeToken('gate', 'ingest');
        const token = await store.cameras.takeToken('gate', 'ingest');
        expect(token).toBeGreaterThan(old);
        const { status } = await store.cameras.get('gate');
        const live = { ...status, state: 'live' as const, sinceMs: START_MS + 5, framesPerSecond: 25 };
        expect(
          await store.cameras.setStatus('gate', live, old, [event('msg_1', { type: 'camera.online' })]),
        ).toBeNull();
        expect(await countOf('events')).toBe(0);
        const appended = await store.cameras.setStatus('gate', live, token, [
          event('msg_1', { type: 'camera.online' }),
        ]);
        expect(appended?.events).toMatchObject([{ id: 'msg_1', type: 'camera.online' }]);
        expect((await store.cameras.get('gate')).status).toEqual(live);
      });

      it('gives every asker of a token another one', async () => {
        await store.cameras.create(cameraInput('gate'));
        const tokens = await Promise.all(Array.from({ length: 8 }, () => store.cameras.takeToken('gate', 'scoring')));
        expect([...tokens].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        await expect(store.cameras.takeToken('none', 'scoring')).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
      });
    });

    describe('scores', () => {
      it('writes a record once, however often it comes', async () => {
        const records = [0, 1, 2].map((sequence) => score('gate', sequence));
        expect(await store.scores.insert(records)).toBe(3);
        expect(await store.scores.insert([...records, score('gate', 3)])).toBe(1);
        expect(await store.scores.between('gate', START_MS, START_MS + 60_000, 10)).toEqual([
          ...records,
          score('gate', 3),
        ]);
      });

      it('keeps odd values: names with quotes and commas, no cell, milliseconds, later epochs', async () => {
        const odd = score('gate', 0, {
          epoch: START_MS + 86_400_123,
          endMs: START_MS + 86_400_987,
          score: 0.1 + 0.2,
          cues: [{ name: 'a"b,{c}\\', probability: 1e-12 }],
          hottestCell: null,
        });
        await store.scores.insert([odd]);
        expect(await store.scores.between('gate', odd.endMs, odd.endMs + 1, 1)).toEqual([odd]);
        expect(await store.scores.between('gate', odd.endMs + 1, odd.endMs + 9, 1)).toEqual([]);
      });

      it('writes more rows than a statement takes', async () => {
        const records = Array.from({ length: 2_345 }, (_, sequence) => score('gate', sequence));
        expect(await store.scores.insert(records)).toBe(2_345);
      });

      it('downsamples to maximum and mean a bucket and leaves gaps out', async () => {
        // buckets of 3 s from 0; [6, 9) is empty; 11.999 s is the range's end and not in it
        const at = (second: number, value: number) =>
          score('gate', Math.ceil(second), { endMs: START_MS + second * 1_000, score: value });
        await store.scores.insert([at(1, 0.25), at(2, 0.75), at(3, 0.5), at(4, 0.5), at(9, 1), at(11.999, 0.1)]);
        await store.scores.insert([score('other', 0, { score: 0.99 })]);
        const timeline = await store.scores.timeline('gate', { fromMs: START_MS, toMs: START_MS + 11_999, points: 4 });
        expect(timeline).toEqual([
          { startMs: START_MS, endMs: START_MS + 3_000, max: 0.75, mean: 0.5, count: 2 },
          { startMs: START_MS + 3_000, endMs: START_MS + 6_000, max: 0.5, mean: 0.5, count: 2 },
          { startMs: START_MS + 9_000, endMs: START_MS + 11_999, max: 1, mean: 1, count: 1 },
        ]);
      });

      it('deletes the old in bounded batches, and what removed cameras left', async () => {
        await store.cameras.create(cameraInput('gate'));
        await store.scores.insert([0, 1, 2, 3].map((sequence) => score('gate', sequence)));
        await store.scores.insert([0, 1, 2].map((sequence) => score('gone', sequence)));
        expect(await store.scores.deleteOrphans(2)).toBe(2);
        expect(await store.scores.deleteOrphans(2)).toBe(1);
        expect(await store.scores.deleteOrphans(2)).toBe(0);
        const cutMs = START_MS + 4_000; // the fourth ends at it and stays
        expect(await store.scores.deleteBefore(cutMs, 2)).toBe(2);
        expect(await store.scores.deleteBefore(cutMs, 2)).toBe(1);
        expect(await store.scores.deleteBefore(cutMs, 2)).toBe(0);
        expect(await countOf('scores')).toBe(1);
      });
    });

    describe('the commit of scoring', () => {
      const opening = (token: number) =>
        commit('gate', token, {
          records: [score('gate', 0), score('gate', 1)],
          changes: [{ type: 'opened', incident: incident('inc_1', 'gate') }],
          events: [event('msg_1', { cameraId: 'gate', incidentId: 'inc_1' })],
          runtime: { statistic: 4.5 },
          learning: { done: true, progress: 1, observedSegments: 60, requiredSegments: 60 },
          states: [{ packId: 'motion-grid', bytes: new Uint8Array([0, 255, 7]) }],
        });

      it('keeps what the pictures say about the camera, and leaves it as it is where a commit says nothing', async () => {
        const token = await scoringCamera();
        expect((await store.cameras.get('gate')).health).toBeNull();
        await store.commitScores(commit('gate', token, { health: { state: 'covered', sinceMs: START_MS } }));
        await store.commitScores(commit('gate', token));
        expect((await store.cameras.get('gate')).health).toEqual({ state: 'covered', sinceMs: START_MS });
      });

      it('writes scores, incident, event, deliveries and state together', async () => {
        const { endpoint } = await store.endpoints.create({ url: 'https://example.com/hook' });
        const token = await scoringCamera();
        const committed = await store.commitScores(opening(token));
        expect(committed.events).toMatchObject([{ id: 'msg_1', type: 'incident.opened' }]);
        expect(committed.deliveryIds).toHaveLength(1);
        expect(committed.superseded).toEqual([]);
        expect(await store.incidents.get('inc_1')).toEqual({
          ...incident('inc_1', 'gate'),
          closeReason: null,
          clip: { state: 'pending', path: null, sizeBytes: null, reason: null },
          snapshot: { state: 'pending', path: null, sizeBytes: null, reason: null },
          heatmap: { state: 'pending', path: null, sizeBytes: null, reason: null },
          review: null,
        });
        expect(await store.deliveries.get(committed.deliveryIds[0] ?? '')).toMatchObject({
          eventId: 'msg_1',
          endpointId: endpoint.id,
          endpointUrl: 'https://example.com/hook',
          body: event('msg_1').body,
          state: 'pending',
          attempts: 0,
        });
        expect(await store.states.runtime('gate')).toMatchObject({
          runtime: { statistic: 4.5 },
          epoch: START_MS,
          sequence: 1,
        });
        expect(await store.states.load('gate', 'motion-grid')).toEqual(new Uint8Array([0, 255, 7]));
        expect((await store.cameras.get('gate')).learning.done).toBe(true);
      });

      it('given an old token, refuses and writes nothing at all', async () => {
        await store.endpoints.create({ url: 'https://example.com/hook' });
        const old = await scoringCamera();
        await store.cameras.takeToken('gate', 'scoring');
        await expect(store.commitScores(opening(old))).rejects.toMatchObject({ code: 'VDT_LEASE_LOST' });
        for (const table of ['scores', 'incidents', 'events', 'deliveries', 'camera_runtimes'] as const) {
          expect(await countOf(table)).toBe(0);
        }
        expect(await store.states.save('gate', old, 'motion-grid', new Uint8Array([1]))).toBe(false);
        expect(await store.states.load('gate', 'motion-grid')).toBeNull();
        expect(
          await store.cameras.setLearning(
            'gate',
            { done: true, progress: 1, observedSegments: 1, requiredSegments: 1 },
            old,
          ),
        ).toBe(false);
      });

      it('given a removed camera, refuses too', async () => {
        const token = await scoringCamera();
        await store.cameras.remove('gate');
        await expect(store.commitScores(opening(token))).rejects.toMatchObject({ code: 'VDT_LEASE_LOST' });
        expect(await countOf('scores')).toBe(0);
      });

      it('given the same commit again, changes nothing, announces nothing, and names the deliveries still untried', async () => {
        await store.endpoints.create({ url: 'https://example.com/hook' });
        const token = await scoringCamera();
        const first = await store.commitScores(opening(token));
        await store.endpoints.create({ url: 'https://example.com/later' });
        const again = await store.commitScores(opening(token));
        expect(again).toEqual({ events: [], deliveryIds: first.deliveryIds, superseded: [] });
        expect(await countOf('scores')).toBe(2);
        expect(await countOf('incidents')).toBe(1);
        expect(await countOf('events')).toBe(1);
        expect(await countOf('deliveries')).toBe(1);
      });

      it('given the replay of an earlier step, keeps the newer incident and runtime', async () => {
        const token = await scoringCamera();
        await store.commitScores(opening(token));
        const closed = incident('inc_1', 'gate', {
          state: 'closed',
          closedMs: START_MS + 9_000,
          revision: 2,
          severity: 'high',
        });
        await store.commitScores(
          commit('gate', token, {
            records: [score('gate', 2)],
            changes: [{ type: 'closed', incident: closed }],
            runtime: { statistic: 0 },
          }),
        );
        await store.commitScores(opening(token));
        expect(await store.incidents.get('inc_1')).toMatchObject({ state: 'closed', revision: 2, severity: 'high' });
        expect(await store.states.runtime('gate')).toMatchObject({ runtime: { statistic: 0 }, sequence: 2 });
      });

      it('when a delivery cannot be written, leaves no trace of the incident', async () => {
        await store.endpoints.create({ url: 'https://example.com/hook' });
        const token = await scoringCamera();
        await sql`alter table deliveries add constraint broken check (state <> 'pending')`.execute(db);
        try {
          await expect(store.commitScores(opening(token))).rejects.toThrow(/broken/);
        } finally {
          await sql`alter table deliveries drop constraint broken`.execute(db);
        }
        for (const table of ['scores', 'incidents', 'events', 'deliveries', 'camera_runtimes'] as const) {
          expect(await countOf(table)).toBe(0);
        }
        expect((await store.commitScores(opening(token))).deliveryIds).toHaveLength(1);
      });

      it('when another incident is left open, closes it first and tells of it', async () => {
        const token = await scoringCamera();
        await store.commitScores(opening(token));
        const next = incident('inc_2', 'gate', {
          onsetMs: START_MS + 60_000,
          openedMs: START_MS + 62_000,
          peakMs: START_MS + 61_000,
        });
        const committed = await store.commitScores(
          commit('gate', token, {
            changes: [{ type: 'opened', incident: next }],
            events: [event('msg_2')],
            eventOfSuperseded: (left) => event('msg_left', { type: 'incident.closed', incidentId: left.id }),
          }),
        );
        expect(committed.superseded).toMatchObject([{ id: 'inc_1', state: 'closed', revision: 2 }]);
        expect(committed.events.map((told) => told.id)).toEqual(['msg_left', 'msg_2']);
        expect(await store.incidents.get('inc_1')).toMatchObject({
          state: 'closed',
          closedMs: START_MS + 62_000,
          closeReason: 'superseded by inc_2',
        });
        expect((await store.incidents.openOf('gate'))?.id).toBe('inc_2');
      });

      it('given a replay of what opened a superseded incident, leaves the open one open', async () => {
        const token = await scoringCamera();
        await store.commitScores(opening(token));
        const next = incident('inc_2', 'gate', { openedMs: START_MS + 62_000 });
        await store.commitScores(commit('gate', token, { changes: [{ type: 'opened', incident: next }] }));
        await store.commitScores(opening(token));
        expect((await store.incidents.openOf('gate'))?.id).toBe('inc_2');
      });

      it('when only time has passed, keeps the position and takes the new runtime', async () => {
        const token = await scoringCamera();
        await store.commitScores(opening(token));
        await store.commitScores(commit('gate', token, { runtime: { statistic: 1 } }));
        expect(await store.states.runtime('gate')).toMatchObject({
          runtime: { statistic: 1 },
          epoch: START_MS,
          sequence: 1,
        });
      });

      it('when two owners commit at once, lets one of them through', async () => {
        const old = await scoringCamera();
        const outcomes = await Promise.allSettled([
          store.commitScores(opening(old)),
          store.cameras
            .takeToken('gate', 'scoring')
            .then((token) => store.commitScores({ ...opening(token), events: [] })),
        ]);
        expect(outcomes[1].status).toBe('fulfilled');
        expect(await countOf('scores')).toBe(2);
        expect(await countOf('incidents')).toBe(1);
      });
    });

    describe('events and deliveries', () => {
      it('makes deliveries for enabled endpoints whose filters match', async () => {
        const make = async (changes: { eventTypes?: string[]; cameraIds?: string[] }) =>
          (await store.endpoints.create({ url: 'https://example.com/', ...changes })).endpoint.id;
        const all = await make({});
        const opened = await make({ eventTypes: ['incident.opened'] });
        await make({ eventTypes: ['incident.closed'] });
        const gate = await make({ cameraIds: ['gate', 'yard'] });
        await make({ cameraIds: ['yard'] });
        const off = await make({});
        await store.endpoints.update(off, { enabled: false });
        await store.events.append(event('msg_1', { cameraId: 'gate' }));
        const { items } = await store.deliveries.list({ eventId: 'msg_1', limit: 10 });
        expect(items.map((delivery) => delivery.endpointId).sort()).toEqual([all, opened, gate].sort());
      });

      it('tells only those who ask of what is for review, and keeps it for the live stream', async () => {
        const { endpoint } = await store.endpoints.create({ url: 'https://example.com/', includeReview: true });
        const { endpoint: plain } = await store.endpoints.create({ url: 'https://example.com/' });
        expect([endpoint.includeReview, plain.includeReview]).toEqual([true, false]);
        const deliveredTo = async (id: string) =>
          (await store.deliveries.list({ eventId: id, limit: 10 })).items.map(({ endpointId }) => endpointId).sort();
        await store.events.append(event('msg_1', { forReview: true }));
        await store.events.append(event('msg_2'));
        expect(await deliveredTo('msg_1')).toEqual([endpoint.id]);
        expect(await deliveredTo('msg_2')).toEqual([endpoint.id, plain.id].sort());
        expect((await store.events.since(0, 10)).map(({ id }) => id)).toEqual(['msg_1', 'msg_2']);
        expect((await store.endpoints.update(plain.id, { includeReview: true })).includeReview).toBe(true);
      });

      it('sends events of no camera past every camera filter', async () => {
        await store.endpoints.create({ url: 'https://example.com/', cameraIds: ['gate'] });
        expect((await store.events.append(event('msg_1', { type: 'storage.low' }))).deliveryIds).toHaveLength(1);
      });

      it('sends a test event to the named endpoint alone, past its filters, unless it is switched off', async () => {
        const { endpoint } = await store.endpoints.create({
          url: 'https://example.com/',
          eventTypes: ['incident.closed'],
        });
        await store.endpoints.create({ url: 'https://example.com/' });
        const ping = (id: string) =>
          store.events.append(event(id, { type: 'endpoint.ping', endpointIds: [endpoint.id] }));
        const { deliveryIds } = await ping('msg_1');
        expect(deliveryIds).toHaveLength(1);
        expect((await store.deliveries.get(deliveryIds[0] ?? '')).endpointId).toBe(endpoint.id);
        await store.endpoints.update(endpoint.id, { enabled: false });
        expect((await ping('msg_2')).deliveryIds).toEqual([]);
      });

      it('hands events on in the order of their sequence, each once', async () => {
        await Promise.all(Array.from({ length: 12 }, (_, i) => store.events.append(event(`msg_${i}`))));
        await store.events.append(event('msg_3', { body: 'another' }));
        const first = await store.events.since(0, 5);
        const rest = await store.events.since(first.at(-1)?.sequence ?? 0, 100);
        const ids = [...first, ...rest].map((stored) => stored.id);
        expect(ids).toHaveLength(12);
        expect(new Set(ids).size).toBe(12);
        expect(await store.events.lastSequence()).toBe(rest.at(-1)?.sequence);
        expect((await store.events.get('msg_3')).body).toBe(event('msg_3').body);
      });

      it('stores the body byte for byte', async () => {
        const body = '{"b":1,  "a":"ä → 𝛼","n":1.0}';
        await store.events.append(event('msg_1', { body }));
        expect((await store.events.get('msg_1')).body).toBe(body);
      });

      const delivery = async () => {
        const { endpoint } = await store.endpoints.create({ url: 'https://example.com/' });
        const { deliveryIds } = await store.events.append(event('msg_1'));
        return { id: deliveryIds[0] ?? '', endpointId: endpoint.id };
      };
      const attempt = {
        startedMs: START_MS + 5_000,
        durationMs: 12.6,
        status: 503,
        error: 'busy',
        outcome: 'retry' as const,
        nextAttemptMs: START_MS + 10_000,
      };

      it('follows a delivery from retry to success and keeps its log', async () => {
        const { id } = await delivery();
        expect(await store.deliveries.recordAttempt(id, attempt)).toMatchObject({
          state: 'pending',
          attempts: 1,
          nextAttemptMs: START_MS + 10_000,
        });
        const done = await store.deliveries.recordAttempt(id, {
          ...attempt,
          status: 200,
          error: null,
          outcome: 'succeeded',
          nextAttemptMs: null,
        });
        expect(done).toMatchObject({
          state: 'succeeded',
          attempts: 2,
          lastStatus: 200,
          nextAttemptMs: null,
          completedMs: START_MS + 5_013,
        });
        expect(await store.deliveries.attempts(id)).toEqual([
          { number: 1, startedMs: START_MS + 5_000, durationMs: 13, status: 503, error: 'busy', outcome: 'retry' },
          { number: 2, startedMs: START_MS + 5_000, durationMs: 13, status: 200, error: null, outcome: 'succeeded' },
        ]);
        // a second worker that was slower
        await store.deliveries.recordAttempt(id, { ...attempt, outcome: 'failed', nextAttemptMs: null });
        expect((await store.deliveries.get(id)).state).toBe('succeeded');
      });

      it('finds what is due, and not what an endpoint that is switched off waits for', async () => {
        const { id, endpointId } = await delivery();
        expect(await store.deliveries.due(START_MS + 2_999, 10)).toEqual([]);
        expect(await store.deliveries.due(START_MS + 3_000, 10)).toEqual([id]);
        await store.deliveries.recordAttempt(id, attempt);
        expect(await store.deliveries.due(START_MS + 9_999, 10)).toEqual([]);
        await store.endpoints.update(endpointId, { enabled: false });
        expect(await store.deliveries.due(START_MS + 10_000, 10)).toEqual([]);
        await store.endpoints.update(endpointId, { enabled: true });
        expect(await store.deliveries.due(START_MS + 10_000, 10)).toEqual([id]);
      });

      it('gives a due delivery to one of the workers that want it, and again only after their time or an attempt', async () => {
        const { id } = await delivery();
        const claim = (attempts: number, nowMs: number) =>
          store.deliveries.claim(id, { attempts, nowMs, untilMs: nowMs + 60_000 });
        expect(await claim(0, START_MS + 2_999)).toBe(false);
        const claims = await Promise.all([1, 2, 3].map(() => claim(0, START_MS + 3_000)));
        expect(claims.filter((won) => won)).toHaveLength(1);
        expect(await store.deliveries.due(START_MS + 10_000, 10)).toEqual([]);
        await store.deliveries.recordAttempt(id, attempt);
        expect(await claim(0, START_MS + 10_000)).toBe(false);
        expect(await claim(1, START_MS + 10_000)).toBe(true);
        expect(await claim(1, START_MS + 70_000)).toBe(true);
      });

      it('is cancelled once, without an attempt, and can be replayed', async () => {
        const { id } = await delivery();
        expect(await store.deliveries.cancel(id, 'the endpoint is disabled')).toBe(true);
        expect(await store.deliveries.cancel(id, 'again')).toBe(false);
        expect(await store.deliveries.get(id)).toMatchObject({
          state: 'failed',
          attempts: 0,
          lastError: 'the endpoint is disabled',
        });
        expect((await store.deliveries.replay(id)).state).toBe('pending');
      });

      it('replays from the first rung under the same id', async () => {
        const { id } = await delivery();
        await store.deliveries.recordAttempt(id, { ...attempt, outcome: 'failed', nextAttemptMs: null });
        expect((await store.deliveries.list({ state: 'failed', limit: 1 })).items).toMatchObject([{ id }]);
        expect(await store.deliveries.replay(id)).toMatchObject({
          id,
          state: 'pending',
          attempts: 1,
          roundAttempts: 0,
          nextAttemptMs: START_MS,
        });
      });

      it('spares undelivered events from retention', async () => {
        const { id } = await delivery();
        await store.events.append(event('msg_later', { createdMs: START_MS + 9_000 }));
        expect(await store.events.deleteBefore(START_MS + 5_000, 10)).toBe(0);
        await store.deliveries.recordAttempt(id, { ...attempt, outcome: 'succeeded', nextAttemptMs: null });
        expect(await store.events.deleteBefore(START_MS + 5_000, 10)).toBe(1);
        await expect(store.deliveries.get(id)).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
        expect(await countOf('events')).toBe(1);
      });

      it('walks all deliveries of one instant without gap or duplicate', async () => {
        await store.endpoints.create({ url: 'https://example.com/' });
        for (let i = 0; i < 7; i++) await store.events.append(event(`msg_${i}`));
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.deliveries.list({ cursor, limit: 2 });
          seen.push(...page.items.map((one) => one.eventId));
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        expect([...seen].sort()).toEqual(['msg_0', 'msg_1', 'msg_2', 'msg_3', 'msg_4', 'msg_5', 'msg_6']);
      });
    });

    describe('endpoints', () => {
      it('shows the secret once and keeps it sealed', async () => {
        const { endpoint, secret } = await store.endpoints.create({
          url: 'https://example.com/',
          eventTypes: ['incident.opened'],
        });
        expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
        expect(await store.endpoints.secret(endpoint.id)).toBe(secret);
        expect(JSON.stringify(await store.endpoints.get(endpoint.id))).not.toContain('whsec_');
        expect(endpoint).toMatchObject({ eventTypes: ['incident.opened'], cameraIds: null, enabled: true });
      });

      it('refuses an address with a password, naming the field and not the password', async () => {
        const refused = store.endpoints.create({ url: `https://u:${CANARY}@example.com/` });
        await expect(refused).rejects.toMatchObject({ code: 'VDT_REQUEST_INVALID', values: { field: 'url' } });
        await expect(refused).rejects.not.toThrow(CANARY);
      });

      it('is disabled and told of once, and enabled again clears the reason', async () => {
        const { endpoint } = await store.endpoints.create({ url: 'https://example.com/' });
        const told = () =>
          store.endpoints.disable(endpoint.id, '410 Gone', [event('msg_off', { type: 'endpoint.disabled' })]);
        expect((await told())?.events).toHaveLength(1);
        expect(await told()).toBeNull();
        expect(await store.endpoints.get(endpoint.id)).toMatchObject({ enabled: false, disabledReason: '410 Gone' });
        expect(await store.endpoints.update(endpoint.id, { enabled: true, eventTypes: ['a'] })).toMatchObject({
          enabled: true,
          disabledReason: null,
          eventTypes: ['a'],
        });
        expect((await store.endpoints.update(endpoint.id, { eventTypes: null })).eventTypes).toBeNull();
      });

      it('when removed, takes its deliveries along', async () => {
        const { endpoint } = await store.endpoints.create({ url: 'https://example.com/' });
        await store.events.append(event('msg_1'));
        await store.endpoints.remove(endpoint.id);
        expect(await countOf('deliveries')).toBe(0);
        expect((await store.endpoints.list({ limit: 5 })).items).toEqual([]);
      });
    });

    describe('incidents', () => {
      it('walks incidents of equal onset without gap or duplicate, newest first', async () => {
        const ids: string[] = [];
        for (let i = 0; i < 9; i++) {
          const camera = `cam-${i}`;
          const token = await scoringCamera(camera);
          // three onsets, three incidents each
          const made = incident(`inc_${(i * 7) % 9}`, camera, { onsetMs: START_MS + Math.floor(i / 3) * 1_000 });
          ids.push(made.id);
          await store.commitScores(commit(camera, token, { changes: [{ type: 'opened', incident: made }] }));
        }
        for (const limit of [1, 2, 4, 9]) {
          const seen: { id: string; onsetMs: number }[] = [];
          let cursor: string | undefined;
          do {
            const page = await store.incidents.list({ cursor, limit });
            seen.push(...page.items);
            cursor = page.nextCursor ?? undefined;
          } while (cursor !== undefined);
          expect(seen.map((one) => one.id).sort()).toEqual([...ids].sort());
          const onsets = seen.map((one) => one.onsetMs);
          expect(onsets).toEqual([...onsets].sort((a, b) => b - a));
        }
      });

      it('filters by camera, onset, state, severity and review', async () => {
        const token = await scoringCamera();
        const other = await scoringCamera('yard');
        await store.commitScores(
          commit('gate', token, {
            changes: [
              {
                type: 'closed',
                incident: incident('inc_a', 'gate', { state: 'closed', closedMs: START_MS + 9_000, severity: 'low' }),
              },
              { type: 'opened', incident: incident('inc_b', 'gate', { onsetMs: START_MS + 60_000, severity: 'high' }) },
            ],
          }),
        );
        await store.commitScores(
          commit('yard', other, { changes: [{ type: 'opened', incident: incident('inc_c', 'yard') }] }),
        );
        await store.reviews.put('inc_a', { verdict: 'dismissed', by: 'guard' });
        await store.reviews.put('inc_c', { verdict: 'confirmed', by: 'guard' });
        await store.reviews.put('inc_c', { verdict: 'unreviewed', by: 'guard' });
        const ids = async (filter: Omit<Parameters<Store['incidents']['list']>[0], 'limit'>) =>
          (await store.incidents.list({ ...filter, limit: 10 })).items.map((one) => one.id);
        expect(await ids({})).toEqual(['inc_b', 'inc_c', 'inc_a']);
        expect(await ids({ cameraId: 'gate' })).toEqual(['inc_b', 'inc_a']);
        expect(await ids({ fromMs: START_MS + 1_000, toMs: START_MS + 60_000 })).toEqual(['inc_c', 'inc_a']);
        expect(await ids({ fromMs: START_MS + 60_000 })).toEqual(['inc_b']);
        expect(await ids({ state: 'closed' })).toEqual(['inc_a']);
        expect(await ids({ severity: 'high' })).toEqual(['inc_b']);
        expect(await ids({ review: 'dismissed' })).toEqual(['inc_a']);
        expect(await ids({ review: 'unreviewed' })).toEqual(['inc_b', 'inc_c']);
      });

      it('keeps the newest review, and hands a camera the ones it has not seen', async () => {
        const token = await scoringCamera();
        await store.commitScores(
          commit('gate', token, { changes: [{ type: 'opened', incident: incident('inc_1', 'gate') }] }),
        );
        const { review } = await store.reviews.put('inc_1', {
          verdict: 'dismissed',
          by: 'guard',
          momentMs: START_MS + 2_000,
          label: 'cat',
          note: null,
        });
        expect((await store.incidents.get('inc_1')).review).toEqual(review);
        expect(await store.reviews.get('inc_1')).toEqual(review);
        expect(await store.reviews.ofCamera('gate', review.atMs - 1)).toEqual([review]);
        expect(await store.reviews.ofCamera('gate', review.atMs)).toEqual([]);
        await expect(store.reviews.put('inc_none', { verdict: 'confirmed', by: 'guard' })).rejects.toMatchObject({
          code: 'VDT_NOT_FOUND',
        });
      });

      it('tracks evidence until all of it is there or has failed', async () => {
        const token = await scoringCamera();
        const opened = incident('inc_1', 'gate');
        await store.commitScores(commit('gate', token, { changes: [{ type: 'opened', incident: opened }] }));
        await store.incidents.setEvidence('inc_1', 'snapshot', {
          state: 'ready',
          path: 'evidence/inc_1/snapshot.jpg',
          bytes: 5_000_000_000,
        });
        expect(await store.incidents.pendingEvidence()).toMatchObject([{ id: 'inc_1', clip: { state: 'pending' } }]);
        // a later revision does not undo it
        await store.commitScores(
          commit('gate', token, {
            changes: [{ type: 'updated', incident: { ...opened, revision: 2, severity: 'high' } }],
          }),
        );
        await store.incidents.setEvidence('inc_1', 'clip', { state: 'failed', reason: 'no chunks' });
        expect(await store.incidents.pendingEvidence()).toMatchObject([{ id: 'inc_1', heatmap: { state: 'pending' } }]);
        await store.incidents.setEvidence('inc_1', 'heatmap', { state: 'ready', path: 'inc_1/heatmap.jpg', bytes: 7 });
        expect(await store.incidents.get('inc_1')).toMatchObject({
          severity: 'high',
          clip: { state: 'failed', path: null, reason: 'no chunks' },
          snapshot: { state: 'ready', path: 'evidence/inc_1/snapshot.jpg', sizeBytes: 5_000_000_000 },
          heatmap: { state: 'ready', path: 'inc_1/heatmap.jpg', sizeBytes: 7, reason: null },
        });
        expect(await store.incidents.pendingEvidence()).toEqual([]);
      });

      it('deletes the old that are closed and names them', async () => {
        const token = await scoringCamera();
        const closed = (id: string) => ({
          type: 'closed' as const,
          incident: incident(id, 'gate', { state: 'closed', closedMs: START_MS + 5_000 }),
        });
        await store.commitScores(
          commit('gate', token, {
            changes: [closed('inc_1'), closed('inc_2'), { type: 'opened', incident: incident('inc_3', 'gate') }],
          }),
        );
        const gone = [
          ...(await store.incidents.deleteBefore(START_MS + 9_000, 1)),
          ...(await store.incidents.deleteBefore(START_MS + 9_000, 9)),
        ];
        expect([...gone].sort()).toEqual(['inc_1', 'inc_2']);
        expect(await store.incidents.existing(['inc_1', 'inc_3'])).toEqual(new Set(['inc_3']));
      });
    });

    describe('definitions', () => {
      const SMOKE = { name: 'smoke', text: 'smoke’s “grey”; clouds', examples: ['fire'] };
      beforeEach(() => store.cameras.create(cameraInput('gate')));

      it('come back as they were written, with who and when', async () => {
        expect(await store.definitions.ofCamera('gate')).toBeNull();
        const written = await store.definitions.put('gate', { abnormal: [SMOKE], normal: ['people'], by: 'key_1' });
        expect(written).toMatchObject({ cameraId: 'gate', abnormal: [SMOKE], normal: ['people'], by: 'key_1' });
        expect(written.updatedMs).toBe(clock.nowMs());
        expect(await store.definitions.ofCamera('gate')).toEqual(written);
      });

      it('bear a revision that grows with each change, also where they were removed in between', async () => {
        const put = () => store.definitions.put('gate', { abnormal: [SMOKE], normal: [], by: 'key_1' });
        const first = await put();
        const second = await put();
        expect(second.revision).toBeGreaterThan(first.revision);
        await clock.advance(1_000);
        await store.definitions.remove('gate');
        await store.definitions.remove('gate');
        expect(await store.definitions.ofCamera('gate')).toBeNull();
        expect((await put()).revision).toBeGreaterThan(second.revision);
      });

      it('of a camera that is not there, are refused; with their camera they go', async () => {
        const put = (id: string) => store.definitions.put(id, { abnormal: [SMOKE], normal: [], by: 'key_1' });
        await expect(put('none')).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
        await put('gate');
        await store.cameras.remove('gate');
        expect(await store.definitions.ofCamera('gate')).toBeNull();
      });
    });

    describe('chunks', () => {
      const chunk = (cameraId: string, minute: number) => ({
        cameraId,
        path: `chunks/${cameraId}/2026-01-01/${START_MS + minute * 60_000}.mkv`,
        startMs: START_MS + minute * 60_000,
        endMs: START_MS + (minute + 1) * 60_000,
        sizeBytes: 3_000_000_000,
      });

      it('finds those that overlap, oldest first, and sums the bytes', async () => {
        await store.cameras.create(cameraInput('gate'));
        for (const minute of [2, 0, 1]) await store.chunks.add(chunk('gate', minute));
        await store.chunks.add(chunk('gate', 1));
        await store.chunks.add(chunk('yard', 0));
        expect(await store.chunks.covering('gate', START_MS + 60_000, START_MS + 120_001)).toEqual([
          chunk('gate', 1),
          chunk('gate', 2),
        ]);
        expect(await store.chunks.totalBytes()).toBe(12_000_000_000);
        expect(await store.chunks.oldest(2)).toEqual([chunk('gate', 0), chunk('yard', 0)]);
        expect(await store.chunks.orphans(5)).toEqual([chunk('yard', 0)]);
        expect(await store.chunks.remove([chunk('gate', 0).path, chunk('yard', 0).path, 'unknown'])).toBe(2);
        expect(await store.chunks.totalBytes()).toBe(6_000_000_000);
      });
    });

    describe('API keys', () => {
      it('opens with the key that was shown, until it is revoked', async () => {
        const { id, key } = await store.apiKeys.create({ name: 'ci', scopes: ['read', 'write'] });
        expect(key).toMatch(/^vdt_[A-Za-z0-9_-]{43}$/);
        expect(await store.apiKeys.verify(key)).toEqual({ id, scopes: ['read', 'write'] });
        expect(await store.apiKeys.verify(`${key}x`)).toBeNull();
        expect(await store.apiKeys.verify('')).toBeNull();
        const [listed] = await store.apiKeys.list();
        expect(listed).toMatchObject({
          id,
          name: 'ci',
          prefix: key.slice(0, 12),
          lastUsedMs: clock.nowMs(),
          revokedMs: null,
        });
        await store.apiKeys.revoke(id);
        expect(await store.apiKeys.verify(key)).toBeNull();
        expect(await store.apiKeys.count()).toBe(0);
        await expect(store.apiKeys.revoke('key_none')).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
      });

      it('makes the first key once, however many ask', async () => {
        const made = await Promise.all(
          [1, 2, 3, 4].map(() => store.apiKeys.createFirst({ name: 'first', scopes: ['admin'] })),
        );
        expect(made.filter((key) => key !== null)).toHaveLength(1);
        expect(await store.apiKeys.count()).toBe(1);
      });
    });

    it('keeps settings and proves a write', async () => {
      expect(await store.settings.get('a')).toBeNull();
      await store.settings.put('a', ['x', { y: null }]);
      expect(await store.settings.get('a')).toEqual(['x', { y: null }]);
      await store.settings.remove('a');
      expect(await store.settings.get('a')).toBeNull();
      await store.check();
      expect(await store.settings.get('store.checked')).toBe(clock.nowMs());
    });

    it('refuses a cursor that it did not make', async () => {
      for (const cursor of [
        'x',
        '',
        Buffer.from('[1]').toString('base64url'),
        Buffer.from('["a",1]').toString('base64url'),
      ]) {
        await expect(store.incidents.list({ cursor, limit: 1 })).rejects.toMatchObject({ code: 'VDT_REQUEST_INVALID' });
      }
    });

    it('given a query that fails, shows none of its parameters in the error', async () => {
      const failing = sql`select * from nowhere where a = ${CANARY}`.execute(db);
      const thrown: unknown = await failing.catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(Error);
      expect(inspect(thrown, { depth: 9 })).not.toContain(CANARY);
    });

    it('refuses a NUL character instead of failing inside', async () => {
      await expect(store.cameras.create(cameraInput('gate', { name: 'a\u0000b' }))).rejects.toMatchObject({
        code: 'VDT_REQUEST_INVALID',
      });
    });

    it('holds no secret in the clear, in any column of any table', async () => {
      await store.cameras.create(
        cameraInput('gate', { url: `rtsp://${CANARY}-user:${CANARY}@10.0.0.5/live?pwd=${CANARY}&ch=1` }),
      );
      await store.cameras.update('gate', { credentials: { username: 'u', password: `${CANARY}-2` } });
      const { secret } = await store.endpoints.create({ url: 'https://example.com/' });
      const { key } = await store.apiKeys.create({ name: 'ci', scopes: ['admin'] });
      await expect(
        store.cameras.create(cameraInput('yard', { url: `rtsp://admin:12/${CANARY}@10.0.0.5/` })),
      ).rejects.toThrow();
      const { rows: columns } = await sql<{ table: string; column: string }>`
        select table_name as table, column_name as column from information_schema.columns
        where table_schema = 'public'`.execute(db);
      expect(columns.length).toBeGreaterThan(60);
      let cells = 0;
      for (const { table, column } of columns) {
        const { rows } = await sql<{
          text: string | null;
        }>`select ${sql.ref(column)}::text as text from ${sql.table(table)}`.execute(db);
        for (const { text } of rows) {
          cells++;
          for (const clear of [CANARY, secret.slice(6), key.slice(12)])
            expect(text ?? '', `${table}.${column}`).not.toContain(clear);
        }
      }
      expect(cells).toBeGreaterThan(20);
      expect(await store.cameras.sourceUrl('gate')).toBe(`rtsp://u:${CANARY}-2@10.0.0.5/live?pwd=${CANARY}&ch=1`);
    });
  });
}
