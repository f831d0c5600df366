import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi, seedIncident } from './api-fixture.ts';

const NOON = Date.UTC(2026, 2, 1, 12);
const HOUR_MS = 3_600_000;
const idOf = (n: number) => `inc_${'0'.repeat(24)}${n}`;
let api: ApiFixture;
beforeAll(async () => {
  api = await openApi();
  await seedIncident(api.store, 'gate', idOf(1), NOON);
  await seedIncident(api.store, 'gate', idOf(2), NOON + HOUR_MS);
  await seedIncident(api.store, 'yard', idOf(3), NOON + 2 * HOUR_MS);
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  api.app.inject({ url, headers: { ...api.as.read, ...headers } });
const idsOf = async (query: string) =>
  (await get(`/v1/incidents?${query}`)).json().items.map((each: { id: string }) => each.id);

describe('the score of a camera over time', () => {
  it('comes in buckets with maximum and mean', async () => {
    const answer = await get(
      '/v1/cameras/gate/scores?from=2026-03-01T12:00:00Z&to=2026-03-01T13:00:10%2B01:00&points=2',
    );
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      camera: { id: 'gate' },
      from: '2026-03-01T12:00:00.000Z',
      to: '2026-03-01T12:00:10.000Z',
    });
    const { buckets } = answer.json();
    expect(buckets).toHaveLength(2);
    expect(buckets[0]).toMatchObject({ start: '2026-03-01T12:00:00.000Z', end: '2026-03-01T12:00:05.000Z', count: 5 });
    expect(buckets[0].max).toBeCloseTo(0.4, 6);
    expect(buckets[1].mean).toBeCloseTo(0.7, 6);
  });

  it('is that of the last hour when nothing is asked', async () => {
    const { from, to, buckets } = (await get('/v1/cameras/gate/scores')).json();
    expect(Date.parse(to) - Date.parse(from)).toBe(HOUR_MS);
    expect(buckets).toEqual([]);
  });

  it.each([
    ['points=0', 'query.points'],
    ['points=100000', 'query.points'],
    ['from=2026-03-01T12:00:00Z&to=2026-03-01T11:00:00Z', 'query.from'],
    ['from=2020-01-01T00:00:00Z&to=2026-03-01T11:00:00Z', 'query.from'],
    ['from=2026-03-01T12:00:00Z&from=2026-03-01T13:00:00Z', 'query.from'],
  ])('refuses ?%s', async (query, field) => {
    expect((await get(`/v1/cameras/gate/scores?${query}`)).json()).toMatchObject({ status: 400, field });
  });

  it('knows which camera does not exist', async () => {
    expect((await get('/v1/cameras/none/scores')).statusCode).toBe(404);
  });
});

