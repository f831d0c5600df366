import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { hashesOf } from '../../src/infer/packs/file-hash.ts';
import { PackRegistry } from '../../src/infer/packs/pack-registry.ts';
import { pullPack } from '../../src/infer/packs/pull-pack.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { eventually } from '../support/eventually.ts';
import { runVedette, vedette } from '../support/live-service.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const PYTHON = '/usr/bin/python3';
const hasTorch = spawnSync(PYTHON, ['-c', 'import torch, onnx']).status === 0;
const reason = hasTorch ? '' : ` (skipped: ${PYTHON} has no torch and onnx)`;

interface Tower {
  readonly name: 'visual' | 'text';
  readonly input: string;
}

/** Published checkpoints in their true format with random weights, against PyTorch. */
describe.skipIf(!hasTorch)(`a checkpoint from its address to ONNX Runtime${reason}`, { timeout: 300_000 }, () => {
  let folder: string;
  let server: Server;
  let origin: string;
  /** Ranges that were asked for, after how many bytes the next answers break off, and whether they hang instead. */
  let asked: string[];
  let breakOffs: number[];
  let hangs: boolean;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vedette-checkpoint-'));
    asked = [];
    breakOffs = [];
    hangs = false;
    server = createServer((request, response) => {
      const path = join(folder, 'served', request.url ?? '');
      asked.push(request.headers.range ?? 'whole');
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      void stat(path).then(
        ({ size }) => {
          const range = { 'content-range': `bytes ${start}-${size - 1}/${size}` };
          response.writeHead(start > 0 ? 206 : 200, { 'content-length': size - start, ...(start > 0 ? range : {}) });
          const end = breakOffs.shift();
          const stream = createReadStream(path, { start, ...(end === undefined ? {} : { end: start + end }) });
          stream.on('end', () => {
            if (end === undefined) response.end();
            else if (!hangs) response.destroy();
          });
          stream.pipe(response, { end: false });
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await mkdir(join(folder, 'served'));
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  function reference(...options: string[]): void {
    const done = spawnSync(PYTHON, ['-m', 'vedette_training.extractors.reference', ...options], {
      cwd: join(REPOSITORY, 'training'),
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(done.stderr);
  }

  /** Writes a checkpoint where the server finds it, and the shipped pack as it would be if this were the published one. */
  async function publish(id: string, format: string, small: boolean): Promise<void> {
    const size = small ? ['--small'] : [];
    const checkpoint = join(folder, 'served', 'checkpoint');
    reference('--model', id, ...size, '--make-checkpoint', checkpoint, '--format', format, '--seed', '7');
    const pack = join(folder, 'packs', id);
    await cp(join(REPOSITORY, 'models', id), pack, { recursive: true });
    if (small) reference('--model', id, ...size, '--graphs', pack);
    const { gitBlob, sha256 } = await hashesOf(checkpoint);
    const vocabulary = Buffer.from('stands for the vocabulary');
    await writeFile(join(folder, 'served', 'vocabulary'), vocabulary);
    const manifest = JSON.parse(await readFile(join(pack, 'pack.json'), 'utf8')) as {
      files: {
        path: string;
        sizeBytes?: number;
        sha256?: string;
        source?: string;
        madeFrom?: Record<string, string>;
      }[];
    };
    for (const file of manifest.files) {
      const location = join(pack, file.path);
      if (file.madeFrom) {
        const { tensors = '' } = file.madeFrom;
        const layout = JSON.parse(await readFile(join(pack, tensors), 'utf8')) as { sizeBytes: number };
        file.sizeBytes = layout.sizeBytes;
        const hash = format === 'torch-0.3' ? { gitBlob } : { sha256 };
        const kind = format.startsWith('torch-') ? 'torch' : format;
        file.madeFrom = { source: `${origin}/checkpoint`, format: kind, tensors, ...hash };
      } else if (existsSync(location)) {
        file.sha256 = sha256Of(await readFile(location));
        file.sizeBytes = (await stat(location)).size;
      } else {
        Object.assign(file, {
          source: `${origin}/vocabulary`,
          sha256: sha256Of(vocabulary),
          sizeBytes: vocabulary.length,
        });
      }
    }
    await writeFile(join(pack, 'pack.json'), JSON.stringify(manifest));
  }

  /** Largest difference of ONNX Runtime's and PyTorch's features, in shares of the largest feature. */
  async function differenceFrom(id: string, model: string, { name, input }: Tower, small: boolean): Promise<number> {
    const [x, y] = [join(folder, 'x.npy'), join(folder, 'y.npy')];
    const size = small ? ['--small'] : [];
    const towerOptions = ['--tower', name, '--batch', '2', '--make-input', x, '--input', x, '--out', y];
    reference('--model', id, ...size, ...towerOptions, '--features', join(folder, 'served', 'checkpoint'));
    const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
    const { bytes, shape } = npy(await readFile(x));
    const values = name === 'text' ? new BigInt64Array(bytes) : new Float32Array(bytes);
    const feed =
      name === 'text' ? new Tensor('int64', values as BigInt64Array, shape) : new Tensor(values as Float32Array, shape);
    const { embedding } = await session.run({ [input]: feed });
    await session.release();
    const actual = embedding?.data as Float32Array;
    const expected = new Float32Array(npy(await readFile(y)).bytes);
    expect(actual).toHaveLength(expected.length);
    expect(embedding?.dims[0]).toBe(2);
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(scale).toBeGreaterThan(0.01);
    return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 0))), 0) / scale;
  }

  test('I3D: "vedette models pull" over a connection that breaks, then the features of PyTorch', async () => {
    await publish('i3d-rgb', 'torch-0.3', false);
    breakOffs = [10_000_000, 20_000_000];
    const config = join(folder, 'vedette.yaml');
    await writeFile(config, stringify({ dataDir: join(folder, 'data'), packs: { directory: join(folder, 'packs') } }));
    const models = (...args: string[]) => runVedette(['models', ...args, '--config', config]);
    expect((await models('list')).stdout).toMatch(/i3d-rgb .*not pulled/);
    const pulled = await models('pull', 'i3d-rgb');
    expect(pulled).toMatchObject({ code: 0, stdout: expect.stringContaining('made  i3d-rgb.weights') });
    expect(asked).toHaveLength(3);
    const directory = join(folder, 'data', 'models', 'i3d-rgb');
    const files = ['i3d-rgb.onnx', 'i3d-rgb.tensors.json', 'i3d-rgb.weights', 'pulled.json'];
    expect(await readdir(directory)).toEqual(files);
    expect(await models('verify', 'i3d-rgb')).toMatchObject({ code: 0, stdout: expect.stringContaining('ok') });
    expect((await models('list')).stdout).toMatch(/i3d-rgb .*here/);
    const tower: Tower = { name: 'visual', input: 'frames' };
    expect(await differenceFrom('i3d-rgb', join(directory, 'i3d-rgb.onnx'), tower, false)).toBeLessThan(1e-4);

    await writeFile(join(directory, 'i3d-rgb.weights'), 'something else');
    const refused = await models('verify', 'i3d-rgb');
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toMatch(/REFUSED.*i3d-rgb\.weights.*vedette models pull i3d-rgb/);
  });

  test('a pull that was killed leaves a lock and a part: the next takes over the one and goes on from the other', async () => {
    await publish('clip-vit-b32', 'safetensors', true);
    const config = join(folder, 'vedette.yaml');
    await writeFile(config, stringify({ dataDir: join(folder, 'data'), packs: { directory: join(folder, 'packs') } }));
    const pull = ['models', 'pull', 'clip-vit-b32', '--config', config];
    const directory = join(folder, 'data', 'models', 'clip-vit-b32');
    [breakOffs, hangs] = [[100_000], true];
    const first = vedette(pull);
    try {
      await eventually(
        async () => {
          const part = (await readdir(directory)).find((name) => /^checkpoint-.*\.part$/.test(name));
          expect((await stat(join(directory, part ?? ''))).size).toBeGreaterThan(0);
        },
        { withinMs: 60_000 },
      );
      const second = await runVedette(pull);
      expect(second.code).not.toBe(0);
      expect(second.stderr).toContain(`VDT_PULL_RUNNING`);
      expect(second.stderr).toContain(`process ${first.child.pid}`);
    } finally {
      first.child.kill('SIGKILL');
      await first.exit;
    }
    expect(await readdir(directory)).toContain('pull.lock');
    expect(await runVedette(pull)).toMatchObject({ code: 0 });
    expect(asked[0]).toBe('whole');
    expect(asked[1]).toMatch(/^bytes=\d+-$/);
    expect((await readdir(directory)).filter((name) => /lock|part|checkpoint/.test(name))).toEqual([]);
  });

  // the first as large as the published one: 350 MB, of which 600 MB of weights are made
  test.each([
    ['torchscript', false],
    ['safetensors', true],
  ] as const)(
    'CLIP from %s (few channels: %s): both towers of one checkpoint, then the features of PyTorch',
    async (format, small) => {
      await publish('clip-vit-b32', format, small);
      const pulledDirectory = join(folder, 'pulled');
      const registry = new PackRegistry(join(folder, 'packs'), pulledDirectory);
      const signal = new AbortController().signal;
      await pullPack({ registry, id: 'clip-vit-b32', from: null, fetch, clock: systemClock, signal });
      expect(asked).toEqual(['whole', 'whole']); // the checkpoint once, and the vocabulary
      const { modelPath, directory } = await registry.load('clip-vit-b32');
      const visual: Tower = { name: 'visual', input: 'frames' };
      expect(await differenceFrom('clip-vit-b32', modelPath, visual, small)).toBeLessThan(1e-4);
      const text: Tower = { name: 'text', input: 'tokens' };
      const textModel = join(directory, 'clip-vit-b32-text.onnx');
      expect(await differenceFrom('clip-vit-b32', textModel, text, small)).toBeLessThan(1e-4);
    },
  );
});

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Numbers and shape of a NumPy file (format 1.0): magic, version, length of the header, header, numbers. */
function npy(file: Buffer): { readonly bytes: ArrayBuffer; readonly shape: readonly number[] } {
  const start = 10 + file.readUInt16LE(8);
  const shape = /'shape': \(([^)]*)\)/.exec(file.toString('latin1', 10, start))?.[1] ?? '';
  return {
    bytes: Uint8Array.from(file.subarray(start)).buffer,
    shape: shape
      .split(',')
      .filter((size) => size.trim() !== '')
      .map(Number),
  };
}
