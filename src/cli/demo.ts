import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { exitOf, PROCESS_STOP_LADDER, stopChild, systemSpawn } from '../platform/child-process.ts';
import { systemClock, toRfc3339 } from '../platform/clock.ts';
import { problem } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { startRtspServer } from '../scene/rtsp-server.ts';
import { ApiClient } from './api-client.ts';
import type { Command, CommandInput } from './command.ts';
import { recordDemoScene } from './demo-scene-files.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { learnFromFiles } from './learn.ts';
import { readServiceFile, type ServiceFile } from './service-file.ts';
import { clockTime } from './terminal.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

const CAMERA_ID = 'street';
const START_LIMIT_MS = 60_000;
const LIVE_LIMIT_MS = 30_000;
/** From the start of the anomalous minute to the alert. */
const ALERT_LIMIT_MS = 75_000;
const EVIDENCE_LIMIT_MS = 60_000;
const POLL_MS = 250;

interface IncidentView {
  readonly id: string;
  readonly severity: string;
  readonly onset: string;
  readonly opened: string;
  readonly explanation: string;
  readonly peakScore: number;
  readonly evidence: { readonly clip: { readonly state: string } };
}

export const demoCommand: Command = {
  name: 'demo',
  summary:
    'Shows the whole way on this machine, from a camera to a verified webhook, in about two minutes.\n\n' +
    'A generated street over a real RTSP server becomes a camera; the camera learns from a recording; something happens;\n' +
    'an incident opens; a signed webhook arrives; a clip and a timeline are fetched.',
  usage: '',
  options: {
    keep: { type: 'boolean', help: 'stay up afterwards, until Ctrl-C' },
    seed: { type: 'string', help: 'another number, another street (default 7)' },
  },
  run: demo,
};

async function demo(input: CommandInput): Promise<number> {
  const { terminal, signal } = input;
  const seed = Number(input.values.seed ?? 7);
  if (!Number.isInteger(seed)) throw problem('VDT_USAGE', { reason: '--seed must be a whole number' });
  const folder = resolve(loadConfig(input.values.config, process.env).dataDir, 'demo');
  const closing: (() => Promise<unknown>)[] = [];
  const step = (text: string) => terminal.print(`${clockTime(systemClock.nowMs())}  ${text}`);
  try {
    await rm(folder, { recursive: true, force: true });
    const configFile = await writeConfig(folder);
    const config = loadConfig(configFile, {});
    step('drawing a street: walkers, shadows, noise; one recording to learn from, one with something in it');
    const files = await recordDemoScene({
      folder: join(folder, 'recordings'),
      seed,
      ffmpegPath: config.ingest.ffmpegPath,
      terminal,
      signal,
    });

    const receiver = await startWebhookReceiver(systemClock);
    closing.push(() => receiver.close());
    const service = await startService(folder, configFile, signal, closing);
    step(`service is up at ${service.url}`);
    const api = new ApiClient(service.url, service.key);

    const endpoint = await api.request<{ secret: string }>('POST', '/v1/webhooks', {
      url: receiver.url,
      description: 'the demo itself',
    });
    receiver.trust(endpoint.secret);

    const server = await startRtspServer({
      mounts: { '/street': files.quiet },
      clips: { anomaly: files.live },
      credentials: { user: 'viewer', password: 'demo-password' },
    });
    closing.push(() => server.stop());
    const source = new URL(server.url);
    source.username = 'viewer';
    source.password = 'demo-password';
    await api.request('POST', '/v1/cameras', {
      id: CAMERA_ID,
      name: 'Generated street',
      url: source.toString(),
      enabled: false,
    });
    step(`camera added: ${server.url}`);
    const learnt = await learnFromFiles({
      cameraId: CAMERA_ID,
      files: [files.normal],
      config,
      control: { request: (method, path, body) => api.request(method, path, body), close: async () => {} },
      terminal,
      signal,
    });
    step(`learnt what is normal from ${Math.round(learnt.seconds)} s of recording`);

    await api.request('PATCH', `/v1/cameras/${CAMERA_ID}`, { enabled: true });
    await poll(
      async () => {
        const camera = await api.request<{ status: { state: string } }>('GET', `/v1/cameras/${CAMERA_ID}`);
        return camera.status.state === 'live' ? camera : null;
      },
      LIVE_LIMIT_MS,
      'the camera to go live',
      signal,
    );
    step('camera is live and watched');

    const playing = await server.cut('anomaly');
    const anomalyMs = playing.atMs + files.anomalySecond * 1_000;
    const wait = AbortSignal.any([signal, AbortSignal.timeout(ALERT_LIMIT_MS)]);
    const alert = await receiver
      .waitFor((candidate) => candidate.type === 'incident.opened' && candidate.receivedMs >= playing.atMs, wait)
      .catch(() => {
        signal.throwIfAborted();
        throw problem('VDT_DEMO_FAILED', {
          step: 'the alert',
          reason: `none came within ${ALERT_LIMIT_MS / 1000} s; ${receiver.rejected} webhooks were rejected`,
        });
      });
    const incidentId = (alert.data.incident as { id: string }).id;
    const detectSeconds = (alert.receivedMs - anomalyMs) / 1_000;
    if (detectSeconds < 0) {
      throw problem('VDT_DEMO_FAILED', {
        step: 'the alert',
        reason: `it came ${(-detectSeconds).toFixed(1)} s before anything happened: a false alert`,
      });
    }
    step(
      `webhook ${alert.id} received, signature verified by standardwebhooks, ${detectSeconds.toFixed(2)} s after the van came into the picture`,
    );

    const incident = await poll(
      async () => {
        const view = await api.request<IncidentView>('GET', `/v1/incidents/${incidentId}`);
        return view.evidence.clip.state === 'ready' ? view : null;
      },
      EVIDENCE_LIMIT_MS,
      'the evidence clip',
      signal,
    );
    const clip = await download(service, `/v1/incidents/${incidentId}/clip.mp4`);
    const clipFile = join(folder, 'clip.mp4');
    await writeFile(clipFile, clip);
    await writeFile(join(folder, 'snapshot.jpg'), await download(service, `/v1/incidents/${incidentId}/snapshot.jpg`));
    step(`incident ${incidentId}: ${incident.severity}, ${incident.explanation}`);
    step(`clip fetched (${clip.length} bytes): ${clipFile}`);

    const from = toRfc3339(playing.atMs - 5_000);
    const to = toRfc3339(systemClock.nowMs());
    const timeline = await api.request<{ buckets: { start: string; max: number }[] }>(
      'GET',
      `/v1/cameras/${CAMERA_ID}/scores?from=${from}&to=${to}&points=60`,
    );
    terminal.print(
      `\n  score, ${from.slice(11, 19)} to ${to.slice(11, 19)} UTC\n  ${sparkline(timeline.buckets.map((bucket) => bucket.max))}\n`,
    );
    if (input.flags.keep) {
      terminal.print(
        `look around:  curl -u key:$(node -p 'require("${join(folder, 'service.json')}").key') ${service.url}/v1/incidents/${incidentId}`,
      );
      step('staying up (--keep); Ctrl-C ends it');
      await systemClock.sleep(2 ** 31 - 1, signal);
    } else {
      terminal.print(
        `look at ${folder}: clip.mp4, snapshot.jpg, vedette.log; with --keep the service stays up to look around`,
      );
    }
    terminal.result({
      incident: incidentId,
      detectSeconds: Number(detectSeconds.toFixed(3)),
      webhookVerified: true,
      clipBytes: clip.length,
      severity: incident.severity,
      webhookId: alert.id,
    });
    return EXIT_CODES.ok.code;
  } finally {
    terminal.progressDone();
    for (const close of closing.reverse()) await close().catch(() => {});
  }
}

