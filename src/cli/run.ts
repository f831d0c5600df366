import type { ApiRole } from '../api/api-role.ts';
import type { Config } from '../platform/config-schema.ts';
import { problem, reasonOf } from '../platform/errors.ts';
import { loadConfig, redactedConfig } from '../platform/load-config.ts';
import { createProbeServer } from '../platform/probe-server.ts';
import type { Role } from '../platform/role.ts';
import { type Command, type CommandInput, operand } from './command.ts';
import { syncConfiguredCameras } from './configured-cameras.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openParts, type Parts, readinessChecks } from './parts.ts';
import { ROLE_NAMES, ROLES, type RoleName } from './roles.ts';
import { removeServiceFile, writeServiceFile } from './service-file.ts';

export const upCommand: Command = {
  name: 'up',
  summary: 'Runs everything in one process on this machine, until Ctrl-C. The first start prints an API key, once.',
  usage: '',
  examples: ['vedette up', 'vedette up --config /etc/vedette.yaml'],
  run: (input) => runRoles(input, loadConfig(input.values.config, process.env), ROLE_NAMES),
};

export const runRoleCommand: Command = {
  name: 'run',
  summary: `Runs one role (${ROLE_NAMES.join(', ')}) until Ctrl-C; needs PostgreSQL and Redis, which the roles share.`,
  usage: 'ROLE',
  examples: ['DATABASE_URL=postgres://… REDIS_URL=redis://… vedette run ingest'],
  async run(input) {
    const name = operand(input, 0, `the role (${ROLE_NAMES.join(', ')})`, 'run');
    if (!ROLE_NAMES.includes(name as RoleName))
      throw problem(
        'VDT_USAGE',
        { reason: `there is no role "${name}"` },
        { hint: `One of: ${ROLE_NAMES.join(', ')}.` },
      );
    const config = loadConfig(input.values.config, process.env);
    for (const field of ['databaseUrl', 'redisUrl'] as const) {
      if (config[field] === undefined) {
        throw problem(
          'VDT_CONFIG_INVALID',
          { field, reason: 'is missing: roles in processes of their own meet in PostgreSQL and Redis' },
          {
            hint: `Set ${field} or ${field === 'databaseUrl' ? 'DATABASE_URL' : 'REDIS_URL'}, or run everything in one process with "vedette up".`,
          },
        );
      }
    }
    return runRoles(input, config, [name as RoleName]);
  },
};

async function runRoles(
  { terminal, signal }: CommandInput,
  config: Config,
  names: readonly RoleName[],
): Promise<number> {
  const parts = await openParts(config);
  const { bus, logger } = parts;
  logger.debug({ config: redactedConfig(config) }, 'service.configured');
  if (!bus) throw problem('VDT_INTERNAL', { reason: 'roles need a bus' });
  const started: Role[] = [];
  const stopAll = async () => {
    removeServiceFile(config.dataDir);
    for (const role of started.reverse().splice(0)) {
      await role
        .stop()
        .catch((thrown: unknown) => logger.error({ role: role.name, reason: reasonOf(thrown) }, 'role.stop-failed'));
      logger.info({ role: role.name }, 'role.stopped');
    }
    await parts.close();
  };
  try {
    if (names.includes('api')) await welcome(parts, (text) => terminal.note(text));
    const roles = names.map((name) => ROLES[name](parts, bus));
    if (!names.includes('api')) roles.push(probes(parts));
    for (const role of roles) {
      started.push(role);
      await role.start();
      logger.info({ role: role.name }, 'role.started');
    }
    const api = roles.find((role): role is ApiRole => role.name === 'api');
    const address = api?.address() ?? null;
    if (address !== null && names.length > 1) await announce(parts, address);
    terminal.print(
      address === null ? `${names.join(', ')} running` : `Vedette is up: ${address} (API reference: ${address}/docs)`,
    );
    terminal.result({ roles: names, url: address });
    await new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    logger.info({ roles: names }, 'service.stopping');
    return EXIT_CODES.ok.code;
  } finally {
    await stopAll();
  }
}

/** What the first start does once: the first key, shown on standard output and nowhere else; and the configured cameras. */
async function welcome(parts: Parts, note: (text: string) => void): Promise<void> {
  const first = await parts.store.apiKeys.createFirst({ name: 'first', scopes: ['admin'] });
  if (first) {
    note('The first API key follows on standard output. It is shown this once; "vedette key create" makes more.');
    process.stdout.write(`${first.key}\n`);
  }
  await syncConfiguredCameras(parts);
}

/** Lets other commands on this machine find the service: an administrator's key of its own, new at every start. */
async function announce({ store, config }: Parts, address: string): Promise<void> {
  for (const key of await store.apiKeys.list()) {
    if (key.name === LOCAL_KEY_NAME && key.revokedMs === null) await store.apiKeys.revoke(key.id);
  }
  const { key } = await store.apiKeys.create({ name: LOCAL_KEY_NAME, scopes: ['admin'] });
  writeServiceFile(config.dataDir, {
    url: address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:'),
    key,
    processId: process.pid,
  });
}

const LOCAL_KEY_NAME = 'command line of this machine';

function probes(parts: Parts): Role {
  const { config, metrics } = parts;
  return createProbeServer({ host: config.http.host, port: config.http.port, metrics, checks: readinessChecks(parts) });
}
