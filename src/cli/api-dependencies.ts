import { readFileSync } from 'node:fs';
import type { ApiDeps } from '../api/api-deps.ts';
import { PING_EVENT_TYPE } from '../api/schemas/webhook.ts';
import { loadPlan } from '../infer/packs/load-plan.ts';
import type { PackManifest } from '../infer/packs/pack-manifest.ts';
import { testSource } from '../ingest/camera-probe.ts';
import { systemConnectTcp } from '../ingest/connect-tcp.ts';
import { systemLookup } from '../ingest/source-host.ts';
import { parseSourceUrl } from '../ingest/source-url.ts';
import { systemSpawn } from '../platform/child-process.ts';
import { toRfc3339 } from '../platform/clock.ts';
import { problem } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { learnedStateOf } from '../score/camera-scorer.ts';
import { replayStoredScores } from './budget-replay.ts';
import { incidentSettings } from './detection-settings.ts';
import { type Parts, readinessChecks } from './parts.ts';

export const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/** Hands the API what it is made of. Without a bus nothing is announced: no other role runs that could hear it. */
export function apiDependencies(parts: Parts): ApiDeps {
  const { config, store, bus, clock } = parts;
  return {
    store,
    evidence: {
      stat: (key) => parts.media.stat(key),
      open: async (key, range) => ({ stream: await parts.media.open(key, range) }),
    },
    changeNotices: bus?.changeNotices ?? { publish: async () => {} },
    eventNotices: bus?.eventNotices ?? { subscribe: () => () => {} },
    testSource: (url, options) =>
      testSource(url, options, {
        ffprobePath: config.ingest.ffprobePath,
        connectTimeoutMs: config.ingest.connectTimeoutSeconds * 1_000,
        spawn: systemSpawn,
        clock,
        lookup: systemLookup,
        connectTcp: systemConnectTcp,
        logger: parts.logger,
      }),
    checkSource: parseSourceUrl,
    checkPacks: async (ids) => {
      await loadPlan(parts.packs, ids);
    },
    textPackOf: (ids) => readerOf(parts.packs, ids),
    readLearnedState: (state) => learnedStateOf(state),
    checkTarget: (url) => parts.guard.check(url),
    replayBudget: (question) => replayStoredScores(store.scores, incidentSettings(config), question),
    enqueueDelivery: async (id, delayMs) => {
      await bus?.queues.enqueueDelivery(id, delayMs);
    },
    pingEndpoint: (id) => pingEndpoint(parts, id),
    readiness: readinessChecks(parts),
    settings: {
      version: VERSION,
      ...(config.http.publicUrl !== undefined && { publicUrl: config.http.publicUrl }),
      cameraDefaults: {
        alertBudgetPerDay: config.alertBudgetPerDay,
        packs: parts.defaultPacks,
        transport: 'tcp',
        recordChunks: true,
        learningMinutes: null,
      },
    },
    logger: parts.logger,
    metrics: parts.metrics,
    clock,
  };
}

/** The first of the packs, or of the extractors that heads among them bring along, with a text tower. */
async function readerOf(packs: Parts['packs'], ids: readonly string[]): Promise<string | null> {
  for (const id of ids) {
    const own = await manifestOf(packs, id);
    const manifest = own?.kind === 'head' ? await manifestOf(packs, own.extractor) : own;
    if (manifest && manifest.kind !== 'head' && manifest.text) return manifest.id;
  }
  return null;
}

/** Null for a pack that is not here, or broken: then it looks at nothing either. */
async function manifestOf(packs: Parts['packs'], id: string): Promise<PackManifest | null> {
  const pack = await packs.get(id).catch(() => null);
  return pack?.manifest ?? null;
}

/** Puts a test alert for one endpoint into the outbox, on the same way as any other. */
async function pingEndpoint(
  { store, bus, clock }: Parts,
  endpointId: string,
): Promise<{ eventId: string; deliveryId: string }> {
  const endpoint = await store.endpoints.get(endpointId);
  if (!endpoint.enabled)
    throw problem(
      'VDT_CONFLICT',
      { what: 'Webhook endpoint', id: endpointId, reason: 'is disabled' },
      { hint: 'Enable it first.' },
    );
  const id = newId('msg');
  const nowMs = clock.nowMs();
  const body = JSON.stringify({
    type: PING_EVENT_TYPE,
    timestamp: toRfc3339(nowMs),
    data: { endpoint: { id: endpointId } },
  });
  const { deliveryIds } = await store.events.append({
    id,
    type: PING_EVENT_TYPE,
    cameraId: null,
    incidentId: null,
    body,
    createdMs: nowMs,
    endpointIds: [endpointId],
  });
  const [deliveryId] = deliveryIds;
  if (deliveryId === undefined)
    throw problem('VDT_CONFLICT', { what: 'Webhook endpoint', id: endpointId, reason: 'took no test event' });
  await bus?.queues.enqueueDelivery(deliveryId, 0);
  return { eventId: id, deliveryId };
}
