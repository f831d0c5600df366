import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problem } from '../../../src/platform/errors.ts';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi } from './api-fixture.ts';

let api: ApiFixture;
let failure: unknown = new Error('secret inner workings');
beforeAll(async () => {
  api = await openApi({
    checkTarget: async () => {
      throw failure;
    },
  });
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

const json = { 'content-type': 'application/json' };

function post(url: string, payload: string, headers: Record<string, string> = json) {
  return api.app.inject({ method: 'POST', url, payload, headers: { ...api.as.admin, ...headers } });
}

describe('every error is a problem detail', () => {
  it.each([
    ['an unknown route', () => api.app.inject({ url: '/v1/nothing', headers: api.as.read }), 404, 'VDT_ROUTE_UNKNOWN'],
    [
      'a method that a path does not take',
      () => api.app.inject({ method: 'PUT', url: '/v1/cameras', headers: api.as.write }),
      404,
      'VDT_ROUTE_UNKNOWN',
    ],
    ['no such camera', () => api.app.inject({ url: '/v1/cameras/none', headers: api.as.read }), 404, 'VDT_NOT_FOUND'],
    ['broken JSON', () => post('/v1/cameras', '{"id":'), 400, 'VDT_REQUEST_INVALID'],
    ['an empty body', () => post('/v1/cameras', ''), 400, 'VDT_REQUEST_INVALID'],
    ['a poisoned prototype', () => post('/v1/cameras', '{"__proto__":{"a":1}}'), 400, 'VDT_REQUEST_INVALID'],
    [
      'another content type',
      () => post('/v1/cameras', 'id=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'VDT_MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'plain text',
      () => post('/v1/cameras', '{}', { 'content-type': 'text/plain' }),
      415,
      'VDT_MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'too large a body',
      () => post('/v1/cameras', JSON.stringify({ id: 'x'.repeat(300_000) })),
      413,
      'VDT_BODY_TOO_LARGE',
    ],
    [
      'a broken percent-encoding',
      () => api.app.inject({ url: '/v1/cameras/%zz', headers: api.as.read }),
      400,
      'VDT_REQUEST_INVALID',
    ],
    [
      'an over-long path part',
      () => api.app.inject({ url: `/v1/cameras/${'a'.repeat(300)}`, headers: api.as.read }),
      400,
      'VDT_REQUEST_INVALID',
    ],
  ] as const)('%s', async (_, ask, status, code) => {
    const answer = await ask();
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: `/docs/errors#${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code,
      hint: expect.stringMatching(/./),
      requestId: answer.headers['x-request-id'] ?? expect.stringMatching(/^req_/),
    });
  });

  it.each([
    [{ id: 'x', url: 'rtsp://h/', colour: 'red' }, 'body.colour', 'is not a known field'],
    [{ id: 'x' }, 'body.url', 'is missing'],
    [{ id: 'Not An Id', url: 'rtsp://h/' }, 'body.id', 'form'],
    [{ id: 'x', url: 'rtsp://h/', enabled: 'false' }, 'body.enabled', 'must be boolean'],
    [
      { id: 'x', url: 'rtsp://h/', settings: { alertBudgetPerDay: '1' } },
      'body.settings.alertBudgetPerDay',
      'must be number',
    ],
    [
      { id: 'x', url: 'rtsp://h/', settings: { transport: 'smoke' } },
      'body.settings.transport',
      'must be one of tcp, udp',
    ],
    [[], 'body', 'must be object'],
  ])('names field, reason and remedy for %j', async (body, field, reason) => {
    const answer = await post('/v1/cameras', JSON.stringify(body));
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'VDT_REQUEST_INVALID', field });
    expect(answer.json().detail).toContain(reason);
    expect(answer.json().hint.length).toBeGreaterThan(10);
  });

  it.each(['yesterday', '2026-03-01T12:00:00', '2026-03-01', '1772366400000', '2026-02-30T00:00:00Z'])(
    'refuses the time %s, which has no zone or no meaning',
    async (from) => {
      const answer = await api.app.inject({ url: '/v1/incidents', query: { from }, headers: api.as.read });
      expect(answer.json()).toMatchObject({ status: 400, field: 'query.from' });
    },
  );

  it('says nothing of an unforeseen failure, but the log does, under the same request id', async () => {
    const answer = await post('/v1/webhooks', '{"url":"https://a.example"}', { ...json, 'x-request-id': 'my-id.1' });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'VDT_INTERNAL', requestId: 'my-id.1' });
    expect(answer.body).not.toContain('inner workings');
    const line = api.logLines.find((each) => each.includes('inner workings'));
    expect(line).toContain('my-id.1');
  });

  it('cleans the words of our own errors', async () => {
    failure = problem('VDT_UNAVAILABLE', { what: 'It', reason: 'postgres://user:canary@db/ went away' });
    const answer = await post('/v1/webhooks', '{"url":"https://a.example"}');
    expect(answer.statusCode).toBe(503);
    expect(answer.body).not.toContain('canary');
  });

  it('does not take over a request id that could break a log or a header', async () => {
    const answer = await api.app.inject({ url: '/healthz', headers: { 'x-request-id': 'a b"<script>' } });
    expect(answer.headers['x-request-id']).toMatch(/^req_/);
  });

  it('answers what is not HTTP with a problem detail too', async () => {
    const address = new URL(await api.app.listen({ port: 0, host: '127.0.0.1' }));
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(address.port), '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      let received = '';
      socket.on('data', (chunk) => (received += String(chunk)));
      socket.on('end', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'VDT_REQUEST_INVALID' });
  });
});

describe('security headers', () => {
  it('stand on data, errors and documentation', async () => {
    for (const url of ['/healthz', '/v1/nothing', '/docs', '/v1/cameras']) {
      const { headers } = await api.app.inject({ url, headers: api.as.read });
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    }
  });
});
