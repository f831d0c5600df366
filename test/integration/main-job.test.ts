import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startWebhookReceiver, type WebhookReceiver } from '../../src/cli/webhook-receiver.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { encodeScene } from '../../src/scene/encode-scene.ts';
import { type RtspServer, startRtspServer } from '../../src/scene/rtsp-server.ts';
import { sceneScript } from '../../src/scene/scene-script.ts';
import { eventually } from '../support/eventually.ts';
import { descendantsOf, type LiveService, processes, runVedette, startLiveService } from '../support/live-service.ts';
import { type PostgresCluster, startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { rtspServerMissing } from '../support/rtsp-server.ts';

/** Stands in the camera's URL and must be found nowhere else. */
const CANARY = 'Canary-Pa55word';
const ANOMALY_SECOND = 5;
const ANOMALY_LENGTH_SECONDS = 18;
const MINUTE_MS = 60_000;

interface IncidentView {
  readonly id: string;
  readonly state: string;
  readonly onset: string;
  readonly opened: string;
  readonly explanation: string;
  readonly evidence: { readonly clip: { readonly state: string } };
}

let folder = '';
const recordings = { normal: '', quiet: '', anomaly: '' };

beforeAll(async () => {
  if (rtspServerMissing) return;
  folder = mkdtempSync(join(tmpdir(), 'vedette-scene-'));
  const street = { streetSeed: 11, framesPerSecond: 10, width: 480, height: 270 };
  const quiet = sceneScript({ ...street, seed: 12, durationSeconds: 20, loop: true });
  const scenes = {
    normal: sceneScript({ ...street, seed: 11, durationSeconds: 120 }),
    quiet,
    anomaly: sceneScript({
      ...quiet,
      durationSeconds: ANOMALY_LENGTH_SECONDS,
      loop: false,
      anomalies: [{ kind: 'vehicle', atSecond: ANOMALY_SECOND }],
    }),
  };
  for (const [name, script] of Object.entries(scenes)) {
    const file = join(folder, `${name}.mp4`);
    await encodeScene({ script, file });
    recordings[name as keyof typeof recordings] = file;
  }
}, 5 * MINUTE_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Stage {
  readonly service: LiveService;
  readonly receiver: WebhookReceiver;
  readonly rtsp: RtspServer;
}

/** A service with a learnt live camera and a webhook. */
async function setStage(settings: Readonly<Record<string, unknown>>): Promise<Stage & { close(): Promise<void> }> {
  const receiver = await startWebhookReceiver(systemClock);
  const rtsp = await startRtspServer({
    mounts: { '/street': recordings.quiet },
    clips: { anomaly: recordings.anomaly },
    credentials: { user: 'viewer', password: CANARY },
  });
  const service = await startLiveService({
    webhooks: { allowTargets: ['127.0.0.0/8'] },
    incident: { quietSeconds: 4, preRollSeconds: 2, postRollSeconds: 1 },
    ingest: { chunkSeconds: 2, stallSeconds: 5 },
    ...settings,
  });
  const { secret } = await service.api.request<{ secret: string }>('POST', '/v1/webhooks', { url: receiver.url });
  receiver.trust(secret);
  const url = new URL(rtsp.url);
  url.username = 'viewer';
  url.password = CANARY;
  await service.api.request('POST', '/v1/cameras', {
    id: 'street',
    name: 'Street',
    url: url.toString(),
    enabled: false,
  });
  const learnt = await runVedette([
    'camera',
    'learn',
    'street',
    recordings.normal,
    '--config',
    service.configFile,
    '--json',
  ]);
  expect(learnt.stderr.split('\n').filter((line) => line.startsWith('error'))).toEqual([]);
  expect(learnt.code).toBe(0);
  await service.api.request('PATCH', '/v1/cameras/street', { enabled: true });
  await whenLive(service);
  return {
    service,
    receiver,
    rtsp,
    async close() {
      await rtsp.stop();
      await service.remove();
      await receiver.close();
    },
  };
}

const whenLive = (service: LiveService) =>
  eventually(
    async () => {
      const camera = await service.api.request<{ status: { state: string }; learning: { done: boolean } }>(
        'GET',
        '/v1/cameras/street',
      );
      expect(camera).toMatchObject({ status: { state: 'live' }, learning: { done: true } });
    },
    { withinMs: 40_000, everyMs: 250 },
  );

const incidentsOf = async (service: LiveService) =>
  (await service.api.request<{ items: IncidentView[] }>('GET', '/v1/incidents?limit=50')).items;

const within = (ms: number) => AbortSignal.timeout(ms);

describe.skipIf(rtspServerMissing)(
  `from the camera to the webhook${rtspServerMissing ? ` (${rtspServerMissing})` : ''}`,
  () => {
    let postgres: PostgresCluster | null = null;
    let redis: TestRedis | null = null;

    beforeAll(async () => {
      if (whyNoPostgres() === null) postgres = await startPostgres();
      redis = await startRedis();
    });
    afterAll(async () => {
      await postgres?.remove();
      await redis?.stop();
    });

    const backends = [
      ['PGlite and an embedded Redis', async () => ({})],
      [
        'PostgreSQL and Redis',
        async () => ({ databaseUrl: await postgres?.createDatabase('main_job'), redisUrl: redis?.url }),
      ],
    ] as const;

    test.each(backends)(
      'on %s: an anomaly becomes one incident, one signed alert, a clip and a timeline, and no password leaves',
      async (name, settings) => {
        if (name.startsWith('PostgreSQL') && !postgres) throw new Error(whyNoPostgres() ?? 'PostgreSQL did not start');
        const stage = await setStage(await settings());
        try {
          const { service, receiver, rtsp } = stage;
          const playing = await rtsp.cut('anomaly');
          const opened = await receiver.waitFor((alert) => alert.type === 'incident.opened', within(40_000));
          expect(opened.receivedMs, 'not before it happened').toBeGreaterThan(
            playing.atMs + ANOMALY_SECOND * 1_000 - 1_000,
          );
          const closed = await receiver.waitFor((alert) => alert.type === 'incident.closed', within(60_000));
          expect((closed.data.incident as IncidentView).id).toBe((opened.data.incident as IncidentView).id);

          const { id } = opened.data.incident as IncidentView;
          const incident = await eventually(
            async () => {
              const view = await service.api.request<IncidentView>('GET', `/v1/incidents/${id}`);
              expect(view).toMatchObject({ state: 'closed', evidence: { clip: { state: 'ready' } } });
              return view;
            },
            { withinMs: 40_000, everyMs: 250 },
          );
          expect(incident.explanation).not.toBe('');
          expect(Date.parse(incident.onset)).toBeLessThanOrEqual(Date.parse(incident.opened));
          expect(await incidentsOf(service)).toHaveLength(1);
          expect(receiver.alerts.filter((alert) => alert.type === 'incident.opened')).toHaveLength(1);
          expect(receiver.rejected).toBe(0);

          const headers = { authorization: `Bearer ${service.key}` };
          const clip = Buffer.from(
            await (await fetch(`${service.url}/v1/incidents/${id}/clip.mp4`, { headers })).arrayBuffer(),
          );
          const clipFile = join(folder, 'clip.mp4');
          writeFileSync(clipFile, clip);
          const probed = execFileSync('ffprobe', [
            '-v',
            'error',
            '-show_entries',
            'format=duration:stream=codec_name',
            '-of',
            'json',
            clipFile,
          ]).toString();
          const { format, streams } = JSON.parse(probed) as {
            format: { duration: string };
            streams: { codec_name: string }[];
          };
          expect(Number(format.duration)).toBeGreaterThan(4);
          expect(streams.map((stream) => stream.codec_name)).toEqual(['h264']);
          const snapshot = Buffer.from(
            await (await fetch(`${service.url}/v1/incidents/${id}/snapshot.jpg`, { headers })).arrayBuffer(),
          );
          expect(snapshot.subarray(0, 2).toString('hex')).toBe('ffd8');

          const range = `from=${new Date(playing.atMs).toISOString()}&to=${new Date().toISOString()}`;
          const { buckets } = await service.api.request<{ buckets: { start: string; max: number; mean: number }[] }>(
            'GET',
            `/v1/cameras/street/scores?${range}&points=100`,
          );
          expect(buckets.length).toBeGreaterThan(20);
          const peak = buckets.reduce((best, bucket) => (bucket.max > best.max ? bucket : best));
          expect(Date.parse(peak.start)).toBeGreaterThan(playing.atMs + ANOMALY_SECOND * 1_000 - 1_500);

          await service.api.request('POST', `/v1/incidents/${id}/review`, { verdict: 'confirmed' });
          expect(
            (await service.api.request<{ items: unknown[] }>('GET', '/v1/incidents?review=confirmed')).items,
          ).toHaveLength(1);

          await expectNoCanary(stage, redis?.url);
        } finally {
          await stage.close();
        }
      },
      5 * MINUTE_MS,
    );

    describe('under faults', () => {
      let stage: Awaited<ReturnType<typeof setStage>>;
      let seen = 0;

      beforeAll(async () => {
        stage = await setStage({});
      }, 4 * MINUTE_MS);
      afterAll(() => stage?.close());
      beforeEach(async () => {
        await whenLive(stage.service);
        seen = stage.receiver.alerts.filter((alert) => alert.type === 'incident.opened').length;
      });
      afterEach(() => expect(stage.receiver.rejected).toBe(0));

      const child = (what: RegExp) => {
        const found = descendantsOf(stage.service.pid).find(({ command }) => what.test(command));
        if (!found)
          throw new Error(
            `no child like ${what}: ${descendantsOf(stage.service.pid)
              .map(({ command }) => command.slice(0, 80))
              .join('\n')}`,
          );
        return found.pid;
      };
      const FFMPEG = /^\S*ffmpeg .*pipe:/;
      const RUNNER = /infer\/runner\/main/;
      const REDIS = /redis-server/;

      /** One anomaly, with the fault at a given moment; exactly one incident must come of it, opened and closed once. */
      async function oneIncidentDespite(fault: (playingMs: number) => Promise<void>): Promise<void> {
        const { receiver, rtsp, service } = stage;
        const before = new Set((await incidentsOf(service)).map(({ id }) => id));
        const playing = await rtsp.cut('anomaly');
        await fault(playing.atMs);
        await eventually(
          async () => {
            const fresh = (await incidentsOf(service)).filter(({ id }) => !before.has(id));
            expect(fresh.map(({ state }) => state)).toEqual(['closed']);
          },
          { withinMs: 70_000, everyMs: 500 },
        );
        const [incident] = (await incidentsOf(service)).filter(({ id }) => !before.has(id));
        await receiver.waitFor(
          (alert) => alert.type === 'incident.closed' && (alert.data.incident as IncidentView).id === incident?.id,
          within(40_000),
        );
        const ids = receiver.alerts
          .filter(
            (alert) =>
              (alert.data.incident as IncidentView | undefined)?.id === incident?.id &&
              alert.type === 'incident.opened',
          )
          .map(({ id }) => id);
        expect(new Set(ids).size, 'one alert id').toBe(1);
        expect(receiver.alerts.filter((alert) => alert.type === 'incident.opened').length).toBe(seen + 1);
      }

      const whenOpen = async () => {
        const openedBefore = seen;
        await eventually(
          () =>
            expect(stage.receiver.alerts.filter((alert) => alert.type === 'incident.opened').length).toBe(
              openedBefore + 1,
            ),
          { withinMs: 40_000, everyMs: 100 },
        );
      };

      test(
        'ffmpeg is killed while an incident is open: the camera comes back, the incident closes once',
        async () => {
          await oneIncidentDespite(async () => {
            await whenOpen();
            const killed = child(FFMPEG);
            process.kill(killed, 'SIGKILL');
            await eventually(() => expect(child(FFMPEG)).not.toBe(killed), { withinMs: 15_000 });
          });
          await whenLive(stage.service);
        },
        3 * MINUTE_MS,
      );

      test(
        'the runner is killed as the anomaly begins: what it held is read again, nothing is lost or doubled',
        async () => {
          await oneIncidentDespite(async (playingMs) => {
            await eventually(() => expect(Date.now()).toBeGreaterThan(playingMs + (ANOMALY_SECOND + 1) * 1_000), {
              withinMs: 30_000,
            });
            const killed = child(RUNNER);
            process.kill(killed, 'SIGKILL');
            await eventually(() => expect(child(RUNNER)).not.toBe(killed), { withinMs: 15_000 });
          });
        },
        3 * MINUTE_MS,
      );

      test(
        'Redis is killed while an incident is open: it heals, and the alerts still come once',
        async () => {
          await oneIncidentDespite(async () => {
            await whenOpen();
            const killed = child(REDIS);
            process.kill(killed, 'SIGKILL');
            await eventually(() => expect(child(REDIS)).not.toBe(killed), { withinMs: 15_000 });
          });
        },
        3 * MINUTE_MS,
      );

      test(
        'the whole service is killed and started again: no child is left over, no incident is lost or doubled',
        async () => {
          const { service } = stage;
          const before = await incidentsOf(service);
          const children = descendantsOf(service.pid).map(({ pid }) => pid);
          expect(children.length).toBeGreaterThanOrEqual(3);
          await service.stop('SIGKILL');
          await eventually(
            () =>
              expect(
                processes()
                  .filter(({ pid, command }) => children.includes(pid) && command !== '')
                  .map(({ command }) => command),
              ).toEqual([]),
            { withinMs: 10_000 },
          );
          await service.restart();
          await whenLive(service);
          expect((await incidentsOf(service)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
          await oneIncidentDespite(async () => {});
        },
        4 * MINUTE_MS,
      );
    });
  },
);

/** The camera's password must stand nowhere: log, process list, environment of children, answers, metrics, Redis, files. */
async function expectNoCanary({ service }: Stage, redisUrl: string | undefined): Promise<void> {
  const places: Record<string, string> = { log: service.output.stderr, output: service.output.stdout };
  for (const { pid, command } of [...descendantsOf(service.pid), { pid: service.pid, command: '' }]) {
    places[`arguments of ${pid}`] = command;
    try {
      places[`environment of ${pid}`] = readFileSync(`/proc/${pid}/environ`, 'utf8');
    } catch {
      // it ended while we looked
    }
  }
  const headers = { authorization: `Bearer ${service.key}` };
  for (const path of [
    '/v1/cameras',
    '/v1/cameras/street',
    '/v1/incidents',
    '/v1/deliveries',
    '/v1/webhooks',
    '/metrics',
    '/openapi.json',
  ]) {
    const response = await fetch(`${service.url}${path}`, { headers });
    expect(response.status, path).toBe(200);
    places[path] = await response.text();
  }
  const refused = await fetch(`${service.url}/v1/cameras`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'x', url: `gopher://u:${CANARY}@host/` }),
  });
  expect(refused.status).toBe(400);
  places['a refused camera'] = await refused.text();
  const failing = await fetch(`${service.url}/v1/cameras/test`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `rtsp://u:${CANARY}@127.0.0.1:1/` }),
  });
  places['a failed test'] = await failing.text();
  expect(places['a failed test']).toContain('refused');
  for (const [name, text] of filesUnder(join(service.folder, 'data'))) places[name] = text;

  const socket = join(service.folder, 'data', 'redis', 'redis.sock');
  const redis = redisUrl && !places.log?.includes('redis.sock') ? new Redis(redisUrl) : new Redis(socket);
  redis.on('error', () => {});
  try {
    for (const key of await redis.keys('*')) places[`Redis ${key}`] = (await redis.dump(key).catch(() => '')) ?? '';
  } finally {
    redis.disconnect();
  }
  const found = Object.entries(places).filter(
    ([, text]) => text.includes(CANARY) || text.includes(Buffer.from(`viewer:${CANARY}`).toString('base64')),
  );
  expect(found.map(([place]) => place)).toEqual([]);
}

function filesUnder(path: string): [string, string][] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.(mkv|mp4|jpg)$/.test(entry.name))
    .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'latin1')]);
}
