import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { type ApiFixture, OPEN_TIMEOUT_MS, openApi } from './api-fixture.ts';

const clock = new ManualClock();
let api: ApiFixture;
let base: string;
let made = 0;
beforeAll(async () => {
  api = await openApi({}, clock);
  base = await api.app.listen({ port: 0, host: '127.0.0.1' });
}, OPEN_TIMEOUT_MS);
afterAll(() => api.close());

async function append(cameraId: string | null = null, type = 'incident.opened', filler = ''): Promise<string> {
  const id = `msg_${String(++made).padStart(25, '0')}`;
  const body = JSON.stringify({ type, data: { id, filler } });
  await api.store.events.append({ id, type, cameraId, incidentId: null, body, createdMs: clock.nowMs() });
  return id;
}

interface Stream {
  text(): string;
  readonly ended: Promise<void>;
  close(): void;
}

async function open(query = '', headers: Record<string, string> = {}, to = { base, as: api.as.read }): Promise<Stream> {
  const leaving = new AbortController();
  const answer = await fetch(`${to.base}/v1/events${query}`, {
    headers: { ...to.as, ...headers },
    signal: leaving.signal,
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  let text = '';
  const ended = (async () => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
  })().catch(() => undefined);
  const stream = { text: () => text, ended, close: () => leaving.abort() };
  await eventually(() => expect(stream.text()).toContain('retry:'));
  return stream;
}

/** A client that takes the headers and then nothing more. */
async function openWithoutReading(from: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(`${from}/v1/events`, { headers: { ...api.as.read, ...headers } }, resolve);
    request.on('error', reject);
    request.end();
  });
  answer.on('error', () => undefined); // it is cut off, which is the point
  return answer.pause();
}

const openStreams = async () =>
  (await api.app.inject({ url: '/metrics', headers: api.as.read })).body.match(/vedette_api_event_streams (\d+)/)?.[1];

describe('the live stream', () => {
  it('carries what happens from now on: sequence as id, type, and the body of the webhook', async () => {
    await append();
    const stream = await open();
    const id = await append();
    api.noticeEvent();
    await eventually(() => expect(stream.text()).toContain(id));
    expect(stream.text()).toMatch(
      /\nid: 2\nevent: incident\.opened\ndata: \{"type":"incident\.opened","data":\{.*\}\}\n\n$/,
    );
    expect(stream.text()).not.toContain('id: 1\n');
    stream.close();
  });

  it('replays what a client missed, in order and without a doublet', async () => {
    for (let i = 0; i < 250; i++) await append();
    const stream = await open('', { 'last-event-id': '1' });
    const last = await append();
    api.noticeEvent();
    await eventually(() => expect(stream.text()).toContain(last));
    const ids = [...stream.text().matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids).toEqual(Array.from({ length: made - 1 }, (_, i) => i + 2));
    stream.close();
  });

  it('finds an event whose notice was lost', async () => {
    const stream = await open();
    const id = await append();
    await clock.advance(2_500);
    await eventually(() => expect(stream.text()).toContain(id));
    stream.close();
  });

  it('filters by camera and type', async () => {
    await api.store.cameras.create({ id: 'gate', url: 'rtsp://192.0.2.1/' });
    const stream = await open('?camera=gate&type=camera.offline&type=camera.online');
    const other = await append('gate', 'incident.opened');
    const elsewhere = await append('yard', 'camera.offline');
    const wanted = await append('gate', 'camera.offline');
    api.noticeEvent();
    await eventually(() => expect(stream.text()).toContain(wanted));
    expect(stream.text()).not.toContain(other);
    expect(stream.text()).not.toContain(elsewhere);
    stream.close();
  });

  it('goes on after an id of the future, which an older database gave out', async () => {
    const stream = await open('', { 'last-event-id': '999999' });
    const id = await append();
    api.noticeEvent();
    await eventually(() => expect(stream.text()).toContain(id));
    stream.close();
  });

  it('shows every 15 s that it lives, and ends when the key is revoked', async () => {
    const { id, key } = await api.store.apiKeys.create({ name: 'short', scopes: ['read'] });
    const stream = await open('', {}, { base, as: { authorization: `Bearer ${key}` } });
    await clock.advance(15_000);
    await eventually(() => expect(stream.text()).toContain(': still here'));
    await api.store.apiKeys.revoke(id);
    await clock.advance(15_000);
    await stream.ended;
  });

  it('counts its clients and forgets them when they leave', async () => {
    await eventually(async () => expect(await openStreams()).toBe('0'));
    const streams = await Promise.all([open(), open()]);
    expect(await openStreams()).toBe('2');
    for (const stream of streams) stream.close();
    await eventually(async () => expect(await openStreams()).toBe('0'));
  });

  it('lets go of a client that does not read, instead of storing up for it', async () => {
    const answer = await openWithoutReading(base);
    await eventually(async () => expect(await openStreams()).toBe('1'));
    for (let i = 0; i < 16; i++) await append(null, 'incident.opened', 'x'.repeat(1_000_000));
    api.noticeEvent();
    await eventually(async () => {
      await clock.advance(5_000);
      const { body } = await api.app.inject({ url: '/metrics', headers: api.as.read });
      expect(body).toContain('vedette_api_event_streams_dropped_total 1');
    });
    await eventually(async () => expect(await openStreams()).toBe('0'));

    let received = 0;
    answer.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    answer.resume();
    await new Promise((resolve) => answer.once('close', resolve));
    expect(received).toBeLessThan(16_000_000);
  });
});

describe('stopping', () => {
  it('ends the open streams at once, so that close does not hang', async () => {
    const own = await openApi({}, new ManualClock(), api.store);
    const ownBase = await own.app.listen({ port: 0, host: '127.0.0.1' });
    const stream = await open('', {}, { base: ownBase, as: own.as.read });
    const startedMs = performance.now();
    await own.close();
    await stream.ended;
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  it('does not wait for a client that does not read', async () => {
    const own = await openApi({}, new ManualClock(), api.store);
    const ownBase = await own.app.listen({ port: 0, host: '127.0.0.1' });
    const answer = await openWithoutReading(ownBase, { 'last-event-id': '0' }); // some 16 MB are waiting for it
    await eventually(() => expect(own.logLines.length).toBeGreaterThan(0));
    const startedMs = performance.now();
    await own.close();
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    answer.destroy();
  });

  it('refuses new streams beyond the limit', async () => {
    const settings = { ...api.deps.settings, maxEventStreams: 1 };
    const own = await openApi({ settings }, new ManualClock(), api.store);
    const ownBase = await own.app.listen({ port: 0, host: '127.0.0.1' });
    const stream = await open('', {}, { base: ownBase, as: own.as.read });
    const refused = await fetch(`${ownBase}/v1/events`, { headers: own.as.read });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'VDT_TOO_MANY_STREAMS' });
    stream.close();
    await own.close();
  });
});
