import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Config } from '../platform/config-schema.ts';
import { reasonOf } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { redactSecrets, redactUrl } from '../platform/redact.ts';
import type { Command } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openPackRegistry } from './installed-packs.ts';
import { type ProviderTrial, tryProviders } from './provider-trial.ts';
import { readServiceFile } from './service-file.ts';

const execute = promisify(execFile);
const GIGABYTE = 1e9;

interface Finding {
  readonly part: string;
  readonly state: 'ok' | 'warning' | 'missing';
  readonly found: string;
  /** What to do; empty where all is well. */
  readonly remedy: string;
}

const ok = (part: string, found: string): Finding => ({ part, state: 'ok', found, remedy: '' });

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Looks at everything that Vedette needs on this machine: what is found, what is missing, what to do.',
  usage: '',
  async run({ values, terminal }) {
    const config = loadConfig(values.config, process.env);
    const findings: Finding[] = [];
    for (const [index, look] of LOOKS.entries()) {
      terminal.progress(`looking (${index + 1} of ${LOOKS.length})`);
      findings.push(...(await look(config)));
    }
    terminal.progressDone();
    const missing = findings.filter((finding) => finding.state === 'missing');
    for (const finding of findings) {
      terminal.print(
        `${{ ok: 'ok     ', warning: 'warning', missing: 'MISSING' }[finding.state]}  ${finding.part}: ${finding.found}`,
      );
      if (finding.remedy) terminal.print(`         -> ${finding.remedy}`);
    }
    terminal.print(missing.length === 0 ? '\nnothing is missing' : `\n${missing.length} missing`);
    terminal.result({
      ok: missing.length === 0,
      findings: findings.map((finding) => ({ ...finding, found: redactSecrets(finding.found) })),
    });
    return missing.length === 0 ? EXIT_CODES.ok.code : EXIT_CODES.missing.code;
  },
};

async function lookAtNode(): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return [ok('Node.js', process.versions.node)];
  return [
    { part: 'Node.js', state: 'missing', found: process.versions.node, remedy: 'install Node.js 20.19 or later' },
  ];
}

async function lookAtFfmpeg(config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const path of [config.ingest.ffmpegPath, config.ingest.ffprobePath]) {
    try {
      const { stdout } = await execute(path, ['-version'], { timeout: 10_000 });
      const version = /version n?(\d+)\.(\d+)\S*/.exec(stdout);
      const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
      // a build from git names no number: believe it
      const oldVersion = version !== null && (major < 5 || (major === 5 && minor < 1));
      findings.push(
        oldVersion
          ? {
              part: path,
              state: 'missing',
              found: version[0],
              remedy: 'ffmpeg 5.1 or later is needed; Debian 12 has it',
            }
          : ok(path, version?.[0] ?? 'unnumbered build'),
      );
    } catch (thrown) {
      findings.push({
        part: path,
        state: 'missing',
        found: firstLine(thrown),
        remedy: 'apt-get install ffmpeg (macOS: brew install ffmpeg), or set ingest.ffmpegPath',
      });
    }
  }
  try {
    const { stdout } = await execute(config.ingest.ffmpegPath, ['-hide_banner', '-protocols'], { timeout: 10_000 });
    const lacking = ['rtmp', 'https', 'tls', 'hls'].filter((protocol) => !stdout.includes(protocol));
    findings.push(
      lacking.length === 0
        ? ok('ffmpeg protocols', 'rtmp, https, tls, hls')
        : {
            part: 'ffmpeg protocols',
            state: 'warning',
            found: `without ${lacking.join(', ')}`,
            remedy: 'cameras with these schemes cannot be opened; install a full ffmpeg build',
          },
    );
  } catch {
    // reported above
  }
  return findings;
}