async function writeConfig(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'vedette.yaml');
  const settings = {
    dataDir: folder,
    http: { port: 0 },
    log: { level: 'info' },
    incident: { quietSeconds: 5, preRollSeconds: 3, postRollSeconds: 2 },
    ingest: { chunkSeconds: 2 },
    webhooks: { allowTargets: ['127.0.0.0/8'] },
  };
  await writeFile(file, stringify(settings));
  return file;
}

/** `vedette up` as a user would start it: a process of its own. Its log goes to a file in the folder. */
async function startService(
  folder: string,
  configFile: string,
  signal: AbortSignal,
  closing: (() => Promise<unknown>)[],
): Promise<ServiceFile> {
  const log = createWriteStream(join(folder, 'vedette.log'), { mode: 0o600 });
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = systemSpawn(process.execPath, [main, 'up', '--config', configFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR },
  });
  const lines: string[] = [];
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.write(`${line}\n`);
      lines.push(line);
      if (lines.length > 5) lines.shift();
    });
  }
  closing.push(() => stopChild(child, systemClock, PROCESS_STOP_LADDER));
  const ended = exitOf(child);
  let dead = false;
  void ended.then(() => {
    dead = true;
  });
  return poll(
    async () => {
      if (dead) throw problem('VDT_DEMO_FAILED', { step: 'the service', reason: `it ended: ${lines.join(' | ')}` });
      const file = readServiceFile(folder);
      const ready = file && (await fetch(`${file.url}/readyz`).catch(() => null))?.ok === true;
      return ready ? file : null;
    },
    START_LIMIT_MS,
    'the service to start',
    signal,
  );
}

/** Looks again and again until `find` finds something; VDT_DEMO_FAILED after `limitMs`. */
async function poll<Found>(
  find: () => Promise<Found | null>,
  limitMs: number,
  what: string,
  signal: AbortSignal,
): Promise<Found> {
  const untilMs = systemClock.monotonicMs() + limitMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await find();
    if (found !== null) return found;
    if (systemClock.monotonicMs() > untilMs) {
      throw problem('VDT_DEMO_FAILED', { step: what, reason: `not within ${limitMs / 1000} s` });
    }
    await systemClock.sleep(POLL_MS, signal);
  }
}

async function download(service: ServiceFile, path: string): Promise<Buffer> {
  const response = await fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${service.key}` } });
  if (!response.ok) throw problem('VDT_DEMO_FAILED', { step: `GET ${path}`, reason: `answered ${response.status}` });
  return Buffer.from(await response.arrayBuffer());
}

const BARS = '▁▂▃▄▅▆▇█';

function sparkline(values: readonly number[]): string {
  return values.map((value) => BARS.charAt(Math.min(BARS.length - 1, Math.floor(value * BARS.length)))).join('');
}
