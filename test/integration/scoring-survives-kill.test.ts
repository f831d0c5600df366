import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/platform/logger.ts';
import { openSecretBox } from '../../src/platform/secret-box.ts';
import { openStore } from '../../src/store/open-store.ts';

const LIFE = fileURLToPath(new URL('../support/scoring-life.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const ANOMALY_FROM = 300;
const SEGMENTS = 340;

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function folder(): Promise<string> {
  const created = await mkdtemp(join(tmpdir(), 'vedette-life-'));
  folders.push(created);
  return created;
}

/** Scores until the end, or is killed with SIGKILL once the segment `killAt` is committed. */
async function live(dataDir: string, killAt: number | null): Promise<string | number | null> {
  const args = ['--import', TSX, LIFE, dataDir, join(dataDir, 'key'), String(ANOMALY_FROM), String(SEGMENTS)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<string | number | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (killAt !== null && Number(line) >= killAt) child.kill('SIGKILL');
  }
  return ended;
}

async function outcome(dataDir: string) {
  const secretBox = await openSecretBox(join(dataDir, 'key'));
  const store = await openStore({ dataDir, secretBox, logger: silentLogger });
  try {
    const scores = await store.scores.between('yard', 0, Date.UTC(2027, 0, 1), 1_000);
    const incidents = await store.incidents.list({ limit: 10 });
    const events = await store.events.since(0, 100);
    return { scores, incidents: incidents.items, events: events.map(({ id, type }) => ({ id, type })) };
  } finally {
    await store.close();
  }
}

describe('a camera whose scoring is killed with SIGKILL', { timeout: 300_000 }, () => {
  it('goes on with the same scores, incident and alerts as one that never was', async () => {
    const [steady, killed] = [await folder(), await folder()];
    expect(await live(steady, null)).toBe(0);
    // while scoring, with an incident beginning, and again right after
    expect(await live(killed, 262)).toBe('SIGKILL');
    expect(await live(killed, ANOMALY_FROM + 1)).toBe('SIGKILL');
    expect(await live(killed, ANOMALY_FROM + 9)).toBe('SIGKILL');
    expect(await live(killed, null)).toBe(0);

    const [expected, actual] = [await outcome(steady), await outcome(killed)];
    expect(expected.scores.length).toBe(SEGMENTS - 240);
    expect(expected.incidents).toHaveLength(1);
    expect(actual.scores).toEqual(expected.scores);
    expect(actual.incidents).toEqual(expected.incidents);
    expect(actual.events).toEqual(expected.events);
  });
});