async function lookAtRedis(config: Config): Promise<Finding[]> {
  if (config.redisUrl) {
    const { Redis } = await import('ioredis');
    const client = new Redis(config.redisUrl, {
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      connectTimeout: 5_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown version';
      const policy = /maxmemory_policy:(\S+)/.exec(await client.info('memory'))?.[1] ?? 'unknown';
      if (policy !== 'noeviction') {
        return [
          {
            part: 'Redis',
            state: 'warning',
            found: `${version}, maxmemory-policy ${policy}`,
            remedy: 'set maxmemory-policy noeviction: queues must not lose keys',
          },
        ];
      }
      return [ok('Redis', `${version} at ${redactUrl(config.redisUrl)}, noeviction`)];
    } catch (thrown) {
      return [
        {
          part: 'Redis',
          state: 'missing',
          found: `${redactUrl(config.redisUrl)}: ${firstLine(thrown)}`,
          remedy: 'start it, or correct redisUrl / REDIS_URL',
        },
      ];
    } finally {
      client.disconnect();
    }
  }
  try {
    const { stdout } = await execute('redis-server', ['--version'], { timeout: 10_000 });
    return [ok('Redis', `redis-server ${/v=(\S+)/.exec(stdout)?.[1] ?? ''} (embedded: no redisUrl is set)`)];
  } catch (thrown) {
    return [
      {
        part: 'Redis',
        state: 'missing',
        found: firstLine(thrown),
        remedy: 'apt-get install redis-server (macOS: brew install redis), or set redisUrl / REDIS_URL',
      },
    ];
  }
}

async function lookAtDatabase(config: Config): Promise<Finding[]> {
  if (!config.databaseUrl)
    return [
      ok(
        'database',
        `embedded PGlite in ${config.dataDir} (one process only; set databaseUrl / DATABASE_URL for more)`,
      ),
    ];
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: config.databaseUrl, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? '';
    if (Number.parseInt(version, 10) < 15)
      return [
        { part: 'database', state: 'missing', found: `PostgreSQL ${version}`, remedy: 'PostgreSQL 15 to 18 is needed' },
      ];
    return [ok('database', `PostgreSQL ${version} at ${redactUrl(config.databaseUrl)}`)];
  } catch (thrown) {
    return [
      {
        part: 'database',
        state: 'missing',
        found: `${redactUrl(config.databaseUrl)}: ${firstLine(thrown)}`,
        remedy: 'start it, or correct databaseUrl / DATABASE_URL',
      },
    ];
  } finally {
    await client.end().catch(() => {});
  }
}

/** Tries each provider; a machine without a GPU is in order as long as one that is wanted works. */
async function lookAtProviders(config: Config): Promise<Finding[]> {
  try {
    const trials = await tryProviders(config, openPackRegistry(config));
    const wanted = config.infer.providers.map((name) => trials.find(({ provider }) => provider === name));
    const chosen = wanted.find((trial) => trial?.works)?.provider ?? null;
    return trials.map((trial) => providerFinding(trial, chosen));
  } catch (thrown) {
    return [{ part: 'ONNX Runtime', state: 'missing', found: firstLine(thrown), remedy: 'run scripts/setup.sh again' }];
  }
}

/** @param chosen the first provider of the configuration that works */
function providerFinding({ provider, wanted, works, reason, remedy }: ProviderTrial, chosen: string | null): Finding {
  const part = `provider ${provider}`;
  if (works) {
    const use = provider === chosen ? 'works, packs run on it' : wanted ? 'works, a faster one is before it' : 'works';
    return ok(part, wanted ? use : `${use}; not in infer.providers`);
  }
  if (!wanted) return ok(part, `not in infer.providers, and would not work here: ${reason ?? ''}`);
  const state = chosen === null ? 'missing' : 'warning';
  return { part, state, found: `refused: ${reason ?? ''}`, remedy: remedy ?? '' };
}

async function lookAtDisk(config: Config): Promise<Finding[]> {
  try {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    const disk = await statfs(config.dataDir);
    const freeGigabytes = (disk.bavail * disk.bsize) / GIGABYTE;
    const found = `${freeGigabytes.toFixed(1)} GB free in ${config.dataDir}`;
    if (freeGigabytes < config.retention.minimumFreeGigabytes) {
      return [
        {
          part: 'disk',
          state: 'warning',
          found,
          remedy: `less than retention.minimumFreeGigabytes (${config.retention.minimumFreeGigabytes}): old chunks are deleted early`,
        },
      ];
    }
    return [ok('disk', found)];
  } catch (thrown) {
    return [
      {
        part: 'disk',
        state: 'missing',
        found: `${config.dataDir}: ${firstLine(thrown)}`,
        remedy: 'make the folder writable, or set dataDir / VEDETTE_DATA_DIR',
      },
    ];
  }
}

async function lookAtService(config: Config): Promise<Finding[]> {
  const service = readServiceFile(config.dataDir);
  return [
    ok(
      'service',
      service ? `running at ${service.url} (process ${service.processId})` : 'not running on this data folder',
    ),
  ];
}

function firstLine(thrown: unknown): string {
  const text = redactSecrets(reasonOf(thrown)).split('\n')[0] ?? '';
  return text === '' ? 'no answer' : text;
}

const LOOKS = [
  lookAtNode,
  lookAtFfmpeg,
  lookAtRedis,
  lookAtDatabase,
  lookAtProviders,
  lookAtDisk,
  lookAtService,
] as const;
