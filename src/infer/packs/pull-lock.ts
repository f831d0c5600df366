import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { problem } from '../../platform/errors.ts';

/** The holder touches its lock this often; one that was not touched for so long belongs to nobody. */
const TOUCH_MS = 30_000;
const ABANDONED_MS = 5 * 60_000;
/** How often a lock that others take and release meanwhile is tried. */
const ATTEMPTS = 5;

/** Locks of this very process: its id in a lock file may also be that of an earlier process with the same id. */
const held = new Set<string>();

export interface PullLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Takes `pull.lock` in the folder of a pack, so that no two pulls write the same files. A lock is taken over where its process has
 * ended (on the same host) or has not touched it for five minutes (another container may hold it, whose processes are not seen here).
 * Throws VDT_PULL_RUNNING.
 */
export async function takePullLock(packId: string, folder: string, clock: Clock): Promise<PullLock> {
  const path = join(folder, 'pull.lock');
  for (let attempt = 0; ; attempt++) {
    if (await create(path, clock)) break;
    const text = await readFile(path, 'utf8').catch((error: unknown) => (codeOf(error) === 'ENOENT' ? null : ''));
    if (text === null && attempt < ATTEMPTS) continue; // released in between
    const holder = holderOf(text ?? '');
    const free = attempt < ATTEMPTS && (await isAbandoned(path, holder, clock)) && (await remove(path, text ?? ''));
    if (!free) throw problem('VDT_PULL_RUNNING', { pack: packId, process: holder.pid, host: holder.host });
  }
  held.add(path);
  let cancel = () => {};
  const touch = () => {
    cancel = clock.after(TOUCH_MS, () => {
      const now = clock.nowMs() / 1_000;
      utimes(path, now, now).then(touch, () => {});
    });
  };
  touch();
  return {
    release: async () => {
      cancel();
      held.delete(path);
      await rm(path, { force: true });
    },
  };
}

let serial = 0;

/** Puts the lock there with its text in one step, so that nobody reads half of it; false where there is one. */
async function create(path: string, clock: Clock): Promise<boolean> {
  serial += 1;
  const fresh = `${path}.${process.pid}-${serial}`;
  const text = JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder);
  try {
    await writeFile(fresh, text);
    const now = clock.nowMs() / 1_000;
    await utimes(fresh, now, now);
    await link(fresh, path).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error;
      return writeFile(path, text, { flag: 'wx' }); // a file system without links
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(fresh, { force: true });
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Who wrote the lock; process 0 of no host where that cannot be read. */
function holderOf(text: string): Holder {
  try {
    const { pid, host } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 && typeof host === 'string')
      return { pid, host };
  } catch {}
  return { pid: 0, host: 'an unknown host' };
}

async function isAbandoned(path: string, { pid, host }: Holder, clock: Clock): Promise<boolean> {
  const touchedMs = (await stat(path).catch(() => null))?.mtimeMs ?? 0;
  if (clock.nowMs() - touchedMs > ABANDONED_MS) return true;
  if (host !== hostname()) return false;
  return pid === process.pid ? !held.has(path) : !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Takes away the lock that says `text`; false where another has come in its place meanwhile. */
async function remove(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return true; // somebody else took it away: creating decides
  }
  const same = (await readFile(aside, 'utf8').catch(() => null)) === text;
  if (!same) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
  return same;
}
