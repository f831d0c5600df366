import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiRole } from '../../../src/api/api-role.ts';
import { problem } from '../../../src/platform/errors.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi } from './api-fixture.ts';

const clock = new ManualClock();
let redis: () => Promise<unknown> = async () => undefined;
let checks = 0;
let api: ApiFixture;
beforeAll(async () => {
  api = await openApi(
    {
      readiness: [
        { name: 'database', check: async () => void checks++ },
        { name: 'redis', check: () => redis() },
      ],
    },
    clock,
  );
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

describe('readiness', () => {
  it('checks each part for real, once for all who ask within a second', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => api.app.inject({ url: '/readyz' })));
    for (const answer of answers) {
      expect(answer.statusCode).toBe(200);
      expect(answer.json().parts.map((part: { name: string; ok: boolean }) => [part.name, part.ok])).toEqual([
        ['database', true],
        ['redis', true],
      ]);
    }
    expect(checks).toBe(1);
  });

  it('is red with the part that fails, whose words go to the log alone', async () => {
    await clock.advance(2_000);
    redis = async () => {
      throw problem('VDT_UNAVAILABLE', { what: 'Redis', reason: 'connect ECONNREFUSED 10.9.8.7:6379' });
    };
    const answer = await api.app.inject({ url: '/readyz' });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'VDT_NOT_READY',
      parts: [
        { name: 'database', ok: true },
        { name: 'redis', ok: false, code: 'VDT_UNAVAILABLE' },
      ],
    });
    expect(answer.body).not.toContain('10.9.8.7');
    expect(api.logLines.join('')).toContain('10.9.8.7');
    expect((await api.app.inject({ url: '/healthz' })).statusCode).toBe(200);
  });

  it('does not wait for a part that hangs', async () => {
    await clock.advance(2_000);
    redis = () => new Promise(() => {});
    const asked = api.app.inject({ url: '/readyz' });
    await clock.advance(3_100);
    await clock.advance(3_100);
    expect((await asked).json()).toMatchObject({ status: 503, parts: [{ ok: true }, { name: 'redis', ok: false }] });
  });
});

describe('metrics', () => {
  it('come in the Prometheus format, requests counted by route and not by URL', async () => {
    await api.app.inject({ url: '/v1/cameras/some-camera', headers: api.as.read });
    const answer = await api.app.inject({ url: '/metrics', headers: api.as.read });
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain(
      'vedette_http_request_seconds_count{method="GET",route="/v1/cameras/:id",status="404"} 1',
    );
    expect(answer.body).not.toContain('some-camera');
  });
});

describe('the role', () => {
  it('listens, answers, stops twice, and says which port is taken', async () => {
    const deps = { ...api.deps, listen: { host: '127.0.0.1', port: 0 } };
    const role = createApiRole(deps);
    expect(role.address()).toBeNull();
    await role.start();
    const { port } = new URL(role.address() ?? '');
    expect((await fetch(`${role.address()}/healthz`)).status).toBe(200);

    const second = createApiRole({ ...deps, listen: { host: '127.0.0.1', port: Number(port) } });
    await expect(second.start()).rejects.toMatchObject({ code: 'VDT_LISTEN_FAILED' });
    await second.stop();
    await role.stop();
    await role.stop();
    expect(role.address()).toBeNull();
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });
});
