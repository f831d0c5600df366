import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problem } from '../../../src/platform/errors.ts';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi } from './api-fixture.ts';

const PASSWORD = 'canary-7731';
const tested: string[] = [];
let api: ApiFixture;
beforeAll(async () => {
  api = await openApi({
    checkSource: (url) => {
      if (url.startsWith('file:'))
        throw problem('VDT_REQUEST_INVALID', { field: 'url', reason: 'has a scheme that is not allowed' });
    },
    checkPacks: (ids) => {
      if (ids.includes('nope')) throw problem('VDT_NOT_FOUND', { what: 'Pack', id: 'nope' });
    },
    testSource: async (url, { transport }) => {
      tested.push(`${transport} ${url}`);
      const failure = { reason: 'unauthorized', message: `401 from ${url}`, hint: 'Check the password.' };
      return { ok: false, failure, video: null, durationMs: 12 };
    },
  });
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
  api.app.inject({ method, url, headers: api.as.write, ...(payload ? { payload } : {}) });

describe('a camera', () => {
  it('is created with its defaults, told to the roles, and never shows its password', async () => {
    const answer = await call('POST', '/v1/cameras', {
      id: 'gate',
      url: `rtsp://viewer:${PASSWORD}@192.0.2.10/stream?token=${PASSWORD}`,
      settings: { alertBudgetPerDay: 0.5 },
    });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers.location).toBe('/v1/cameras/gate');
    expect(answer.json()).toMatchObject({
      id: 'gate',
      name: 'gate',
      hasCredentials: true,
      enabled: true,
      settings: { alertBudgetPerDay: 0.5, packs: ['motion-grid'], transport: 'tcp' },
      status: { state: 'offline', since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) },
      learning: { done: false, progress: 0 },
      dropped: {},
    });
    expect(api.changes).toContainEqual({ kind: 'camera', id: 'gate' });
    expect(await api.store.cameras.sourceUrl('gate')).toContain(PASSWORD);
    for (const url of ['/v1/cameras/gate', '/v1/cameras']) {
      const { body } = await call('GET', url);
      expect(body).toContain('192.0.2.10');
      expect(body).not.toContain(PASSWORD);
      expect(body).not.toContain('viewer');
    }
    expect(api.logLines.join('')).not.toContain(PASSWORD);
  });

  it('is refused when the id is taken, the URL not allowed, or a pack unknown, and nothing is left behind', async () => {
    expect((await call('POST', '/v1/cameras', { id: 'gate', url: 'rtsp://h/' })).json()).toMatchObject({
      status: 409,
      code: 'VDT_CONFLICT',
    });
    expect((await call('POST', '/v1/cameras', { id: 'bad', url: 'file:///etc/passwd' })).statusCode).toBe(400);
    const pack = { id: 'bad', url: 'rtsp://h/', settings: { packs: ['nope'] } };
    expect((await call('POST', '/v1/cameras', pack)).statusCode).toBe(404);
    expect((await call('GET', '/v1/cameras/bad')).statusCode).toBe(404);
  });

  it('has zones that weigh incidents, replaced as a whole', async () => {
    const zone = { name: 'door', left: 0.4, top: 0.2, right: 0.6, bottom: 0.8, raise: 1 };
    const zones = (value: unknown) => call('PATCH', '/v1/cameras/gate', { settings: { zones: value } });
    expect((await call('GET', '/v1/cameras/gate')).json().settings.zones).toEqual([]);
    expect((await zones([zone])).json().settings).toMatchObject({ zones: [zone], alertBudgetPerDay: 0.5 });
    expect((await zones([{ ...zone, right: 2 }])).json()).toMatchObject({
      status: 400,
      field: 'body.settings.zones.0.right',
    });
    expect((await zones([])).json().settings.zones).toEqual([]);
  });

  it('keeps what a change leaves out, inside the settings too', async () => {
    const answer = await call('PATCH', '/v1/cameras/gate', { name: 'Gate', settings: { transport: 'udp' } });
    expect(answer.json()).toMatchObject({ name: 'Gate', settings: { alertBudgetPerDay: 0.5, transport: 'udp' } });
    expect((await call('PATCH', '/v1/cameras/gate', {})).statusCode).toBe(400);
    expect((await call('PATCH', '/v1/cameras/none', { name: 'x' })).statusCode).toBe(404);
  });

  it('is tried by id with its stored password, or by URL, and the report repeats no password', async () => {
    const byId = await call('POST', '/v1/cameras/gate/test');
    expect(byId.statusCode).toBe(200);
    expect(byId.json()).toMatchObject({ ok: false, failure: { reason: 'unauthorized', hint: 'Check the password.' } });
    expect(tested.at(-1)).toMatch(/^udp rtsp:\/\/viewer:canary-7731@/);
    const byUrl = await call('POST', '/v1/cameras/test', { url: `rtsp://u:${PASSWORD}@192.0.2.11/` });
    expect(tested.at(-1)).toBe(`tcp rtsp://u:${PASSWORD}@192.0.2.11/`);
    expect(byId.body.replace(/token=[^ "]*/, '') + byUrl.body).not.toContain(PASSWORD);
    expect((await call('POST', '/v1/cameras/test', { url: 'file:///etc/passwd' })).statusCode).toBe(400);
  });

  it('learns anew: the present owner is fenced off and its state is gone', async () => {
    const token = await api.store.cameras.takeToken('gate', 'scoring');
    await api.store.states.save('gate', token, 'motion-grid', new Uint8Array([1]));
    const learnt = { done: true, progress: 1, observedSegments: 50, requiredSegments: 50 };
    await api.store.cameras.setLearning('gate', learnt, token);

    const answer = await call('POST', '/v1/cameras/gate/learning/reset');
    expect(answer.statusCode).toBe(202);
    expect(answer.json().learning).toEqual({ done: false, progress: 0, observedSegments: 0, requiredSegments: 50 });
    expect(await api.store.states.load('gate', 'motion-grid')).toBeNull();
    expect(await api.store.states.save('gate', token, 'motion-grid', new Uint8Array([1]))).toBe(false);
  });

  it('is removed, once', async () => {
    const removed = await call('DELETE', '/v1/cameras/gate');
    expect([removed.statusCode, removed.body]).toEqual([204, '']);
    expect((await call('DELETE', '/v1/cameras/gate')).statusCode).toBe(404);
  });
});

describe('the list of cameras', () => {
  it('is paged by cursor, each camera once', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) await call('POST', '/v1/cameras', { id, url: 'rtsp://192.0.2.1/' });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { items: { id: string }[]; nextCursor: string | null } = (
        await call('GET', `/v1/cameras?limit=2${cursor && `&cursor=${cursor}`}`)
      ).json();
      seen.push(...page.items.map((camera) => camera.id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each(['limit=0', 'limit=201', 'limit=many', 'cursor=%00', 'cursor=bm9uc2Vuc2U', 'page=2'])(
    'refuses ?%s',
    async (query) => {
      expect((await call('GET', `/v1/cameras?${query}`)).json()).toMatchObject({
        status: 400,
        code: 'VDT_REQUEST_INVALID',
      });
    },
  );
});
