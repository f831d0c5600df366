import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** A throwaway PostgreSQL server of its own, in a temporary folder on a free port of the loopback. */
export interface PostgresCluster {
  readonly version: string;
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Stops it and deletes the folder. */
  remove(): Promise<void>;
}

const INSTALLED = '/usr/lib/postgresql';

/** The newest installed server's programs, or null. */
export function findPostgres(): string | null {
  if (!existsSync(INSTALLED)) return null;
  const folders = readdirSync(INSTALLED)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(INSTALLED, version, 'bin'))
    .filter((folder) => existsSync(join(folder, 'initdb')));
  return folders[0] ?? null;
}

/** For `describe.skipIf`: null where the tests can run, else why they cannot. */
export function whyNoPostgres(): string | null {
  return findPostgres() === null ? `no PostgreSQL server under ${INSTALLED}: apt-get install postgresql` : null;
}

interface Run {
  readonly bin: string;
  /** The server refuses to run as root: it runs as this user then. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly folder: string;
}

export async function startPostgres(): Promise<PostgresCluster> {
  const bin = findPostgres();
  if (bin === null) throw new Error(whyNoPostgres() ?? '');
  const owner = userInfo().uid === 0 ? await idsOf('postgres') : null;
  const folder = mkdtempSync(join(tmpdir(), 'vedette-postgres-'));
  if (owner !== null) chownSync(folder, owner.uid, owner.gid);
  const run: Run = { bin, owner, folder };
  const data = join(folder, 'data');
  const port = await freePort();
  await command(run, 'initdb', ['-D', data, '-U', 'vedette', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C']);
  // a zone that is not UTC, and with a half hour: nothing may depend on the server's
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off -c timezone=Asia/Kolkata`;
  const start = async () => {
    await command(run, 'pg_ctl', ['-D', data, '-w', '-t', '60', '-l', join(folder, 'log'), '-o', settings, 'start']);
  };
  const stop = async () => {
    await command(run, 'pg_ctl', ['-D', data, '-w', '-m', 'immediate', 'stop']).catch(() => undefined);
  };
  await start();
  return {
    version: await command(run, 'postgres', ['--version']),
    async createDatabase(name) {
      await command(run, 'createdb', ['-h', '127.0.0.1', '-p', String(port), '-U', 'vedette', name]);
      return `postgres://vedette@127.0.0.1:${port}/${name}`;
    },
    kill: stop,
    start,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function command({ bin, owner, folder }: Run, name: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(bin, name), parameters, {
      cwd: folder,
      // pg_ctl's server keeps these open: a pipe would never end
      stdio: ['ignore', name === 'pg_ctl' ? 'ignore' : 'pipe', name === 'pg_ctl' ? 'ignore' : 'pipe'],
      ...(owner === null ? {} : { uid: owner.uid, gid: owner.gid }),
    });
    let output = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output.trim()) : reject(new Error(`${name}: ${code} ${output}`)),
    );
  });
}

function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const id = (flag: string) =>
    new Promise<number>((resolve, reject) => {
      const child = spawn('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.once('data', (bytes: Buffer) => resolve(Number(bytes.toString())));
      child.once('error', reject);
      child.once('close', (code) => code !== 0 && reject(new Error(`there is no user ${user}`)));
    });
  return Promise.all([id('-u'), id('-g')]).then(([uid, gid]) => ({ uid, gid }));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
