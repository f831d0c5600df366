import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isInstalled, PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import { pullPack } from '../../../src/infer/packs/pull-pack.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { legacyFile, safetensorsFile, storage, type TestTensor } from '../../support/checkpoint-files.ts';
import { tinyOnnx } from '../../support/tiny-onnx.ts';

const TENSORS: readonly TestTensor[] = [
  {
    name: 'visual.weight',
    storage: storage(
      '0',
      'f32',
      Array.from({ length: 50_000 }, (_, i) => i / 7),
    ),
    shape: [500, 100],
  },
  { name: 'text.bias', storage: storage('1', 'f32', [1, 2, 3]), shape: [3] },
  { name: 'logit_scale', storage: storage('2', 'f32', [4.6]), shape: [] },
];
const LEGACY = legacyFile(TENSORS);
const SAFETENSORS = safetensorsFile(TENSORS);
const VOCABULARY = Buffer.from('a b c\n'.repeat(100));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const gitBlob = (bytes: Buffer) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

let directory: string;
let shipped: string;
let folder: string;
let registry: PackRegistry;
let clock: ManualClock;
let server: Server;
let origin: string;
/** `path range` of each request. */
let asked: string[];
let served: Map<string, Buffer>;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-pull-checkpoint-'));
  shipped = join(directory, 'shipped', 'two-towers');
  folder = join(directory, 'pulled', 'two-towers');
  registry = new PackRegistry(join(directory, 'shipped'), join(directory, 'pulled'));
  clock = new ManualClock(Date.UTC(2026, 0, 1));
  asked = [];
  served = new Map([
    ['/towers.pt', LEGACY],
    ['/towers.safetensors', SAFETENSORS],
    ['/words.txt', VOCABULARY],
  ]);
  answer = serve;
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? 'whole'}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await ship();
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

function serve(request: IncomingMessage, response: ServerResponse): void {
  const bytes = served.get(request.url ?? '');
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (!bytes) response.writeHead(404).end();
  else if (from >= bytes.length) response.writeHead(416).end();
  else {
    const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from, ...(from > 0 ? range : {}) });
    response.end(bytes.subarray(from));
  }
}

/** Sends so many bytes of the file and hangs up. */
const hangUpAfter = (count: number) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, { 'content-length': LEGACY.length });
  response.write(LEGACY.subarray(0, count), () => response.destroy());
};

interface Shipment {
  /** Offset of the text tower's tensor. */
  readonly textAt?: number;
  readonly graph?: Uint8Array;
  readonly madeFrom?: object;
  readonly vocabulary?: boolean;
}

/** The pack as it comes with Vedette: two towers made from one checkpoint. */
async function ship({
  textAt = 0,
  graph = tinyOnnx({ frames: 2, height: 4, width: 4 }),
  madeFrom = {},
  vocabulary = false,
}: Shipment = {}): Promise<void> {
  const layouts = {
    'visual.tensors.json': {
      sizeBytes: 200_000,
      tensors: [{ name: 'visual.weight', shape: [500, 100], offset: 0, bytes: 200_000 }],
    },
    'text.tensors.json': {
      sizeBytes: 256,
      tensors: [{ name: 'bias', source: 'text.bias', shape: [3], offset: textAt, bytes: 12 }],
    },
  };
  await mkdir(shipped, { recursive: true });
  const files: object[] = [{ path: 'two-towers.onnx', sha256: sha256(graph) }];
  await writeFile(join(shipped, 'two-towers.onnx'), graph);
  for (const [path, layout] of Object.entries(layouts)) {
    const text = JSON.stringify(layout);
    await writeFile(join(shipped, path), text);
    files.push({ path, sha256: sha256(Buffer.from(text)) });
    const checkpoint = { source: `${origin}/towers.pt`, gitBlob: gitBlob(LEGACY), format: 'torch', tensors: path };
    const weights = path.replace('.tensors.json', '.weights');
    files.push({ path: weights, sizeBytes: layout.sizeBytes, madeFrom: { ...checkpoint, ...madeFrom } });
  }
  if (vocabulary) files.push({ path: 'words.txt', sha256: sha256(VOCABULARY), source: `${origin}/words.txt` });
  const manifest = {
    id: 'two-towers',
    version: '1.0.0',
    kind: 'extractor',
    task: 'test',
    licence: 'Apache-2.0',
    files,
    input: {
      name: 'frames',
      framesPerSecond: 2,
      frames: 2,
      height: 4,
      width: 4,
      channels: 1,
      layout: 'NTHW',
      type: 'uint8',
    },
    output: { name: 'features', dims: [4, 4, 1], meaning: 'Mean brightness of each pixel' },
  };
  await writeFile(join(shipped, 'pack.json'), JSON.stringify(manifest));
}

