import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayStoredScores } from '../../../src/cli/budget-replay.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { scoreOf } from '../../../src/score/fuse.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi, seedIncident } from './api-fixture.ts';

const START = Date.UTC(2026, 2, 1);
const HOUR_MS = 3_600_000;
/** Scoring begins ten minutes after `START`. */
const SCORED = START + 600_000;
/** More than one portion of 20,000 rows. */
const HOURS = 3;
const SEGMENTS = HOURS * 7_200;
let store: Store;
let api: ApiFixture;

beforeAll(async () => {
  const secretBox = { seal: (text: string) => text, open: (text: string) => text };
  store = await openStore({ dataDir: null, secretBox, logger: silentLogger, clock: systemClock });
  await store.cameras.create({ id: 'gate', url: 'rtsp://192.0.2.1/s' });
  await store.scores.insert(
    Array.from({ length: SEGMENTS }, (_, sequence) => ({
      cameraId: 'gate',
      epoch: SCORED,
      sequence,
      endMs: SCORED + sequence * 500 + 499,
      score: scoreOf(
        sequence % 7_200 >= 7_000 && sequence % 7_200 < 7_020 ? 4 * (1 + Math.floor(sequence / 7_200)) : 0.7,
      ),
      certainty: 0.9,
      cues: [],
      hottestCell: null,
      dependenceSegments: 6,
      held: sequence < 600,
    })),
  );
  await seedIncident(store, 'gate', `inc_${'0'.repeat(24)}1`, START + 60_000);
  await seedIncident(store, 'gate', `inc_${'0'.repeat(24)}2`, START + 300_000, { decision: 'review' });
  api = await openApi(
    { replayBudget: (question) => replayStoredScores(store.scores, { quietMs: 30_000 }, question) },
    systemClock,
    store,
  );
}, OPEN_TIMEOUT_MS);
afterAll(async () => {
  await api.close();
  await store.close();
});

const ask = (query: string, headers: Record<string, string> = api.as.read) =>
  api.app.inject({ url: `/v1/cameras/gate/budget?${query}`, headers });
const RANGE = 'from=2026-03-01T00:00:00Z&to=2026-03-01T03:10:00Z';

describe('the stored scores of a camera', () => {
  it('come in portions, in order, as they were written', async () => {
    const portions: number[] = [];
    const sequences: number[] = [];
    for await (const portion of store.scores.stream('gate', START, SCORED + HOURS * HOUR_MS)) {
      portions.push(portion.length);
      sequences.push(...portion.filter(({ epoch }) => epoch === SCORED).map(({ sequence }) => sequence));
      expect(portion[0]).toMatchObject({ dependenceSegments: expect.toSatisfy((n) => n === 6 || n === null) });
    }
    expect(portions.length).toBeGreaterThan(1);
    expect(sequences).toEqual(Array.from({ length: SEGMENTS }, (_, sequence) => sequence));
  });

  it('keep their digits', async () => {
    for await (const [first] of store.scores.stream('gate', SCORED, SCORED + 600)) {
      expect(first).toEqual({
        epoch: SCORED,
        sequence: 0,
        endMs: SCORED + 499,
        score: scoreOf(0.7),
        certainty: Math.fround(0.9),
        dependenceSegments: 6,
        held: true,
      });
    }
  });
});

describe('another budget over stored scores', () => {
  it('says how many alerts it would have given, beside those that there were', async () => {
    const answer = await ask(`perDay=1&${RANGE}`);
    expect(answer.statusCode).toBe(200);
    const body = answer.json();
    expect(body).toMatchObject({
      camera: { id: 'gate' },
      from: '2026-03-01T00:00:00.000Z',
      perDay: 1,
      reviews: 0,
      actual: { perDay: 1, alerts: 1, reviews: 1, dismissed: 0 },
    });
    expect(body.alerts).toBeGreaterThanOrEqual(2);
    expect(body.incidents).toHaveLength(body.alerts);
    expect(body.incidents.at(-1).opened.slice(0, 16)).toBe('2026-03-01T03:08');
    expect(body.missingSeconds).toBeGreaterThanOrEqual(880);
    expect(body.missingSeconds).toBeLessThanOrEqual(901);
  });

  it('gives fewer for less', async () => {
    const alerts = async (perDay: number) => (await ask(`perDay=${perDay}&${RANGE}`)).json().alerts;
    expect(await alerts(0.001)).toBeLessThan(await alerts(500));
  });

  it('is about the last week when nothing is asked', async () => {
    const { from, to, incidents } = (await ask('perDay=1')).json();
    expect(Date.parse(to) - Date.parse(from)).toBe(7 * 24 * HOUR_MS);
    expect(incidents).toEqual([]);
  });

  it.each([
    ['', 'query.perDay'],
    ['perDay=0', 'query.perDay'],
    ['perDay=-1', 'query.perDay'],
    ['perDay=1&from=2026-03-01T12:00:00Z&to=2026-03-01T11:00:00Z', 'query.from'],
    ['perDay=1&from=2026-01-01T12:00:00Z&to=2026-03-01T11:00:00Z', 'query.from'],
    ['perDay=1&days=3', 'query.days'],
  ])('refuses ?%s', async (query, field) => {
    expect((await ask(query)).json()).toMatchObject({ status: 400, field });
  });

  it('knows which camera does not exist, and asks for a key', async () => {
    const none = await api.app.inject({ url: '/v1/cameras/none/budget?perDay=1', headers: api.as.read });
    expect(none.statusCode).toBe(404);
    expect((await ask('perDay=1', {})).statusCode).toBe(401);
  });
});
