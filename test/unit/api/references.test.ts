import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi, seedIncident } from './api-fixture.ts';

const NOON = Date.UTC(2026, 2, 1, 12);
const INCIDENT = `inc_${'0'.repeat(24)}1`;
let api: ApiFixture;
beforeAll(async () => {
  api = await openApi();
  const moments = [{ endMs: NOON + 2_000, surprise: 9, values: [1, 0.5] }];
  await seedIncident(api.store, 'gate', INCIDENT, NOON, { descriptors: moments });
  await seedIncident(api.store, 'yard', `inc_${'0'.repeat(24)}2`, NOON);
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

const get = (url: string) => api.app.inject({ url, headers: api.as.read });
const review = (payload: object) =>
  api.app.inject({ method: 'POST', url: `/v1/incidents/${INCIDENT}/review`, headers: api.as.write, payload });
const remove = (camera: string, id: string, scope: 'read' | 'write' = 'write') =>
  api.app.inject({ method: 'DELETE', url: `/v1/cameras/${camera}/references/${id}`, headers: api.as[scope] });

describe('the references of a camera', () => {
  it('are made by reviews, told to whoever scores the camera, listed, and removed', async () => {
    const { reference } = (await review({ verdict: 'dismissed', label: 'van' })).json().review;
    expect(api.changes.at(-1)).toEqual({ kind: 'review', id: 'gate' });
    const [item, ...others] = (await get('/v1/cameras/gate/references')).json().items;
    expect(others).toEqual([]);
    expect(item).toMatchObject({ id: reference, verdict: 'dismissed', incident: INCIDENT, label: 'van', moments: 1 });
    expect((await get('/v1/cameras/yard/references')).json().items).toEqual([]);

    expect((await remove('gate', reference, 'read')).statusCode).toBe(403);
    expect((await remove('yard', reference)).statusCode).toBe(404);
    api.changes.length = 0;
    expect((await remove('gate', reference)).statusCode).toBe(204);
    expect(api.changes).toEqual([{ kind: 'review', id: 'gate' }]);
    expect((await remove('gate', reference)).json()).toMatchObject({ status: 404, code: 'VDT_NOT_FOUND' });
    const { verdict, reference: left } = (await get(`/v1/incidents/${INCIDENT}`)).json().review;
    expect({ verdict, left }).toEqual({ verdict: 'dismissed', left: null });
  });

  it('of a camera that does not exist: says so', async () => {
    expect((await get('/v1/cameras/none/references')).statusCode).toBe(404);
  });
});
