import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problem } from '../../../src/platform/errors.ts';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi, seedIncident } from './api-fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await openApi({
    checkTarget: async (url) => {
      if (!url.includes('169.254.')) return;
      throw problem('VDT_TARGET_REFUSED', { host: '169.254.169.254', address: '169.254.169.254', range: 'linkLocal' });
    },
    pingEndpoint: async (id) => {
      await api.store.endpoints.get(id);
      return { eventId: `msg_${'0'.repeat(25)}`, deliveryId: `dlv_${'0'.repeat(25)}` };
    },
  });
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
  api.app.inject({ method, url, headers: api.as.write, ...(payload ? { payload } : {}) });

describe('a webhook endpoint', () => {
  it('shows its secret at creation and never again', async () => {
    const created = await call('POST', '/v1/webhooks', {
      url: 'https://a.example/hook',
      eventTypes: ['incident.opened'],
    });
    expect(created.statusCode).toBe(201);
    const { id, secret } = created.json();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{40,}=*$/);
    for (const url of [`/v1/webhooks/${id}`, '/v1/webhooks']) {
      const { body } = await call('GET', url);
      expect(body).toContain(id);
      expect(body).not.toContain('whsec_');
    }
    expect(api.logLines.join('')).not.toContain(secret);
    expect(api.changes).toContainEqual({ kind: 'endpoint', id });
  });

  it('is refused for a forbidden target, at creation and at a change', async () => {
    const { id } = (await call('POST', '/v1/webhooks', { url: 'https://b.example/' })).json();
    const url = 'http://169.254.169.254/latest';
    expect((await call('POST', '/v1/webhooks', { url })).json()).toMatchObject({
      status: 400,
      code: 'VDT_TARGET_REFUSED',
    });
    expect((await call('PATCH', `/v1/webhooks/${id}`, { url })).statusCode).toBe(400);
    expect((await call('GET', `/v1/webhooks/${id}`)).json().url).toBe('https://b.example/');
  });

  it('is changed, taken into use again, pinged and removed', async () => {
    const { id } = (await call('POST', '/v1/webhooks', { url: 'https://c.example/' })).json();
    await api.store.endpoints.disable(id, 'answered 410');
    expect((await call('GET', `/v1/webhooks/${id}`)).json()).toMatchObject({
      enabled: false,
      disabledReason: 'answered 410',
    });
    expect(
      (await call('PATCH', `/v1/webhooks/${id}`, { enabled: true, cameraIds: ['gate'], includeReview: true })).json(),
    ).toMatchObject({
      enabled: true,
      includeReview: true,
      disabledReason: null,
      cameraIds: ['gate'],
    });
    const ping = await call('POST', `/v1/webhooks/${id}/ping`);
    expect([ping.statusCode, ping.headers.location]).toEqual([202, `/v1/deliveries/dlv_${'0'.repeat(25)}`]);
    expect((await call('DELETE', `/v1/webhooks/${id}`)).statusCode).toBe(204);
    expect((await call('POST', `/v1/webhooks/${id}/ping`)).statusCode).toBe(404);
  });

  it.each([
    [{ url: 'https://a.example', eventTypes: ['incident.exploded'] }, 'body.eventTypes.0'],
    [{ url: 'https://a.example', eventTypes: [] }, 'body.eventTypes'],
    [{ eventTypes: null }, 'body.url'],
  ])('refuses %j', async (body, field) => {
    const answer = (await call('POST', '/v1/webhooks', body)).json();
    expect(answer.status).toBe(400);
    expect(answer.field).toBe(field);
  });
});

describe('a delivery', () => {
  it('is listed, shown with body and attempts, and replayed under the same ids', async () => {
    const { id: webhook } = (await call('POST', '/v1/webhooks', { url: 'https://d.example/' })).json();
    await seedIncident(api.store, 'gate', `inc_${'0'.repeat(25)}`, Date.UTC(2026, 2, 1));
    const { items } = (await call('GET', `/v1/deliveries?webhook=${webhook}&state=pending`)).json();
    expect(items).toHaveLength(1);
    const { id, eventId } = items[0];
    await api.store.deliveries.recordAttempt(id, {
      startedMs: Date.UTC(2026, 2, 1),
      durationMs: 15,
      status: 500,
      error: 'it said https://u:canary@d.example/',
      outcome: 'failed',
      nextAttemptMs: null,
    });

    const shown = await call('GET', `/v1/deliveries/${id}`);
    expect(shown.json()).toMatchObject({
      id,
      eventId,
      endpointUrl: 'https://d.example/',
      state: 'failed',
      attempts: 1,
      lastStatus: 500,
      attemptLog: [{ number: 1, started: '2026-03-01T00:00:00.000Z', durationMs: 15, status: 500, outcome: 'failed' }],
    });
    expect(JSON.parse(shown.json().body)).toMatchObject({ type: 'incident.opened' });
    expect(shown.body).not.toContain('canary');

    const replayed = await call('POST', `/v1/deliveries/${id}/replay`);
    expect(replayed.statusCode).toBe(202);
    expect(replayed.json()).toMatchObject({ id, eventId, state: 'pending', attempts: 1 });
    expect(api.enqueued).toEqual([id]);
    expect((await call('POST', `/v1/deliveries/dlv_${'1'.repeat(25)}/replay`)).statusCode).toBe(404);
  });
});

describe('API keys', () => {
  it('are made, listed without their secret, and revoked, but not by themselves', async () => {
    const admin = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
      api.app.inject({ method, url, headers: api.as.admin, ...(payload ? { payload } : {}) });
    const made = (await admin('POST', '/v1/keys', { name: 'wall', scopes: ['read'] })).json();
    expect(made.key).toMatch(/^vdt_/);
    const listed = await admin('GET', '/v1/keys');
    expect(listed.body).toContain(made.id);
    expect(listed.body).not.toContain(made.key);
    expect((await admin('DELETE', `/v1/keys/${made.id}`)).statusCode).toBe(204);
    expect((await admin('DELETE', `/v1/keys/${api.keys.admin.id}`)).json().code).toBe('VDT_CONFLICT');
    expect((await admin('POST', '/v1/keys', { name: 'x', scopes: ['root'] })).statusCode).toBe(400);
    expect(api.logLines.join('')).not.toContain(made.key);
  });
});