const pull = (from: string | null = null, signal = new AbortController().signal, progress: string[] = []) =>
  pullPack({
    registry,
    id: 'two-towers',
    from,
    fetch,
    clock,
    signal,
    onProgress: (name, doneBytes, totalBytes) => progress.push(`${name} ${doneBytes}/${totalBytes}`),
  });

const FILES = [
  'pulled.json',
  'text.tensors.json',
  'text.weights',
  'two-towers.onnx',
  'visual.tensors.json',
  'visual.weights',
];
const made = (state: string) => [
  { path: 'visual.weights', state },
  { path: 'text.weights', state },
];

describe('pulling a pack whose weights are made from a published checkpoint', () => {
  it('fetches the checkpoint once, makes each file of it, copies the graph beside, and leaves nothing else', async () => {
    const progress: string[] = [];
    expect(isInstalled(await registry.get('two-towers'))).toBe(false);
    expect(await pull(null, undefined, progress)).toEqual(made('made'));
    expect(asked).toEqual(['/towers.pt whole']);
    expect(await readdir(folder)).toEqual(FILES);
    const weights = await readFile(join(folder, 'visual.weights'));
    expect(Buffer.compare(weights, TENSORS[0]?.storage.bytes ?? Buffer.alloc(0))).toBe(0);
    expect((await readFile(join(folder, 'text.weights'))).readFloatLE(8)).toBe(3);
    expect(progress).toContain(`towers.pt ${LEGACY.length}/${LEGACY.length}`);
    expect(progress).toContain('visual.weights 200000/200000');
    const pack = await registry.load('two-towers');
    expect(isInstalled(pack)).toBe(true);
    expect(pack.modelPath).toBe(join(folder, 'two-towers.onnx'));
  });

  it('says in a receipt what was made of what', async () => {
    await pull();
    const receipt = JSON.parse(await readFile(join(folder, 'pulled.json'), 'utf8')) as Record<string, object>;
    expect(receipt['visual.weights']).toEqual({
      sha256: sha256(await readFile(join(folder, 'visual.weights'))),
      sizeBytes: 200_000,
      tensors: sha256(await readFile(join(shipped, 'visual.tensors.json'))),
      from: { source: `${origin}/towers.pt`, checkpoint: `git:${gitBlob(LEGACY)}` },
    });
  });

  it('does nothing where all is right, and only what is missing where something is', async () => {
    await pull();
    expect(await pull()).toEqual(made('present'));
    expect(asked).toHaveLength(1);
    await rm(join(folder, 'text.weights'));
    expect(await pull()).toEqual([
      { path: 'visual.weights', state: 'present' },
      { path: 'text.weights', state: 'made' },
    ]);
    expect(asked).toHaveLength(2);
  });

  it('goes on where the connection broke, and in a later call where the first was ended', async () => {
    answer = (request, response) => (asked.length === 1 ? hangUpAfter(100_000) : serve)(request, response);
    await pull();
    expect(asked[1]).toMatch(/^\/towers\.pt bytes=\d+-$/);
    await rm(folder, { recursive: true });

    const interrupt = new AbortController();
    asked = [];
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': LEGACY.length });
      response.write(LEGACY.subarray(0, 150_000));
    };
    const progress = { push: () => interrupt.abort() } as unknown as string[];
    await expect(pull(null, interrupt.signal, progress)).rejects.toThrow();
    expect(existsSync(join(folder, 'pull.lock'))).toBe(false);
    answer = serve;
    expect(await pull()).toEqual(made('made'));
    expect(asked.at(-1)).toMatch(/^\/towers\.pt bytes=\d+-$/);
    expect(await readdir(folder)).toEqual(FILES);
  });

  it('refuses a checkpoint of another hash before anything is made of it, and keeps nothing', async () => {
    const changed = Buffer.from(LEGACY);
    changed[changed.length - 1] = 0xff;
    served.set('/towers.pt', changed);
    await expect(pull()).rejects.toMatchObject({
      code: 'VDT_PACK_CHECKSUM',
      message: `Pack two-towers: the file towers.pt has the checksum git:${gitBlob(changed)}, expected is git:${gitBlob(LEGACY)}`,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('names the tensor that a checkpoint lacks', async () => {
    const other = legacyFile(TENSORS.slice(0, 1));
    served.set('/towers.pt', other);
    await ship({ madeFrom: { gitBlob: gitBlob(other) } });
    await expect(pull()).rejects.toMatchObject({
      code: 'VDT_CHECKPOINT_UNREADABLE',
      message: `Pack two-towers: the checkpoint ${origin}/towers.pt has no tensor text.bias`,
    });
  });

  it('takes another published edition where the first cannot be reached', async () => {
    served.delete('/towers.pt');
    const alternatives = [
      { source: `${origin}/towers.safetensors`, sha256: sha256(SAFETENSORS), format: 'safetensors' },
    ];
    await ship({ madeFrom: { alternatives } });
    expect(await pull()).toEqual(made('made'));
    expect(asked).toEqual(['/towers.pt whole', '/towers.safetensors whole']);
    await registry.load('two-towers');
    served.delete('/towers.safetensors');
    await rm(folder, { recursive: true });
    await expect(pull()).rejects.toMatchObject({
      message: expect.stringContaining('towers.pt: the server answered 404'),
    });
  });

  it('says that a folder cannot be written', async () => {
    await writeFile(join(directory, 'pulled'), 'a file where the folder should be');
    await expect(pull()).rejects.toMatchObject({
      code: 'VDT_PACK_INVALID',
      message: expect.stringContaining('cannot be written'),
    });
  });

  describe.skipIf(!existsSync('/dev/full'))('on a full disk (needs /dev/full)', () => {
    it('says so while it downloads', async () => {
      await mkdir(folder, { recursive: true });
      await symlink('/dev/full', join(folder, `checkpoint-git-${gitBlob(LEGACY)}.part`));
      await expect(pull()).rejects.toMatchObject({
        code: 'VDT_PULL_FAILED',
        message: expect.stringContaining('the disk is full'),
      });
    });

    it('says so while it makes weights, keeps the checkpoint and goes on from it', async () => {
      await mkdir(folder, { recursive: true });
      await symlink('/dev/full', join(folder, 'visual.weights.part'));
      await expect(pull()).rejects.toMatchObject({
        code: 'VDT_PULL_FAILED',
        message: expect.stringMatching(/visual\.weights could not be fetched.*the disk is full/),
      });
      expect(await readdir(folder)).toEqual([`checkpoint-git-${gitBlob(LEGACY)}`]);
      expect(await pull()).toEqual(made('made'));
      expect(asked).toEqual(['/towers.pt whole']);
      expect(await readdir(folder)).toEqual(FILES);
    });
  });
});

describe('--from', () => {
  it('takes a file of this machine, in any of the published editions, and leaves it there', async () => {
    const file = join(directory, 'download');
    await writeFile(file, SAFETENSORS);
    await expect(pull(file)).rejects.toMatchObject({ code: 'VDT_PACK_CHECKSUM' });
    await ship({
      madeFrom: {
        alternatives: [{ source: 'https://a.example/b', sha256: sha256(SAFETENSORS), format: 'safetensors' }],
      },
    });
    expect(await pull(file)).toEqual(made('made'));
    expect(asked).toEqual([]);
    expect(existsSync(file)).toBe(true);
    await registry.load('two-towers');
  });

  it('takes another address, with its password, which is not noted', async () => {
    await ship({ madeFrom: { source: 'https://models.example/gone.pt' } });
    served.set('/mirror/it', LEGACY);
    const allowed = `Basic ${Buffer.from('user:geheim').toString('base64')}`;
    answer = (request, response) =>
      request.headers.authorization === allowed ? serve(request, response) : response.writeHead(401).end();
    await expect(pull(`${origin}/mirror/it`)).rejects.toMatchObject({ message: expect.stringContaining('401') });
    const withPassword = origin.replace('http://', 'http://user:geheim@');
    await pull(`${withPassword}/mirror/it`);
    const receipt = await readFile(join(folder, 'pulled.json'), 'utf8');
    expect(receipt).toContain(`${origin}/mirror/it`);
    await rm(folder, { recursive: true });
    const failure = await pull(`${withPassword}/none`).catch((error: Error) => error);
    expect(String(failure)).toContain('404');
    expect(String(failure)).not.toContain('geheim');
  });

  it('takes a folder, or an address that ends with /, where several files are needed', async () => {
    await ship({ vocabulary: true });
    await expect(pull(join(directory, 'x'))).rejects.toMatchObject({
      message: expect.stringContaining('are 2: give a folder'),
    });
    const usb = join(directory, 'usb');
    await mkdir(usb);
    await writeFile(join(usb, 'towers.pt'), LEGACY);
    await writeFile(join(usb, 'words.txt'), VOCABULARY);
    const all = [...made('made'), { path: 'words.txt', state: 'fetched' }];
    expect(await pull(usb)).toEqual(all);
    expect(asked).toEqual([]);
    await rm(folder, { recursive: true });
    served = new Map([...served].map(([path, bytes]) => [`/mirror${path}`, bytes]));
    expect(await pull(`${origin}/mirror/`)).toEqual(all);
    await registry.load('two-towers');
  });

  it('says that a file is not there, or an address is none', async () => {
    await expect(pull('http://')).rejects.toMatchObject({ code: 'VDT_PULL_FAILED' });
    await expect(pull(join(directory, 'none'))).rejects.toMatchObject({ code: 'VDT_PULL_FAILED' });
    await expect(pull(`${origin}/none`)).rejects.toMatchObject({ code: 'VDT_PULL_FAILED' });
  });
});

describe('a pulled pack', () => {
  it('is refused where its weights were changed, or nothing tells of them', async () => {
    await pull();
    const weights = join(folder, 'text.weights');
    const bytes = await readFile(weights);
    await writeFile(weights, Buffer.alloc(256, 1));
    await expect(registry.load('two-towers')).rejects.toMatchObject({ code: 'VDT_PACK_CHECKSUM' });
    await writeFile(weights, bytes.subarray(1));
    await expect(registry.load('two-towers')).rejects.toMatchObject({ code: 'VDT_PACK_CHECKSUM' });
    await rm(weights);
    await expect(registry.load('two-towers')).rejects.toMatchObject({ code: 'VDT_PACK_NOT_PULLED' });
    await writeFile(weights, bytes);
    await registry.load('two-towers');
    await writeFile(join(folder, 'pulled.json'), '{"text.weights": 1}');
    await expect(registry.load('two-towers')).rejects.toMatchObject({
      code: 'VDT_PACK_OUTDATED',
      hint: expect.stringContaining('vedette models pull'),
    });
    expect(await pull()).toEqual(made('made'));
    await registry.load('two-towers');
  });

  it('gets a newer graph that comes with Vedette by itself', async () => {
    await pull();
    const graph = tinyOnnx({ frames: 2, height: 4, width: 4, batch: 1 });
    await ship({ graph });
    await registry.load('two-towers');
    expect(Buffer.compare(await readFile(join(folder, 'two-towers.onnx')), graph)).toBe(0);
    expect(await readdir(folder)).toEqual(FILES);
  });

  it('must be pulled again where a newer version lays its tensors out differently, or takes another checkpoint', async () => {
    await pull();
    await ship({ textAt: 64 });
    await expect(registry.load('two-towers')).rejects.toMatchObject({
      code: 'VDT_PACK_OUTDATED',
      message: expect.stringContaining('text.weights'),
    });
    expect(await pull()).toEqual([
      { path: 'visual.weights', state: 'present' },
      { path: 'text.weights', state: 'made' },
    ]);
    await registry.load('two-towers');
    const newer = legacyFile(TENSORS.toReversed());
    served.set('/towers.pt', newer);
    await ship({ textAt: 64, madeFrom: { gitBlob: gitBlob(newer) } });
    await expect(registry.load('two-towers')).rejects.toMatchObject({
      message: expect.stringContaining('made from another checkpoint'),
    });
    expect(await pull()).toEqual(made('made'));
    await registry.load('two-towers');
  });

  it('may lie whole in the folder of shipped packs, as in an image that was built with its weights', async () => {
    await pull();
    for (const name of FILES) await writeFile(join(shipped, name), await readFile(join(folder, name)));
    await rm(folder, { recursive: true });
    expect((await registry.load('two-towers')).directory).toBe(shipped);
  });
});

describe('two pulls of one pack at once', () => {
  it('do not write the same files: the second is told who is at it', async () => {
    const first = pull();
    const second = pull();
    const results = await Promise.allSettled([first, second]);
    const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    expect(refused?.reason).toMatchObject({
      code: 'VDT_PULL_RUNNING',
      message: `Pack two-towers is being fetched already, by process ${process.pid} of ${hostname()}`,
    });
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual(FILES);
  });

  const lock = async (pid: number, host: string, ageMs: number) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'pull.lock'), JSON.stringify({ pid, host }));
    const touched = (clock.nowMs() - ageMs) / 1_000;
    await utimes(join(folder, 'pull.lock'), touched, touched);
  };
  /** A number that no process has. */
  const NOBODY = 2 ** 22 + 1;

  it.each([
    ['its process ended', NOBODY, hostname(), 1_000],
    ['an earlier process had this one’s number', process.pid, hostname(), 1_000],
    ['it was not touched for more than five minutes', process.ppid, hostname(), 301_000],
    ['another host’s was not touched for more than five minutes', 1, 'elsewhere', 301_000],
  ])('take over a lock where %s', async (_, pid, host, ageMs) => {
    await lock(pid, host, ageMs);
    expect(await pull()).toEqual(made('made'));
    expect(await readdir(folder)).toEqual(FILES);
  });

  it.each([
    ['process that runs', process.ppid, hostname(), 1_000],
    ['process of another host', NOBODY, 'elsewhere', 200_000],
  ])('leave the lock of a %s alone', async (_, pid, host, ageMs) => {
    await lock(pid, host, ageMs);
    await expect(pull()).rejects.toMatchObject({ code: 'VDT_PULL_RUNNING' });
    expect(await readdir(folder)).toEqual(['pull.lock']);
  });
});
