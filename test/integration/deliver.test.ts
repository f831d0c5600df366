import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openQueues, type WorkQueues } from '../../src/bus/queues.ts';
import { createDeliverRole } from '../../src/deliver/deliver-role.ts';
import type { ClipIncident, EvidenceUpdate } from '../../src/deliver/ports.ts';
import { TargetGuard } from '../../src/deliver/target-guard.ts';
import { sweepOutbox } from '../../src/keep/sweep-outbox.ts';
import { FolderEvidenceStore } from '../../src/media/folder-evidence-store.ts';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { problem } from '../../src/platform/errors.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { Role } from '../../src/platform/role.ts';
import { eventually } from '../support/eventually.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { MemoryLedger } from '../unit/deliver/memory-ledger.ts';
import { Receiver } from '../unit/deliver/receiver.ts';

let redis: TestRedis;
let queues: WorkQueues;
let ledger: MemoryLedger;
let dataDir: string;
let roles: Role[];
let receivers: Receiver[];
const incidents = new Map<string, ClipIncident>();

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.flush();
  queues = openQueues(redis.url, silentLogger);
  ledger = new MemoryLedger();
  dataDir = await mkdtemp(join(tmpdir(), 'vedette-deliver-'));
  roles = [];
  receivers = [];
  incidents.clear();
});
afterEach(async () => {
  await Promise.all(roles.map((role) => role.stop()));
  await queues.close();
  await Promise.all(receivers.map((receiver) => receiver.stop()));
  await rm(dataDir, { recursive: true, force: true });
});

async function startReceiver(answer?: Receiver['answer']): Promise<Receiver> {
  const receiver = await new Receiver(answer).start();
  receivers.push(receiver);
  return receiver;
}

async function startRole(settings: { concurrency?: number; timeoutMs?: number } = {}): Promise<Role> {
  const role = createDeliverRole({
    store: {
      deliveries: ledger,
      endpoints: ledger,
      incidents: {
        get: async (id) => {
          const incident = incidents.get(id);
          if (!incident) throw problem('VDT_NOT_FOUND', { what: 'Incident', id });
          return incident;
        },
        setEvidence: async (id, kind, update: EvidenceUpdate) => {
          const incident = incidents.get(id);
          if (incident) incidents.set(id, { ...incident, [kind]: { ...update, path: update.path ?? null } });
        },
      },
      chunks: { covering: async () => [] },
    },
    redisUrl: redis.url,
    queues,
    eventNotices: { publish: async () => {} },
    media: new FolderEvidenceStore(join(dataDir, 'evidence')),
    guard: new TargetGuard({ allowTargets: ['127.0.0.1/32'] }),
    spawn: systemSpawn,
    random: () => 0,
    clock: systemClock,
    logger: silentLogger,
    metrics: createMetrics(),
    settings: {
      dataDir,
      ffmpegPath: 'ffmpeg',
      ffprobePath: 'ffprobe',
      timeoutMs: settings.timeoutMs ?? 2_000,
      concurrency: settings.concurrency ?? 8,
      clip: { preRollMs: 1_000, postRollMs: 1_000, maxClipMs: 60_000, patienceMs: 1_000 },
    },
  });
  roles.push(role);
  await role.start();
  return role;
}

async function alert(count: number, endpointId: string, first = 0): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `dlv_${endpointId}${first + index}`);
  for (const id of ids) {
    ledger.addDelivery(id, endpointId, JSON.stringify({ type: 'incident.opened', data: { id } }), Date.now());
    await queues.enqueueDelivery(id, 0);
  }
  return ids;
}

const states = (ids: readonly string[]) => new Set(ids.map((id) => ledger.rows.get(id)?.state));
const allSucceeded = (ids: readonly string[], withinMs = 20_000) =>
  eventually(() => expect(states(ids)).toEqual(new Set(['succeeded'])), { withinMs });
const idsAt = (receiver: Receiver) => receiver.requests.map((request) => String(request.headers['webhook-id']));

