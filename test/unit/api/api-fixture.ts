import { Readable } from 'node:stream';
import pino from 'pino';
import type { ApiDeps } from '../../../src/api/api-deps.ts';
import type { ApiInstance } from '../../../src/api/api-instance.ts';
import { createApp } from '../../../src/api/app.ts';
import type { ApiStore, Scope } from '../../../src/api/ports.ts';
import { type Clock, systemClock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import type { IncidentState } from '../../../src/store/incidents.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';

/** Marks a sealed text, so that a leak of the plain one shows. */
const secretBox = {
  seal: (plain: string) => Buffer.from(plain).toString('base64'),
  open: (sealed: string) => Buffer.from(sealed, 'base64').toString(),
};

export interface ApiFixture {
  readonly app: ApiInstance;
  readonly deps: ApiDeps;
  readonly store: Store;
  /** Authorization headers, by scope. */
  readonly as: Readonly<Record<Scope, { readonly authorization: string }>>;
  readonly keys: Readonly<Record<Scope, { readonly id: string; readonly key: string }>>;
  readonly logLines: string[];
  readonly changes: { readonly kind: string; readonly id: string }[];
  readonly enqueued: string[];
  readonly evidence: Map<string, Buffer>;
  /** As the bus does: tells the live streams that there is an event. */
  noticeEvent(): void;
  close(): Promise<void>;
}

/** An embedded database takes a second to open, and much longer beside other work on the same cores. */
export const OPEN_TIMEOUT_MS = 120_000;

/** The whole API over a real store in memory; what lies outside of both is a plain stand-in. */
export async function openApi(
  overrides: Partial<ApiDeps> = {},
  clock: Clock = systemClock,
  shared?: Store,
): Promise<ApiFixture> {
  const store = shared ?? (await openStore({ dataDir: null, secretBox, logger: silentLogger, clock }));
  const logLines: string[] = [];
  const changes: { kind: string; id: string }[] = [];
  const enqueued: string[] = [];
  const evidence = new Map<string, Buffer>();
  const listeners = new Set<() => void>();
  const apiStore: ApiStore = store; // the real store fits the port

  const deps: ApiDeps = {
    store: apiStore,
    evidence: {
      stat: async (key) => {
        const bytes = evidence.get(key);
        return bytes ? { sizeBytes: bytes.length, etag: `"${bytes.length}"` } : null;
      },
      open: async (key, range) => ({
        stream: Readable.from([
          (evidence.get(key) ?? Buffer.alloc(0)).subarray(range?.start ?? 0, (range?.end ?? 1e9) + 1),
        ]),
      }),
    },
    changeNotices: { publish: async (notice) => void changes.push({ ...notice }) },
    eventNotices: {
      subscribe: (onNotice) => {
        const listener = () => onNotice({ sequence: 0 });
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    testSource: async () => ({ ok: true, failure: null, video: null, durationMs: 1 }),
    checkSource: () => undefined,
    checkPacks: () => undefined,
    textPackOf: async (ids) => ids.find((id) => id.startsWith('clip-')) ?? null,
    readLearnedState: () => ({ done: true, progress: 1, observedSegments: 9, requiredSegments: 9 }),
    checkTarget: async () => undefined,
    replayBudget: async () => ({
      alerts: 0,
      reviews: 0,
      alertsPerDay: null,
      watchedDays: 0,
      missingSeconds: 0,
      incidents: [],
    }),
    enqueueDelivery: async (id) => void enqueued.push(id),
    pingEndpoint: async () => ({ eventId: 'msg_1', deliveryId: 'dlv_1' }),
    readiness: [{ name: 'database', check: () => store.check() }],
    settings: {
      version: '0.0.0-test',
      cameraDefaults: {
        alertBudgetPerDay: 1,
        packs: ['motion-grid'],
        transport: 'tcp',
        recordChunks: true,
        learningMinutes: null,
      },
    },
    logger: pino({ level: 'debug', base: null }, { write: (line: string) => void logLines.push(line) }),
    metrics: createMetrics(),
    clock,
    ...overrides,
  };
  const app = await createApp(deps);
  const create = (scope: Scope) => store.apiKeys.create({ name: scope, scopes: [scope] });
  const keys = { read: await create('read'), write: await create('write'), admin: await create('admin') };
  const bearer = (scope: Scope) => ({ authorization: `Bearer ${keys[scope].key}` });
  return {
    app,
    deps,
    store,
    keys,
    as: { read: bearer('read'), write: bearer('write'), admin: bearer('admin') },
    logLines,
    changes,
    enqueued,
    evidence,
    noticeEvent: () => {
      for (const listener of [...listeners]) listener();
    },
    close: async () => {
      await app.close();
      if (!shared) await store.close();
    },
  };
}

/** A camera with an incident, as ingest and infer would have left them. */
export async function seedIncident(
  store: Store,
  cameraId: string,
  incidentId: string,
  onsetMs: number,
  changes: Partial<IncidentState> = {},
): Promise<void> {
  const known = await store.cameras.get(cameraId).catch(() => null);
  if (!known) await store.cameras.create({ id: cameraId, name: `Camera ${cameraId}`, url: 'rtsp://192.0.2.1/s' });
  const token = await store.cameras.takeToken(cameraId, 'scoring');
  const incident = {
    id: incidentId,
    cameraId,
    state: 'closed' as const,
    decision: 'alert' as 'alert' | 'review',
    certainty: 0.93,
    severity: 'high' as const,
    kind: 'fast-motion',
    title: 'fast motion',
    object: null,
    onsetMs,
    openedMs: onsetMs + 1_600,
    lastAnomalousMs: onsetMs + 8_000,
    closedMs: onsetMs + 38_000,
    peakScore: 0.99,
    peakMs: onsetMs + 4_000,
    peakCues: [{ name: 'speed', raw: 4.2, probability: 0.001, cell: { row: 1, column: 2 } }],
    peakCell: { row: 1, column: 2 },
    explanation: 'Motion far faster than this camera has seen here.',
    nearestNormal: [{ atMs: onsetMs - 3_600_000, distance: 2.5 }],
    heat: Array.from({ length: 96 }, () => 0.5),
    descriptors: [],
    revision: 1,
    gridRows: 8,
    gridColumns: 12,
    ...changes,
  };
  await store.commitScores({
    cameraId,
    token,
    records: Array.from({ length: 10 }, (_, i) => ({
      cameraId,
      epoch: onsetMs,
      sequence: i,
      endMs: onsetMs + i * 1_000,
      score: i / 10,
      certainty: 1,
      cues: [],
      hottestCell: null,
    })),
    changes: [{ type: 'opened', incident }],
    events: [
      {
        id: incidentId.replace('inc_', 'msg_'),
        type: 'incident.opened',
        cameraId,
        incidentId,
        body: JSON.stringify({ type: 'incident.opened', data: { incident: { id: incidentId } } }),
        createdMs: onsetMs,
      },
    ],
    runtime: {},
  });
}
