import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi } from './api-fixture.ts';

const clock = new ManualClock();
let api: ApiFixture;
beforeAll(async () => {
  api = await openApi({}, clock);
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`me:${key}`).toString('base64')}` });

describe('who may ask', () => {
  it.each([
    '/v1/cameras',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/docs/static/swagger-ui.css',
    '/docs/errors',
    '/nowhere',
    '/',
  ])('refuses %s without a key, with both challenges', async (url) => {
    const answer = await api.app.inject({ url });
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({ code: 'VDT_UNAUTHORIZED' });
    expect(answer.headers['www-authenticate']).toEqual([
      expect.stringMatching(/^Bearer /),
      expect.stringMatching(/^Basic /),
    ]);
  });

  it('leaves health and readiness open', async () => {
    expect((await api.app.inject({ url: '/healthz' })).statusCode).toBe(200);
    expect((await api.app.inject({ url: '/readyz' })).statusCode).toBe(200);
  });

  it('takes a key as Bearer, and as Basic password for browsers', async () => {
    expect((await api.app.inject({ url: '/v1/cameras', headers: api.as.read })).statusCode).toBe(200);
    expect((await api.app.inject({ url: '/docs', headers: basic(api.keys.read.key) })).statusCode).toBe(200);
  });

  it('does not look at keys in a URL', async () => {
    const answer = await api.app.inject({
      url: `/v1/cameras?key=${api.keys.read.key}&access_token=${api.keys.read.key}`,
    });
    expect(answer.statusCode).toBe(401);
  });

  it('refuses a revoked key from the next request on', async () => {
    const { id, key } = await api.store.apiKeys.create({ name: 'short', scopes: ['read'] });
    const headers = { authorization: `Bearer ${key}` };
    expect((await api.app.inject({ url: '/v1/cameras', headers })).statusCode).toBe(200);
    await api.store.apiKeys.revoke(id);
    expect((await api.app.inject({ url: '/v1/cameras', headers })).statusCode).toBe(401);
  });
});

describe('what a key may do', () => {
  it.each([
    ['read', 'GET', '/v1/cameras', 200],
    ['read', 'POST', '/v1/cameras', 403],
    ['read', 'DELETE', '/v1/cameras/x', 403],
    ['write', 'GET', '/v1/cameras', 200],
    ['write', 'POST', '/v1/cameras', 400],
    ['write', 'GET', '/v1/keys', 403],
    ['admin', 'GET', '/v1/keys', 200],
    ['admin', 'POST', '/v1/cameras', 400],
  ] as const)('%s: %s %s gives %i', async (scope, method, url, status) => {
    const answer = await api.app.inject({ method, url, headers: api.as[scope] });
    expect(answer.statusCode).toBe(status);
  });

  it('refuses a write that another site makes with the key that a browser holds', async () => {
    const write = (headers: Record<string, string>) =>
      api.app.inject({
        method: 'POST',
        url: '/v1/cameras/none/learning/reset',
        headers: { host: 'vedette.example', ...headers },
      });
    const own = basic(api.keys.write.key);
    expect((await write({ ...own, 'sec-fetch-site': 'cross-site' })).json().code).toBe('VDT_CROSS_SITE');
    expect((await write({ ...own, origin: 'https://evil.example' })).json().code).toBe('VDT_CROSS_SITE');
    expect((await write({ ...own, origin: 'null' })).json().code).toBe('VDT_CROSS_SITE');
    expect((await write({ ...own, origin: 'https://vedette.example' })).statusCode).toBe(404);
    expect((await write({ ...api.as.write, origin: 'https://other.example' })).statusCode).toBe(404);
  });
});

describe('guessing keys', () => {
  it('is stopped after 20 failures a minute, without locking out a key that was good before', async () => {
    const from = (remoteAddress: string, headers: Record<string, string>) =>
      api.app.inject({ url: '/v1/cameras', headers, remoteAddress });
    const guess = { authorization: 'Bearer vdt_0000000000000000000000000000' };
    await from('198.51.100.7', api.as.read);
    for (let i = 0; i < 20; i++) expect((await from('198.51.100.7', guess)).statusCode).toBe(401);

    const stopped = await from('198.51.100.7', guess);
    expect(stopped.statusCode).toBe(429);
    expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
    expect((await from('198.51.100.7', api.as.read)).statusCode).toBe(200);
    expect((await from('198.51.100.8', guess)).statusCode).toBe(401);

    await clock.advance(61_000);
    expect((await from('198.51.100.7', guess)).statusCode).toBe(401);
  });
});

describe('the log', () => {
  it('holds no key, in whatever form it was sent', async () => {
    await api.app.inject({ url: '/v1/cameras', headers: basic(api.keys.admin.key) });
    await api.app.inject({ url: `/v1/cameras/${api.keys.admin.key}`, headers: api.as.admin });
    const log = api.logLines.join('');
    expect(log).toContain('api.request');
    expect(log).not.toContain(api.keys.admin.key);
    expect(log).not.toContain(Buffer.from(`me:${api.keys.admin.key}`).toString('base64'));
  });
});
