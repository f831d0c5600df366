import { Writable } from 'node:stream';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptDependencies, attemptDelivery } from '../../../src/deliver/attempt-delivery.ts';
import { EndpointSlots } from '../../../src/deliver/endpoint-slots.ts';
import { GuardedClient } from '../../../src/deliver/guarded-client.ts';
import { RETRY_DELAYS_MS } from '../../../src/deliver/retry-schedule.ts';
import { TargetGuard } from '../../../src/deliver/target-guard.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { Receiver } from './receiver.ts';

const text = '{"type":"incident.opened","timestamp":"2026-01-01T00:00:00.000Z","data":{"ü":"速い"}}';
const body = Buffer.from(text);
const metrics = createMetrics();
let receiver: Receiver;
let ledger: MemoryLedger;
let clock: ManualClock;
let parts: AttemptDependencies & { readonly client: GuardedClient };
let secret: string;
let log: string;
let queued: string[];
let announced: number[];
let stopping: AbortController;

beforeEach(async () => {
  receiver = await new Receiver().start();
  ledger = new MemoryLedger();
  clock = new ManualClock(Date.now()); // the library that verifies looks at the real time
  log = '';
  queued = [];
  announced = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      log += String(chunk);
      done();
    },
  });
  stopping = new AbortController();
  const guard = new TargetGuard({ allowTargets: ['127.0.0.1/32'] });
  parts = {
    deliveries: ledger,
    endpoints: ledger,
    queue: {
      enqueueDelivery: async (id) => {
        queued.push(id);
      },
    },
    eventNotices: {
      publish: async ({ sequence }) => {
        announced.push(sequence);
      },
    },
    client: new GuardedClient({ guard, clock, timeoutMs: 15_000, connectionsPerTarget: 4 }),
    slots: new EndpointSlots({ concurrency: 8, troubledLimit: 2 }),
    clock,
    logger: createLogger({ level: 'trace', destination }),
    metrics,
    random: () => 0,
    timeoutMs: 15_000,
    stopping: stopping.signal,
  };
  secret = ledger.addEndpoint('whe_1', receiver.url);
  ledger.addDelivery('dlv_1', 'whe_1', text, clock.nowMs());
});
afterEach(async () => {
  await parts.client.close();
  await receiver.stop();
});

const attempt = () => attemptDelivery('dlv_1', parts);
const row = () => ledger.rows.get('dlv_1');

