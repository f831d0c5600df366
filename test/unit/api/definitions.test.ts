import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi } from './api-fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await openApi();
  const camera = (id: string, packs: string[]) =>
    api.store.cameras.create({ id, url: 'rtsp://192.0.2.1/s', settings: { packs } });
  await camera('hall', ['motion-grid', 'clip-vit-b16']);
  await camera('gate', ['motion-grid']);
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());
beforeEach(() => {
  api.changes.length = 0;
});

const URL = '/v1/cameras/hall/definitions';
const get = (url = URL) => api.app.inject({ url, headers: api.as.read });
const put = (payload: object, { url = URL, scope = 'write' }: { url?: string; scope?: 'read' | 'write' } = {}) =>
  api.app.inject({ method: 'PUT', url, headers: api.as[scope], payload });
const remove = (url = URL) => api.app.inject({ method: 'DELETE', url, headers: api.as.write });

describe('the definitions of a camera', () => {
  it('are none at first', async () => {
    expect((await get()).json()).toEqual({
      camera: 'hall',
      pack: 'clip-vit-b16',
      abnormal: [],
      normal: [],
      by: null,
      updated: null,
    });
  });

  it('when put, are kept, cleaned, named by their text where they have no name, and told to whoever scores', async () => {
    const answer = await put({
      abnormal: [
        { name: 'fall', text: ' a person  lying on the floor', examples: ['somebody fell'] },
        { text: 'smoke' },
      ],
      normal: ['people walking'],
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      abnormal: [
        { name: 'fall', text: 'a person lying on the floor', examples: ['somebody fell'] },
        { name: 'smoke', text: 'smoke', examples: [] },
      ],
      normal: ['people walking'],
      by: api.keys.write.id,
    });
    expect(api.changes).toEqual([{ kind: 'definitions', id: 'hall' }]);
    expect((await get()).json()).toEqual(answer.json());
  });

  it('when put again, are replaced; when deleted, are gone, and again is no error', async () => {
    await put({ abnormal: [{ text: 'smoke' }], normal: ['people'] });
    const answer = await put({ abnormal: [{ text: 'fire' }] });
    expect(answer.json()).toMatchObject({ abnormal: [{ name: 'fire' }], normal: [] });
    expect((await remove()).statusCode).toBe(204);
    expect((await remove()).statusCode).toBe(204);
    expect((await get()).json()).toMatchObject({ abnormal: [], by: null });
    expect(api.changes.filter(({ kind }) => kind === 'definitions')).toHaveLength(4);
  });

  it('before a camera without a pack that reads text, are refused with the remedy', async () => {
    const answer = await put({ abnormal: [{ text: 'smoke' }] }, { url: '/v1/cameras/gate/definitions' });
    expect(answer.json()).toMatchObject({ status: 409, code: 'VDT_DEFINITIONS_UNREADABLE' });
    expect(answer.json().hint).toContain('vedette models pull clip-vit-b16');
    expect((await get('/v1/cameras/gate/definitions')).json().pack).toBeNull();
  });

  const many = (count: number) => Array.from({ length: count }, (_, index) => ({ text: `thing ${index}` }));
  it.each([
    ['nothing abnormal', { abnormal: [] }, 'body.abnormal'],
    ['seventeen texts', { abnormal: many(17) }, 'body.abnormal'],
    ['a text of 301 characters', { abnormal: [{ text: 'x'.repeat(301) }] }, 'body.abnormal'],
    ['a blank text', { abnormal: [{ text: '  ' }] }, 'body.abnormal'],
    ['a blank normal text', { abnormal: many(1), normal: [' '] }, 'body.normal'],
    ['seventeen normal texts', { abnormal: many(1), normal: many(17).map(({ text }) => text) }, 'body.normal'],
    ['a misspelt field', { abnormal: [{ text: 'smoke', weight: 2 }] }, 'body.abnormal'],
    ['two of one name', { abnormal: [{ text: 'smoke' }, { name: 'smoke', text: 'fire' }] }, 'body.abnormal[1].name'],
  ])('given %s, are refused with the field', async (_, payload, field) => {
    const answer = await put(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'VDT_REQUEST_INVALID' });
    expect(answer.json().field ?? answer.json().detail).toContain(field);
  });

  it('given sixteen of 300 characters each, are taken', async () => {
    const abnormal = many(16).map(({ text }) => ({ text: text.padEnd(300, ' word') }));
    expect((await put({ abnormal })).statusCode).toBe(200);
  });

  it('of an unknown camera: says so; with a reading key nothing is written', async () => {
    expect((await get('/v1/cameras/none/definitions')).statusCode).toBe(404);
    expect((await put({ abnormal: many(1) }, { url: '/v1/cameras/none/definitions' })).statusCode).toBe(404);
    expect((await remove('/v1/cameras/none/definitions')).statusCode).toBe(404);
    expect((await put({ abnormal: many(1) }, { scope: 'read' })).statusCode).toBe(403);
  });

  it('go with their camera', async () => {
    await api.store.cameras.create({ id: 'gone', url: 'rtsp://192.0.2.1/s', settings: { packs: ['clip-vit-b32'] } });
    await put({ abnormal: many(1) }, { url: '/v1/cameras/gone/definitions' });
    await api.store.cameras.remove('gone');
    expect(await api.store.definitions.ofCamera('gone')).toBeNull();
  });
});