describe('incidents', () => {
  it('come newest first and by every filter', async () => {
    expect(await idsOf('')).toEqual([idOf(3), idOf(2), idOf(1)]);
    expect(await idsOf('camera=gate')).toEqual([idOf(2), idOf(1)]);
    expect(await idsOf('from=2026-03-01T12:30:00Z&to=2026-03-01T13:30:00Z')).toEqual([idOf(2)]);
    expect(await idsOf('state=open')).toEqual([]);
    expect(await idsOf('severity=high&review=unreviewed')).toHaveLength(3);
    expect((await get('/v1/incidents?state=ajar')).json()).toMatchObject({ status: 400, field: 'query.state' });
  });

  it('for review are listed apart', async () => {
    const id = `inc_${'7'.repeat(25)}`;
    await seedIncident(api.store, 'side', id, Date.UTC(2026, 2, 2), { decision: 'review' });
    expect(await idsOf('camera=side&decision=alert')).toEqual([]);
    expect(await idsOf('camera=side&decision=review')).toEqual([id]);
    expect((await get('/v1/incidents?decision=perhaps')).json()).toMatchObject({ status: 400 });
    await api.store.cameras.remove('side');
  });

  it('are paged by cursor', async () => {
    const first = (await get('/v1/incidents?limit=2')).json();
    expect(first.items).toHaveLength(2);
    const second = (await get(`/v1/incidents?limit=2&cursor=${first.nextCursor}`)).json();
    expect(second).toMatchObject({ items: [{ id: idOf(1) }], nextCursor: null });
  });

  it('tell what happened, where, why, and where to look', async () => {
    expect((await get(`/v1/incidents/${idOf(1)}`)).json()).toMatchObject({
      id: idOf(1),
      camera: { id: 'gate', name: 'Camera gate' },
      state: 'closed',
      severity: 'high',
      onset: '2026-03-01T12:00:00.000Z',
      opened: '2026-03-01T12:00:01.600Z',
      closed: '2026-03-01T12:00:38.000Z',
      explanation: 'Motion far faster than this camera has seen here.',
      decision: 'alert',
      certainty: 0.93,
      kind: 'fast-motion',
      title: 'fast motion',
      cues: [
        { name: 'speed', probability: 0.001, cell: { row: 1, column: 2 }, box: null, label: null, comparison: null },
      ],
      nearestNormal: [{ at: '2026-03-01T11:00:00.000Z', distance: 2.5 }],
      hottestCell: { row: 1, column: 2, rows: 8, columns: 12 },
      review: { verdict: 'unreviewed', by: null },
      evidence: { clip: { state: 'pending' }, snapshot: { state: 'pending' }, heatmap: { state: 'pending' } },
      links: {
        self: `/v1/incidents/${idOf(1)}`,
        clip: `/v1/incidents/${idOf(1)}/clip.mp4`,
        timeline: '/v1/cameras/gate/scores?from=2026-03-01T11:59:30.000Z&to=2026-03-01T12:00:38.000Z',
      },
    });
    expect((await get(`/v1/incidents/${idOf(9)}`)).statusCode).toBe(404);
  });

  it('take a review, whose author is the key unless named, and a later one replaces it', async () => {
    const review = (payload: object) =>
      api.app.inject({ method: 'POST', url: `/v1/incidents/${idOf(2)}/review`, headers: api.as.write, payload });
    const first = await review({ verdict: 'dismissed', label: 'cat', moment: '2026-03-01T14:00:03+01:00' });
    expect(first.json().review).toMatchObject({
      verdict: 'dismissed',
      by: api.keys.write.id,
      moment: '2026-03-01T13:00:03.000Z',
      label: 'cat',
    });
    expect((await review({ verdict: 'confirmed', by: 'night shift' })).json().review).toMatchObject({
      verdict: 'confirmed',
      by: 'night shift',
      label: null,
    });
    expect(await idsOf('review=confirmed')).toEqual([idOf(2)]);
    expect(api.changes.filter((change) => change.kind === 'review')).toHaveLength(2);
    expect((await review({ verdict: 'maybe' })).statusCode).toBe(400);
  });
});

describe('evidence', () => {
  const clip = `/v1/incidents/${idOf(1)}/clip.mp4`;

  it('that is not ready says when to ask again; that failed says why', async () => {
    const pending = await get(clip);
    expect(pending.json()).toMatchObject({ status: 409, code: 'VDT_EVIDENCE_PENDING', retryable: true });
    expect(Number(pending.headers['retry-after'])).toBeGreaterThan(0);
    await api.store.incidents.setEvidence(idOf(3), 'clip', { state: 'failed', reason: 'nothing was recorded' });
    expect((await get(`/v1/incidents/${idOf(3)}/clip.mp4`)).json()).toMatchObject({
      status: 404,
      code: 'VDT_EVIDENCE_MISSING',
      detail: expect.stringContaining('nothing was recorded'),
    });
  });

  it('comes whole, by range, as HEAD, and not again when it is known', async () => {
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
    api.evidence.set('a/clip.mp4', bytes);
    await api.store.incidents.setEvidence(idOf(1), 'clip', { state: 'ready', path: 'a/clip.mp4', bytes: 100 });

    const whole = await get(clip);
    expect(whole.statusCode).toBe(200);
    expect(whole.headers).toMatchObject({
      'content-type': 'video/mp4',
      'accept-ranges': 'bytes',
      'content-length': '100',
    });
    expect(whole.rawPayload).toEqual(bytes);

    const part = await get(clip, { range: 'bytes=10-19' });
    expect(part.statusCode).toBe(206);
    expect(part.headers).toMatchObject({ 'content-range': 'bytes 10-19/100', 'content-length': '10' });
    expect(part.rawPayload).toEqual(bytes.subarray(10, 20));

    const beyond = await get(clip, { range: 'bytes=100-' });
    expect(beyond.json()).toMatchObject({ status: 416, code: 'VDT_RANGE_INVALID' });
    expect(beyond.headers['content-range']).toBe('bytes */100');

    const head = await api.app.inject({ method: 'HEAD', url: clip, headers: api.as.read });
    expect([head.statusCode, head.headers['content-length'], head.body]).toEqual([200, '100', '']);

    const known = await get(clip, { 'if-none-match': String(whole.headers.etag) });
    expect([known.statusCode, known.body]).toEqual([304, '']);
    expect((await get(clip, { range: 'bytes=10-19', 'if-range': '"other"' })).statusCode).toBe(200);
  });
});