describe('one attempt at a delivery', () => {
  it('delivers the stored bytes, signed, once', async () => {
    expect(await attempt()).toEqual({ state: 'done' });
    expect(await attempt()).toEqual({ state: 'done' });
    expect(receiver.requests).toHaveLength(1);
    const [request] = receiver.requests;
    expect(request?.body.equals(body)).toBe(true);
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'msg_1' });
    new Webhook(secret).verify(body, request?.headers as Record<string, string>);
    expect(row()?.state).toBe('succeeded');
    expect(ledger.attempts.get('dlv_1')).toMatchObject([{ status: 204, outcome: 'succeeded', nextAttemptMs: null }]);
  });

  it('walks down the schedule with the same id and bytes, a fresh time and a valid signature each, then gives up', async () => {
    receiver.answer = (response) => response.writeHead(500).end('<h1>oops</h1>');
    const startMs = clock.nowMs();
    for (let made = 1; made < RETRY_DELAYS_MS.length; made++) {
      const verdict = await attempt();
      const waitMs = RETRY_DELAYS_MS[made] ?? 0;
      expect(verdict).toEqual({ state: 'retry', atMs: clock.nowMs() + waitMs, attempt: made });
      // a job that comes too early does not send: a little early it waits, else it leaves it to the attempt's own job
      expect((await attempt()).state).toBe(waitMs > 60_000 ? 'done' : 'later');
      clock.stepWallClock(RETRY_DELAYS_MS[made] ?? 0);
    }
    expect(await attempt()).toEqual({ state: 'done' });
    expect(row()?.state).toBe('failed');
    expect(receiver.requests).toHaveLength(10);
    expect(receiver.requests.every((request) => request.body.equals(body))).toBe(true);
    expect(new Set(receiver.requests.map((request) => request.headers['webhook-id']))).toEqual(new Set(['msg_1']));
    const stamps = receiver.requests.map((request) => Number(request.headers['webhook-timestamp']));
    expect(stamps.at(-1)).toBe(Math.floor(clock.nowMs() / 1000));
    expect(stamps[0]).toBe(Math.floor(startMs / 1000));
    expect(new Set(receiver.requests.map((request) => request.headers['webhook-signature'])).size).toBe(10);
  });

  it('starts the schedule anew after a replay', async () => {
    receiver.answer = (response) => response.writeHead(500).end();
    Object.assign(row() ?? {}, { attempts: 10, roundAttempts: 0 });
    expect(await attempt()).toEqual({ state: 'retry', atMs: clock.nowMs() + 5_000, attempt: 11 });
  });

  it('treats a redirect as a failure and says why', async () => {
    receiver.answer = (response) => response.writeHead(301, { location: 'https://example.com/' }).end();
    expect(await attempt()).toMatchObject({ state: 'retry' });
    expect(ledger.attempts.get('dlv_1')?.[0]).toMatchObject({
      status: 301,
      outcome: 'retry',
      error: 'HTTP 301: redirects are not followed',
    });
  });

  it('waits as long as Retry-After says', async () => {
    receiver.answer = (response) => response.writeHead(503, { 'retry-after': '120' }).end();
    expect(await attempt()).toEqual({ state: 'retry', atMs: clock.nowMs() + 120_000, attempt: 1 });
  });

  it('disables the endpoint on 410 and cancels what else waits for it', async () => {
    receiver.answer = (response) => response.writeHead(410).end();
    ledger.addDelivery('dlv_2', 'whe_1', text, clock.nowMs());
    expect(await attempt()).toEqual({ state: 'done' });
    expect(row()?.state).toBe('failed');
    expect(ledger.endpoints.get('whe_1')).toMatchObject({ enabled: false });
    expect(ledger.events.map((event) => event.type)).toEqual(['endpoint.disabled']);
    expect(ledger.events[0]?.body).not.toContain(receiver.url);
    expect([queued, announced]).toEqual([['dlv_told'], [1]]);
    expect(await attemptDelivery('dlv_2', parts)).toEqual({ state: 'done' });
    expect(ledger.cancelled.get('dlv_2')).toMatch(/disabled/);
    expect(receiver.requests).toHaveLength(1);
  });

  it('does nothing for the delivery of a removed endpoint, or for one that never was', async () => {
    ledger.endpoints.delete('whe_1');
    expect(await attempt()).toEqual({ state: 'done' });
    expect(await attemptDelivery('dlv_none', parts)).toEqual({ state: 'done' });
    expect(receiver.requests).toHaveLength(0);
  });

  it('sends once when several workers come at the same time', async () => {
    const verdicts = await Promise.all(Array.from({ length: 5 }, attempt));
    expect(receiver.requests).toHaveLength(1);
    expect(verdicts.filter((verdict) => verdict.state === 'done')).toHaveLength(1);
    expect(ledger.attempts.get('dlv_1')).toHaveLength(1);
  });

  it('comes back for a delivery whose worker died with the claim in hand, once the claim has run out', async () => {
    await ledger.claim('dlv_1', { attempts: 0, nowMs: clock.nowMs(), untilMs: clock.nowMs() + 18_000 });
    expect(await attempt()).toEqual({ state: 'later', atMs: clock.nowMs() + 18_000 });
    clock.stepWallClock(18_000);
    expect(await attempt()).toEqual({ state: 'done' });
    expect(receiver.requests).toHaveLength(1);
  });

  it('does not send again because the database hiccupped after the send', async () => {
    ledger.recordFailures = 2;
    const attempted = attempt();
    while (ledger.recordFailures > 0 || row()?.state === 'pending') {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await clock.advance(500);
    }
    expect(await attempted).toEqual({ state: 'done' });
    expect(receiver.requests).toHaveLength(1);
    expect(row()?.state).toBe('succeeded');
  });

  it('does not count an attempt that the stop of the service cut off', async () => {
    receiver.answer = () => {
      stopping.abort();
      void parts.client.close();
    };
    expect(await attempt()).toMatchObject({ state: 'later' });
    expect(ledger.attempts.get('dlv_1')).toBeUndefined();
    expect(row()).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('retries a target that is refused today, without a connection', async () => {
    ledger.addEndpoint('whe_1', 'http://127.0.0.2:1234/');
    expect(await attempt()).toMatchObject({ state: 'retry' });
    expect(ledger.attempts.get('dlv_1')?.[0]?.error).toMatch(/127\.0\.0\.2.*loopback/);
  });

  it('never writes the secret down, neither the good one nor a broken one', async () => {
    await attempt();
    ledger.addDelivery('dlv_1', 'whe_1', text, clock.nowMs());
    const broken = 'whsec_c2hvcnQgY2FuYXJ5';
    Object.assign(ledger.endpoints.get('whe_1') ?? {}, { secret: broken });
    expect(await attempt()).toMatchObject({ state: 'retry' });
    const written = log + JSON.stringify([...ledger.attempts.values()]) + (await metrics.registry.metrics());
    expect(ledger.attempts.get('dlv_1')?.[1]?.error).toMatch(/secret cannot be used/);
    expect(log).toContain('delivery.succeeded');
    for (const canary of [secret.slice(6), broken.slice(6)]) expect(written).not.toContain(canary);
  });
});

describe('a dead endpoint', () => {
  it('takes two places at most, and those turned away get appointments that move on', () => {
    const slots = new EndpointSlots({ concurrency: 8, troubledLimit: 2 });
    const first = slots.take('dead', 0);
    if (first.granted) first.release({ succeeded: false, durationMs: 15_000 });
    const answers = Array.from({ length: 100 }, () => slots.take('dead', 1_000));
    expect(answers.filter((answer) => answer.granted)).toHaveLength(2);
    const times = answers.flatMap((answer) => (answer.granted ? [] : [answer.retryAtMs]));
    expect(times.slice(0, 20)).toEqual([...new Set(times.slice(0, 20))].sort((a, b) => a - b));
    expect(Math.max(...times)).toBeLessThanOrEqual(61_000);
    expect(slots.take('alive', 1_000).granted).toBe(true);
  });

  it('gets its places back once it answers', () => {
    const slots = new EndpointSlots({ concurrency: 8, troubledLimit: 2 });
    const takeOne = (succeeded: boolean) => {
      const slot = slots.take('flaky', 0);
      if (slot.granted) slot.release({ succeeded, durationMs: 10 });
    };
    takeOne(false);
    takeOne(true);
    const granted = Array.from({ length: 8 }, () => slots.take('flaky', 0)).filter((answer) => answer.granted);
    expect(granted).toHaveLength(6);
  });
});
