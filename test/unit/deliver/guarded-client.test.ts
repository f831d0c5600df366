import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuardedClient } from '../../../src/deliver/guarded-client.ts';
import { type ResolveHost, TargetGuard } from '../../../src/deliver/target-guard.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { Receiver } from './receiver.ts';

let receiver: Receiver;
let client: GuardedClient;
const body = Buffer.from('{"type":"incident.opened"}');

function clientWith(options: { allowTargets?: readonly string[]; resolveHost?: ResolveHost; timeoutMs?: number } = {}) {
  const guard = new TargetGuard({
    allowTargets: options.allowTargets ?? ['127.0.0.1/32'],
    ...(options.resolveHost ? { resolveHost: options.resolveHost } : {}),
  });
  return new GuardedClient({
    guard,
    clock: systemClock,
    timeoutMs: options.timeoutMs ?? 2_000,
    connectionsPerTarget: 4,
  });
}

beforeEach(async () => {
  receiver = await new Receiver().start();
  client = clientWith();
});
afterEach(async () => {
  await client.close();
  await receiver.stop();
  vi.unstubAllEnvs();
});

describe('guarded HTTP client', () => {
  it('posts the bytes as they are, whatever they are', async () => {
    const bytes = randomBytes(20_000);
    const result = await client.post({ url: `${receiver.url}?a=b%20c`, headers: { 'x-id': '1' }, body: bytes });
    expect(result).toEqual({ status: 204, retryAfter: null, error: null });
    expect(receiver.requests[0]?.body.equals(bytes)).toBe(true);
    expect(receiver.requests[0]).toMatchObject({ method: 'POST', path: '/hook?a=b%20c' });
    expect(receiver.requests[0]?.headers['content-length']).toBe('20000');
  });

  it.each([301, 302, 303, 307, 308])('reports a redirect %i and does not follow it', async (status) => {
    receiver.answer = (response) => response.writeHead(status, { location: '/elsewhere' }).end();
    expect((await client.post({ url: receiver.url, headers: {}, body })).status).toBe(status);
    expect(receiver.requests).toHaveLength(1);
  });

  it('ignores the proxy variables of its environment', async () => {
    const proxy = await new Receiver().start();
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']) {
      vi.stubEnv(name, name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url);
    }
    expect((await client.post({ url: receiver.url, headers: {}, body })).status).toBe(204);
    expect(proxy.requests).toHaveLength(0);
    await proxy.stop();
  });

  it('refuses a private target before a connection is made', async () => {
    const strict = clientWith({ allowTargets: [] });
    const result = await strict.post({ url: receiver.url, headers: {}, body });
    expect(result.status).toBeNull();
    expect(result.error).toMatch(/not a public address/);
    expect(receiver.connections).toBe(0);
    await strict.close();
  });

  it('connects to the address that was checked, not to what the name says a moment later', async () => {
    // given a name server that answers well first and badly ever after
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    const rebinding = clientWith({ resolveHost: async () => answers.shift() ?? ['127.0.0.2'] });
    const url = `http://rebind.example:${receiver.port}/hook`;
    // when the first attempt is made, then it goes to the checked address, under its own name
    expect((await rebinding.post({ url, headers: {}, body })).status).toBe(204);
    expect(receiver.requests[0]?.headers.host).toBe(`rebind.example:${receiver.port}`);
    // and the next attempt is checked anew, in spite of the open connection
    const second = await rebinding.post({ url, headers: {}, body });
    expect(second.error).toMatch(/127\.0\.0\.2/);
    expect(receiver.requests).toHaveLength(1);
    await rebinding.close();
  });

  it('asks the name server itself once a send: the socket is given the answer', async () => {
    let questions = 0;
    const counting = clientWith({
      resolveHost: async () => {
        questions += 1;
        return ['127.0.0.1'];
      },
    });
    await counting.post({ url: `http://counted.example:${receiver.port}/`, headers: {}, body });
    expect(questions).toBe(1);
    await counting.close();
  });

  it('gives up on a receiver that never answers', async () => {
    receiver.answer = () => {};
    const hasty = clientWith({ timeoutMs: 300 });
    const result = await hasty.post({ url: receiver.url, headers: {}, body });
    expect(result).toMatchObject({ status: null, error: 'no answer within 0.3 s' });
    await hasty.close();
  });

  it('gives up on a receiver that drips its header, and on a name server that never answers', async () => {
    receiver.answer = (response) => {
      const { socket } = response;
      socket?.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket?.write('x-slow: 1\r\n'), 50);
      socket?.on('close', () => clearInterval(drip));
    };
    const hasty = clientWith({ timeoutMs: 300 });
    expect((await hasty.post({ url: receiver.url, headers: {}, body })).error).toMatch(/no answer/);
    await hasty.close();
    const lost = clientWith({ timeoutMs: 300, resolveHost: () => new Promise(() => {}) });
    expect((await lost.post({ url: 'http://lost.example/', headers: {}, body })).error).toMatch(/no answer/);
    await lost.close();
  });

  it('takes the status of an answer with an endless body, and drops the connection', async () => {
    let sentBytes = 0;
    let closed = false;
    receiver.answer = (response) => {
      response.writeHead(200);
      const part = Buffer.alloc(16_384);
      const flood = setInterval(() => {
        sentBytes += part.length;
        response.write(part);
      }, 1);
      response.on('close', () => {
        clearInterval(flood);
        closed = true;
      });
    };
    expect((await client.post({ url: receiver.url, headers: {}, body })).status).toBe(200);
    await vi.waitFor(() => expect(closed).toBe(true), 5_000);
    expect(sentBytes).toBeLessThan(20_000_000);
  });

  it('takes the status of an answer whose body drips: sending again would be a duplicate', async () => {
    receiver.answer = (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('a');
    };
    const hasty = clientWith({ timeoutMs: 300 });
    expect((await hasty.post({ url: receiver.url, headers: {}, body })).status).toBe(200);
    await hasty.close();
  });

  it('says what went wrong where nobody listens, and where it is not HTTP', async () => {
    const { url } = receiver;
    receiver.answer = (response) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n');
    expect((await client.post({ url, headers: {}, body })).status).toBeNull();
    await receiver.stop();
    expect((await client.post({ url, headers: {}, body })).error).toMatch(/ECONNREFUSED/);
  });

  it('hands on Retry-After', async () => {
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': '77' }).end();
    expect(await client.post({ url: receiver.url, headers: {}, body })).toMatchObject({
      status: 429,
      retryAfter: '77',
    });
  });
});
