import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ApiClient } from '../../src/cli/api-client.ts';
import { readServiceFile } from '../../src/cli/service-file.ts';
import { exitOf, systemSpawn } from '../../src/platform/child-process.ts';
import { eventually } from './eventually.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

/** `vedette …` as a process of its own, as built by test/support/build-once.ts. */
export function vedette(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = systemSpawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (bytes: Buffer) => {
    output.stdout += bytes.toString();
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    output.stderr += bytes.toString();
  });
  return { child, output, exit: exitOf(child) };
}

/** Runs a command to its end. */
export async function runVedette(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { output, exit } = vedette(args, env);
  const { code } = await exit;
  return { code, ...output };
}

export interface LiveService {
  readonly folder: string;
  readonly configFile: string;
  readonly api: ApiClient;
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  readonly output: { readonly stdout: string; readonly stderr: string };
  /** Ends it: SIGTERM waits for a clean end, SIGKILL is a crash. */
  stop(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same data folder. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** A whole service as `vedette up` starts it, on a data folder of its own and a free port. */
export async function startLiveService(settings: Readonly<Record<string, unknown>>): Promise<LiveService> {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-live-'));
  const configFile = join(folder, 'vedette.yaml');
  mkdirSync(join(folder, 'data'));
  const dataDir = join(folder, 'data');
  writeFileSync(configFile, stringify({ dataDir, http: { port: 0 }, ...settings }));
  let run = vedette(['up', '--config', configFile]);

  const whenReady = () =>
    eventually(
      async () => {
        if (run.child.exitCode !== null) throw new Error(`the service ended: ${run.output.stderr.slice(-2000)}`);
        const service = readServiceFile(dataDir);
        if (!service || service.processId !== run.child.pid) throw new Error('not up yet');
        const ready = await fetch(`${service.url}/readyz`);
        if (!ready.ok) throw new Error(`not ready: ${await ready.text()}`);
        return service;
      },
      { withinMs: 60_000, everyMs: 100 },
    );
  let service = await whenReady();
  const stop = async (how: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    if (run.child.exitCode === null && run.child.signalCode === null) run.child.kill(how);
    await run.exit;
  };
  return {
    folder,
    configFile,
    get api() {
      return new ApiClient(service.url, service.key);
    },
    get url() {
      return service.url;
    },
    get key() {
      return service.key;
    },
    get pid() {
      return run.child.pid ?? 0;
    },
    get output() {
      return run.output;
    },
    stop,
    async restart() {
      run = vedette(['up', '--config', configFile]);
      service = await whenReady();
    },
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
}

/** Every process of this machine, from /proc. */
export function processes(): RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state = '', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), parent: Number(parent), state, command }];
      } catch {
        return []; // it ended while we looked
      }
    });
}

/** All that descend from `pid`. */
export function descendantsOf(pid: number, all = processes()): RunningProcess[] {
  return all.filter((entry) => entry.parent === pid).flatMap((entry) => [entry, ...descendantsOf(entry.pid, all)]);
}
