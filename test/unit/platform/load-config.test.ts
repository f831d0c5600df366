import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VedetteError } from '../../../src/platform/errors.ts';
import { loadConfig, parseConfig, redactedConfig } from '../../../src/platform/load-config.ts';

const refusal = (raw: unknown): VedetteError => {
  try {
    parseConfig(raw, '/srv');
  } catch (thrown) {
    if (thrown instanceof VedetteError) return thrown;
    throw thrown;
  }
  throw new Error('the configuration was accepted');
};

describe('configuration', () => {
  test('an empty file gives the documented defaults', () => {
    const config = parseConfig({}, '/srv');
    expect(config.alertBudgetPerDay).toBe(1);
    expect(config.http.port).toBe(8080);
    expect(config.dataDir).toBe('/srv/data');
    expect(config.secretKeyFile).toBe('/srv/data/secret.key');
    expect(config.packs.default).toBe('auto');
  });

  test('vedette.example.yaml is valid', () => {
    const config = parseConfig(parse(readFileSync('vedette.example.yaml', 'utf8')), '/srv');
    expect(config.cameras[0]?.zones).toMatchObject([{ name: 'loading ramp', raise: 1 }]);
    expect(config.incident.severity).toMatchObject({ kinds: [{ kind: 'bicycle', level: 'low' }], timeZone: 'UTC' });
  });

  test('the environment wins over the file', () => {
    const config = loadConfig('vedette.example.yaml', {
      VEDETTE_HTTP_PORT: '9999',
      REDIS_URL: 'redis://cache:6379',
      VEDETTE_GATE_PASSWORD: 'x',
    });
    expect(config.http.port).toBe(9999);
    expect(config.redisUrl).toBe('redis://cache:6379');
  });

  test.each([
    [{ alertBudgetPerDay: 0 }, 'alertBudgetPerDay', /> 0/],
    [{ http: { prot: 80 } }, 'http.prot', /no such field/],
    [{ cameras: [{ id: 'Front Door', url: 'rtsp://x' }] }, 'cameras[0].id', /pattern/],
    [{ cameras: [{ id: 'a' }] }, 'cameras[0].url', /missing/],
    [
      {
        cameras: [
          { id: 'a', url: 'rtsp://x' },
          { id: 'a', url: 'rtsp://y' },
        ],
      },
      'cameras[1].id',
      /twice/,
    ],
    [{ ingest: { stallSeconds: 'long' } }, 'ingest.stallSeconds', /number/],
    [{ incident: { severity: { timeZone: 'Mars/Olympus' } } }, 'incident.severity.timeZone', /no time zone/],
    [
      { incident: { severity: { hours: [{ from: '25:00', to: '06:00', raise: 1 }] } } },
      'incident.severity.hours[0].from',
      /pattern/,
    ],
  ])('%j is refused, naming the field', (raw, field, reason) => {
    const error = refusal(raw);
    expect(error.code).toBe('VDT_CONFIG_INVALID');
    expect(error.values.field).toBe(field);
    expect(error.message).toMatch(reason);
    expect(error.hint).not.toBe('');
  });

  test('only VEDETTE_ variables may be put into the file', () => {
    expect(() => loadConfig('test/unit/platform/fixtures/foreign-variable.yaml', { HOME: '/root' })).toThrow(
      /HOME.*not allowed/,
    );
    expect(() => loadConfig('test/unit/platform/fixtures/unset-variable.yaml', {})).toThrow(
      /VEDETTE_NOT_SET is not set/,
    );
  });

  test('a refused URL does not show its password', () => {
    const error = refusal({ http: { publicUrl: 'ftp://user:canary-password@host/' } });
    expect(error.message).not.toContain('canary-password');
  });

  test('the shown configuration has no passwords', () => {
    const config = parseConfig(
      {
        databaseUrl: 'postgres://u:canary-password@db/x',
        redisUrl: 'redis://:canary-password@r',
        cameras: [{ id: 'a', url: 'rtsp://u:canary-password@cam/1' }],
      },
      '/srv',
    );
    expect(JSON.stringify(redactedConfig(config))).not.toContain('canary-password');
  });
});
