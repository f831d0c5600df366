import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { runVedette, startLiveService, vedette } from '../support/live-service.ts';

const SHARED = join(import.meta.dirname, '../../../shared/data');

describe('the command line', () => {
  let folder = '';
  let config = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vedette-commands-'));
    config = join(folder, 'vedette.yaml');
    writeFileSync(config, stringify({ dataDir: join(folder, 'data') }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

  test('a generated dataset without normal life is refused before anything is drawn', async () => {
    const refused = await runVedette(['scene', 'write', join(folder, 'street'), '--minutes', '0', '--config', config]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--minutes must be a whole number, 1 or more');
    expect(existsSync(join(folder, 'street'))).toBe(false);
  });

  test('without a running service, commands work on the database itself, with the same checks as the API', async () => {
    const added = await runVedette([
      'camera',
      'add',
      'gate',
      'rtsp://viewer:hush-hush@192.0.2.1/live',
      '--name',
      'Main gate',
      '--pack',
      'motion-grid',
      '--pack',
      'fights',
      '--config',
      config,
      '--json',
    ]);
    expect(added).toMatchObject({ code: 0 });
    expect(json(added.stdout)).toMatchObject({
      id: 'gate',
      name: 'Main gate',
      hasCredentials: true,
      settings: { packs: ['motion-grid', 'fights'] },
    });
    expect(added.stdout + added.stderr).not.toContain('hush-hush');

    const list = await runVedette(['camera', 'list', '--config', config]);
    expect(list.stdout).toContain('rtsp://192.0.2.1/live');
    expect(list.stdout + list.stderr).not.toContain('hush-hush');

    const again = await runVedette(['camera', 'add', 'gate', 'rtsp://192.0.2.1/live', '--config', config]);
    expect(again.code).toBe(3);
    expect(again.stderr).toMatch(/gate.*exist/s);

    const refused = await runVedette(['camera', 'add', 'evil', 'file:///etc/passwd', '--config', config]);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toMatch(/VDT_CAMERA_URL_REFUSED/);
    expect(refused.stderr).toMatch(/hint: .*rtsp/);

    expect(await runVedette(['camera', 'remove', 'gate', '--config', config])).toMatchObject({ code: 0 });
    expect(json((await runVedette(['camera', 'list', '--config', config, '--json'])).stdout)).toEqual({ cameras: [] });
    expect(await runVedette(['camera', 'remove', 'gate', '--config', config])).toMatchObject({ code: 3 });
  });

  test('keys can be made before the service ever ran', async () => {
    const made = await runVedette(['key', 'create', 'early', '--config', config, '--json']);
    expect(json(made.stdout)).toMatchObject({ name: 'early', scopes: ['write'] });
    expect((await runVedette(['key', 'list', '--config', config])).stdout).toContain('early');
  });

  test('the key file is its owner’s alone', () => {
    expect(statSync(join(folder, 'data', 'secret.key')).mode & 0o777).toBe(0o600);
  });

  test('camera test says why a connection fails, and exits with 4', async () => {
    const refused = await runVedette([
      'camera',
      'test',
      'rtsp://user:hush-hush@127.0.0.1:1/x',
      '--config',
      config,
      '--json',
    ]);
    expect(refused.code).toBe(4);
    expect(json(refused.stdout)).toMatchObject({ ok: false, failure: { reason: 'refused' } });
    expect(refused.stdout + refused.stderr).not.toContain('hush-hush');
  });

  test.each([
    [['fly'], 2, /no command "fly"/],
    [['camera'], 2, /what to do/],
    [['camera', 'paint'], 2, /no "camera paint"/],
    [['metrics'], 2, /score file is missing/],
    [['up', '--colour'], 2, /--colour/],
    [['run', 'everything'], 2, /no role "everything"/],
    [['run', 'ingest'], 3, /databaseUrl.*missing/],
    [['eval', '/no/such.json'], 3, /no\/such\.json/],
    [['up', '--config', '/no/such.yaml'], 3, /no\/such\.yaml/],
  ])('%j exits with %i and says what is wrong', async (args, code, reason) => {
    const result = await runVedette(args, { VEDETTE_CONFIG: config });
    expect(result.stderr).toMatch(reason);
    expect(result.code).toBe(code);
  });

  test('a dataset that names a missing video is refused by field, before anything runs', async () => {
    const file = join(folder, 'dataset.json');
    writeFileSync(
      file,
      JSON.stringify({
        kind: 'scene',
        name: 'x',
        cameras: [{ id: 'a', normal: [], test: [{ file: 'gone.mp4', anomalous: [] }] }],
      }),
    );
    const result = await runVedette(['eval', file, '--json', '--config', config]);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toMatch(/gone\.mp4/);
  });

  test('a pack whose file was changed is refused with its name', async () => {
    const models = join(folder, 'models');
    mkdirSync(join(models, 'motion-grid'), { recursive: true });
    writeFileSync(join(models, 'motion-grid', 'pack.json'), readFileSync('models/motion-grid/pack.json'));
    const bytes = readFileSync('models/motion-grid/motion-grid.onnx');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(models, 'motion-grid', 'motion-grid.onnx'), bytes);
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, stringify({ dataDir: join(folder, 'data'), packs: { directory: models } }));
    const result = await runVedette(['models', 'verify', '--config', broken]);
    expect(result.code).toBe(3);
    expect(result.stdout).toMatch(
      /REFUSED\s+motion-grid: .*checksum sha256:[0-9a-f]{64}, expected is sha256:[0-9a-f]{64}/,
    );
  });

  test('models verify accepts what is shipped', async () => {
    const result = await runVedette(['models', 'verify', '--config', config, '--json']);
    const sound = (id: string) => ({ id, ok: true, provider: 'cpu', reason: null });
    expect(json(result.stdout)).toMatchObject({
      ok: true,
      packs: [sound('fights'), sound('fights-encoder'), sound('motion-grid')],
    });
  });

  test('models list tells what must be pulled; pull takes a file by hand, and refuses a wrong one with what to do', async () => {
    const listed = await runVedette(['models', 'list', '--config', config, '--json']);
    const packs = (json(listed.stdout) as { packs: { id: string; installed: boolean }[] }).packs;
    expect(packs.map(({ id, installed }) => [id, installed])).toEqual([
      ['clip-vit-b16', false],
      ['clip-vit-b32', false],
      ['fastest-det', false],
      ['fights', true],
      ['fights-encoder', true],
      ['i3d-rgb', false],
      ['motion-grid', true],
      ['yolox-nano', false],
    ]);
    const wrong = join(folder, 'wrong.onnx');
    writeFileSync(wrong, 'something else');
    const refused = await runVedette(['models', 'pull', 'yolox-nano', '--from', wrong, '--config', config]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/yolox_nano\.onnx could not be fetched .*bytes/);
    expect(refused.stderr).toMatch(/hint: .*--from/);
    const needless = await runVedette(['models', 'pull', 'motion-grid', '--config', config]);
    expect(needless.stderr).toMatch(/the pack comes whole/);
  });

  test('doctor finds what this machine has and names what it lacks', async () => {
    const fine = await runVedette(['doctor', '--config', config, '--json']);
    expect(fine.code).toBe(0);
    expect(json(fine.stdout)).toMatchObject({ ok: true });
    const lacking = join(folder, 'lacking.yaml');
    writeFileSync(
      lacking,
      stringify({
        dataDir: join(folder, 'data'),
        ingest: { ffmpegPath: '/no/ffmpeg' },
        redisUrl: 'redis://:hush-hush@127.0.0.1:1',
      }),
    );
    const result = await runVedette(['doctor', '--config', lacking]);
    expect(result.code).toBe(69);
    expect(result.stdout).toMatch(/MISSING {2}\/no\/ffmpeg/);
    expect(result.stdout).toMatch(/MISSING {2}Redis/);
    expect(result.stdout).not.toContain('hush-hush');
  });

  test.skipIf(!existsSync(SHARED))(
    'metrics prints the expected figures of a public run (needs ../shared/data)',
    async () => {
      const file = join(SHARED, 'metrics', 'ucf_eval_scores.json');
      const { expected } = JSON.parse(readFileSync(file, 'utf8')) as { expected: Record<string, unknown> };
      const printed = json((await runVedette(['metrics', file, '--json'])).stdout);
      const compare = (wanted: Record<string, unknown>, found: Record<string, unknown>) => {
        for (const [name, value] of Object.entries(wanted)) {
          if (typeof value === 'number') expect(found[name], name).toBeCloseTo(value, 5);
          else if (typeof value === 'object' && value !== null)
            compare(value as Record<string, unknown>, found[name] as Record<string, unknown>);
        }
      };
      expect(Object.keys(expected).length).toBeGreaterThan(3);
      compare(expected, printed);
    },
  );

  test('a second service on the same data folder is refused; commands go to the running one; Ctrl-C ends it cleanly', async () => {
    const service = await startLiveService({});
    try {
      expect(service.output.stdout).toMatch(/^vdt_\S+\n/);
      const second = await runVedette(['up', '--config', service.configFile]);
      expect(second.stderr).toMatch(/VDT_STORE_LOCKED/);
      expect(second.code).not.toBe(0);

      const added = await runVedette([
        'camera',
        'add',
        'yard',
        'rtsp://192.0.2.9/live',
        '--disabled',
        '--config',
        service.configFile,
        '--json',
      ]);
      expect(added.code).toBe(0);
      expect(await service.api.request('GET', '/v1/cameras/yard')).toMatchObject({ enabled: false });
      const key = await runVedette(['key', 'create', 'viewer', '--scopes', 'read', '--config', service.configFile]);
      const headers = { authorization: `Bearer ${key.stdout.trim()}` };
      expect((await fetch(`${service.url}/v1/cameras`, { headers })).status).toBe(200);
      expect((await fetch(`${service.url}/v1/cameras/yard`, { method: 'DELETE', headers })).status).toBe(403);
      expect((await fetch(`${service.url}/v1/cameras`)).status).toBe(401);
      expect(service.output.stderr).not.toContain(key.stdout.trim());
    } finally {
      await service.stop();
    }
    expect(existsSync(join(service.folder, 'data', 'service.json'))).toBe(false);
    await service.restart();
    expect(service.output.stdout, 'the first key is printed once').not.toMatch(/vdt_/);
    await service.remove();
  });

  test('a service that cannot start says why and leaves nothing running', async () => {
    const taken = await startLiveService({});
    try {
      const port = Number(new URL(taken.url).port);
      const other = join(folder, 'other.yaml');
      writeFileSync(other, stringify({ dataDir: join(folder, 'other'), http: { port } }));
      const run = vedette(['up', '--config', other]);
      const { code } = await run.exit;
      expect(code).toBe(1);
      expect(run.output.stderr).toMatch(/VDT_LISTEN_FAILED/);
      await eventually(async () =>
        expect(
          (await import('../support/live-service.ts'))
            .processes()
            .filter(({ command }) => command.includes(join(folder, 'other'))),
        ).toEqual([]),
      );
    } finally {
      await taken.remove();
    }
  });

  test.skipIf(process.getuid?.() === 0)('a data folder that cannot be written is named (not as root)', async () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    writeFileSync(join(folder, 'locked.yaml'), stringify({ dataDir: join(locked, 'data') }));
    expect((await runVedette(['up', '--config', join(folder, 'locked.yaml')])).code).not.toBe(0);
  });
});
