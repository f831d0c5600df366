import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { parseDocument } from 'yaml';
import { type Config, configSchema } from './config-schema.ts';
import { problem, reasonOf } from './errors.ts';
import { redactUrl } from './redact.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variable to configuration path; a set variable wins over the file. */
export const ENVIRONMENT_FIELDS = {
  DATABASE_URL: ['databaseUrl'],
  REDIS_URL: ['redisUrl'],
  VEDETTE_DATA_DIR: ['dataDir'],
  VEDETTE_SECRET_KEY_FILE: ['secretKeyFile'],
  VEDETTE_HTTP_HOST: ['http', 'host'],
  VEDETTE_HTTP_PORT: ['http', 'port'],
  VEDETTE_PUBLIC_URL: ['http', 'publicUrl'],
  VEDETTE_LOG_LEVEL: ['log', 'level'],
} as const;

const DEFAULT_FILE = 'vedette.yaml';

/**
 * Reads `file` (default: vedette.yaml, if it is there), puts environment variables over it and fills in defaults.
 * Paths come back absolute. Throws VDT_CONFIG_INVALID with the field, the reason and what to do.
 */
export function loadConfig(file: string | undefined, environment: Environment): Config {
  const path = resolve(file ?? environment.VEDETTE_CONFIG ?? DEFAULT_FILE);
  const text = readIfThere(path, file !== undefined || environment.VEDETTE_CONFIG !== undefined);
  const raw = text === null ? {} : parseYaml(text, path, environment);
  return parseConfig(applyEnvironment(raw, environment), text === null ? process.cwd() : dirname(path));
}

/** Checks a plain object against the schema; `baseDir` anchors relative paths. */
export function parseConfig(raw: unknown, baseDir: string): Config {
  const filled = Value.Default(configSchema, structuredClone(raw));
  const [first] = [...Value.Errors(configSchema, filled)].filter((error) => error.keyword !== 'boolean');
  if (first) throw invalidField(first, filled);
  const config = filled as Config;
  const seen = new Set<string>();
  config.cameras.forEach((camera, index) => {
    if (seen.has(camera.id)) {
      throw problem(
        'VDT_CONFIG_INVALID',
        { field: `cameras[${index}].id`, reason: `"${camera.id}" stands there twice` },
        { hint: 'Give each camera an id of its own.' },
      );
    }
    seen.add(camera.id);
  });
  assertTimeZone(config.incident.severity.timeZone);
  const dataDir = resolve(baseDir, config.dataDir);
  return {
    ...config,
    dataDir,
    secretKeyFile: config.secretKeyFile ? resolve(baseDir, config.secretKeyFile) : resolve(dataDir, 'secret.key'),
    packs: { ...config.packs, ...(config.packs.directory && { directory: resolve(baseDir, config.packs.directory) }) },
  };
}

function assertTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw problem(
      'VDT_CONFIG_INVALID',
      { field: 'incident.severity.timeZone', reason: `"${timeZone}" is no time zone` },
      { hint: 'Write an IANA name, for instance Europe/Berlin.' },
    );
  }
}

/** The configuration as it may be shown: no password, no database or Redis credentials. */
export function redactedConfig(config: Config): Config {
  return {
    ...config,
    ...(config.databaseUrl && { databaseUrl: redactUrl(config.databaseUrl) }),
    ...(config.redisUrl && { redisUrl: redactUrl(config.redisUrl) }),
    cameras: config.cameras.map((camera) => ({ ...camera, url: redactUrl(camera.url) })),
  };
}

function readIfThere(path: string, required: boolean): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (!required && (thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw problem(
      'VDT_CONFIG_INVALID',
      { field: path, reason: `the file cannot be read: ${reasonOf(thrown)}` },
      { hint: 'Check the path given with --config or VEDETTE_CONFIG.' },
    );
  }
}

function parseYaml(text: string, path: string, environment: Environment): Record<string, unknown> {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error)
    throw problem('VDT_CONFIG_INVALID', { field: path, reason: `not YAML: ${error.message.split('\n')[0] ?? ''}` });
  const value = (document.toJS() ?? {}) as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw problem('VDT_CONFIG_INVALID', { field: path, reason: 'the file must hold fields with values' });
  }
  return substitute(value, environment, '') as Record<string, unknown>;
}

/** Puts `${VEDETTE_…}` in. Other variables stay out of reach, so that a shared file cannot read the host's secrets. */
function substitute(value: unknown, environment: Environment, field: string): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z0-9_]+)\}/g, (_, name: string) => {
      if (!name.startsWith('VEDETTE_')) {
        throw problem(
          'VDT_CONFIG_INVALID',
          { field, reason: `\${${name}} is not allowed` },
          { hint: 'Only variables whose names begin with VEDETTE_ are put in.' },
        );
      }
      const found = environment[name];
      if (found === undefined) {
        throw problem(
          'VDT_CONFIG_INVALID',
          { field, reason: `the environment variable ${name} is not set` },
          { hint: `Set ${name}, or write the value itself.` },
        );
      }
      return found;
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, environment, `${field}[${index}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, substitute(item, environment, field ? `${field}.${key}` : key)]),
    );
  }
  return value;
}

function applyEnvironment(raw: Record<string, unknown>, environment: Environment): Record<string, unknown> {
  const merged = structuredClone(raw);
  for (const [name, path] of Object.entries(ENVIRONMENT_FIELDS)) {
    const value = environment[name];
    if (value === undefined || value === '') continue;
    const [head, tail] = path as readonly [string, string?];
    if (tail === undefined) merged[head] = value;
    else merged[head] = { ...(merged[head] as object | undefined), [tail]: tail === 'port' ? Number(value) : value };
  }
  return merged;
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: unknown;
  readonly message: string;
}

function invalidField(error: SchemaError, config: unknown) {
  const base = error.instancePath
    .replace(/^\//, '')
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
  if (error.keyword === 'additionalProperties') {
    const [name] = (error.params as { additionalProperties: string[] }).additionalProperties;
    return problem('VDT_CONFIG_INVALID', {
      field: [base, name].filter(Boolean).join('.'),
      reason: 'there is no such field',
    });
  }
  if (error.keyword === 'required') {
    const [name] = (error.params as { requiredProperties: string[] }).requiredProperties;
    return problem('VDT_CONFIG_INVALID', { field: [base, name].filter(Boolean).join('.'), reason: 'is missing' });
  }
  const value = Value.Pointer.Get(config, error.instancePath);
  const shown =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? ` (it is ${JSON.stringify(redactUrl(String(value)))})`
      : '';
  return problem('VDT_CONFIG_INVALID', { field: base || 'the whole file', reason: `${error.message}${shown}` });
}