describe('delivery over a real queue', () => {
  it('brings every alert once, signed, and leaves nothing in Redis', async () => {
    const receiver = await startReceiver();
    const secret = ledger.addEndpoint('whe_1', receiver.url);
    await startRole();
    const ids = await alert(200, 'whe_1');
    await allSucceeded(ids);
    expect(idsAt(receiver).sort()).toEqual(ids.map((id) => id.replace('dlv_', 'msg_')).sort());
    for (const request of receiver.requests) {
      new Webhook(secret).verify(request.body, request.headers as Record<string, string>);
    }
    await eventually(async () => expect(await queues.depth('deliveries')).toBe(0));
  });

  it('sends each once although two workers and doubled jobs are at it', async () => {
    const receiver = await startReceiver();
    ledger.addEndpoint('whe_1', receiver.url);
    await startRole();
    await startRole();
    const ids = await alert(60, 'whe_1');
    for (const id of ids) await queues.enqueueDelivery(id, 0, 7);
    await allSucceeded(ids);
    await eventually(async () => expect(await queues.depth('deliveries')).toBe(0));
    expect(receiver.requests).toHaveLength(60);
  });

  it('loses and doubles nothing when the receiver is down, flaps and comes back', async () => {
    const receiver = await startReceiver();
    ledger.addEndpoint('whe_1', receiver.url);
    await receiver.stop();
    await startRole();
    const down = await alert(10, 'whe_1');
    await eventually(() => expect(down.every((id) => ledger.rows.get(id)?.attempts === 1)).toBe(true));
    expect(states(down)).toEqual(new Set(['pending']));
    // back, but answering 500 to every other request
    receiver.answer = (response, _request, index) => response.writeHead(index % 2 === 0 ? 500 : 200).end();
    await receiver.start();
    await eventually(() => expect(receiver.requests.length).toBeGreaterThanOrEqual(10), { withinMs: 15_000 });
    await eventually(() => expect(states(down).size).toBe(2));
    // those that met a 500 wait for their third attempt in 5 min; time-scaled: it is due now
    receiver.answer = (response) => response.writeHead(200).end();
    for (const row of ledger.rows.values()) if (row.state === 'pending') row.nextAttemptMs = Date.now() - 10_000;
    await sweepOutbox({
      store: { deliveries: { due: async () => down }, incidents: { ...noIncidents } },
      queues,
      clock: systemClock,
    });
    await allSucceeded(down);
    const bodies = new Map<string, Set<string>>();
    for (const request of receiver.requests) {
      const id = String(request.headers['webhook-id']);
      bodies.set(id, (bodies.get(id) ?? new Set()).add(request.body.toString()));
    }
    expect(bodies.size).toBe(10);
    expect([...bodies.values()].every((variants) => variants.size === 1)).toBe(true);
    expect(receiver.requests).toHaveLength(15); // five of the first ten were refused
  });

  it('is not held up by an endpoint that never answers', async () => {
    const dead = await startReceiver(() => {});
    const alive = await startReceiver();
    ledger.addEndpoint('whe_dead', dead.url);
    ledger.addEndpoint('whe_alive', alive.url);
    await startRole({ concurrency: 8, timeoutMs: 3_000 });
    const stuck = await alert(100, 'whe_dead');
    await eventually(() => expect(dead.requests.length).toBeGreaterThan(0));
    const startedMs = performance.now();
    const ids = await alert(100, 'whe_alive');
    await allSucceeded(ids, 5_000);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(states(stuck)).toEqual(new Set(['pending']));
  });

  it('finds again what Redis forgot', async () => {
    const receiver = await startReceiver();
    ledger.addEndpoint('whe_1', receiver.url);
    const ids = await alert(20, 'whe_1');
    await redis.flush(); // before a worker was there
    await startRole();
    await sweepOutbox({
      store: { deliveries: { due: async () => ids }, incidents: { ...noIncidents } },
      queues,
      clock: systemClock,
    });
    await allSucceeded(ids);
    expect(receiver.requests).toHaveLength(20);
  });

  it('goes on by itself after Redis died and came back empty', async () => {
    const receiver = await startReceiver();
    ledger.addEndpoint('whe_1', receiver.url);
    await startRole();
    await allSucceeded(await alert(5, 'whe_1'));
    await redis.stop('SIGKILL');
    await redis.start();
    const more = await eventually(() => alert(5, 'whe_1', 100));
    await allSucceeded(more);
    expect(new Set(idsAt(receiver)).size).toBe(10);
    expect(receiver.requests).toHaveLength(10);
  });

  it('stops within seconds in the midst of an attempt, which another makes again under the same id', async () => {
    const receiver = await startReceiver(() => {});
    ledger.addEndpoint('whe_1', receiver.url);
    const first = await startRole({ timeoutMs: 15_000 });
    const [id = ''] = await alert(1, 'whe_1');
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    const startedMs = performance.now();
    await first.stop();
    expect(performance.now() - startedMs).toBeLessThan(9_000);
    expect(ledger.rows.get(id)).toMatchObject({ state: 'pending', attempts: 0 });
    receiver.answer = (response) => response.writeHead(200).end();
    const row = ledger.rows.get(id);
    if (row) row.nextAttemptMs = Date.now(); // the claim has run out
    await startRole();
    await queues.enqueueDelivery(id, 0, 1);
    await allSucceeded([id]);
    expect(new Set(idsAt(receiver)).size).toBe(1);
  });
});

describe('clips over a real queue', () => {
  it('waits for the recording, then says that there is none', async () => {
    const nowMs = Date.now();
    const nothing = { state: 'pending', path: null } as const;
    incidents.set('inc_1', {
      id: 'inc_1',
      cameraId: 'gate',
      state: 'closed',
      onsetMs: nowMs - 3_000,
      openedMs: nowMs - 2_000,
      lastAnomalousMs: nowMs - 1_000,
      closedMs: nowMs,
      peakMs: nowMs - 1_500,
      clip: nothing,
      snapshot: nothing,
      heatmap: nothing,
      heat: null,
      gridRows: 1,
      gridColumns: 1,
    });
    await startRole();
    await queues.enqueueClip('inc_1', 0, 'closed');
    await queues.enqueueClip('inc_1', 0, 'opened');
    await eventually(() => expect(incidents.get('inc_1')?.clip.state).toBe('failed'), { withinMs: 15_000 });
    expect(Date.now() - nowMs).toBeGreaterThanOrEqual(1_000);
    await eventually(async () => expect(await queues.depth('clips')).toBe(0));
  });
});

const noIncidents = {
  pendingEvidence: async () => [],
  deleteBefore: async () => [],
  existing: async () => new Set<string>(),
};
