import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import { pullPack } from '../../../src/infer/packs/pull-pack.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { writeTinyDetector } from '../../support/tiny-detector.ts';

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

let directory: string;
let registry: PackRegistry;
let server: Server;
let url: string;
let asked: (string | null)[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const target = () => join(directory, 'pulled', 'tiny', 'tiny.onnx');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-pull-'));
  registry = new PackRegistry(join(directory, 'shipped'), join(directory, 'pulled'));
  asked = [];
  answer = whole;
  server = createServer((request, response) => {
    asked.push(request.headers.range ?? null);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny.onnx`;
  await describeFile({});
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const describeFile = (fields: object) =>
  writeTinyDetector(join(directory, 'shipped'), 'tiny', {
    withFile: false,
    change: (manifest) => ({
      ...manifest,
      files: [{ path: 'tiny.onnx', sha256: SHA256, sizeBytes: CONTENT.length, source: url, ...fields }],
    }),
  });

const pull = (from: string | null = null, progress: number[] = []) =>
  pullPack({
    registry,
    id: 'tiny',
    from,
    fetch,
    clock: new ManualClock(),
    signal: new AbortController().signal,
    onProgress: (_, doneBytes) => progress.push(doneBytes),
  });

function whole(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from >= CONTENT.length) {
    response.writeHead(416).end();
    return;
  }
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': CONTENT.length - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` } : {}),
  });
  response.end(CONTENT.subarray(from));
}

/** Promises all, sends `count` bytes and hangs up. */
const hangUpAfter = (count: number) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, { 'content-length': CONTENT.length });
  response.write(CONTENT.subarray(0, count), () => response.destroy());
};

describe('fetching the weights of a pack', () => {
  it('puts the checked file beside the other pulled ones, with progress, and does not fetch it twice', async () => {
    const progress: number[] = [];
    expect(await pull(null, progress)).toEqual([{ path: 'tiny.onnx', state: 'fetched' }]);
    expect(Buffer.compare(await readFile(target()), CONTENT)).toBe(0);
    expect(progress.at(-1)).toBe(CONTENT.length);
    expect(await readdir(join(directory, 'pulled', 'tiny'))).toEqual(['tiny.onnx']);
    expect((await registry.load('tiny')).modelPath).toBe(target());
    expect(await pull()).toEqual([{ path: 'tiny.onnx', state: 'present' }]);
    expect(asked).toEqual([null]);
  });

  it('goes on where it was interrupted', async () => {
    answer = (request, response) =>
      asked.length === 1 ? hangUpAfter(100_000)(request, response) : whole(request, response);
    await pull();
    expect(Buffer.compare(await readFile(target()), CONTENT)).toBe(0);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toMatch(/^bytes=\d+-$/);
  });

  it('keeps what came so far for the next call where the source stays away', async () => {
    await mkdir(join(directory, 'pulled', 'tiny'), { recursive: true });
    await writeFile(`${target()}.part`, CONTENT.subarray(0, 200_000));
    answer = (_, response) => response.destroy();
    await expect(pull()).rejects.toMatchObject({ code: 'VDT_PULL_FAILED', retryable: true });
    answer = whole;
    expect(await pull()).toEqual([{ path: 'tiny.onnx', state: 'fetched' }]);
    expect(asked.at(-1)).toBe('bytes=200000-');
  });

  it('begins again with a server that knows no ranges, and sees when it had all already', async () => {
    await mkdir(join(directory, 'pulled', 'tiny'), { recursive: true });
    await writeFile(`${target()}.part`, CONTENT.subarray(0, 5));
    answer = (_, response) => response.end(CONTENT);
    await pull();
    expect(Buffer.compare(await readFile(target()), CONTENT)).toBe(0);
    await rm(target());
    await writeFile(`${target()}.part`, CONTENT);
    answer = whole;
    expect(await pull()).toEqual([{ path: 'tiny.onnx', state: 'fetched' }]);
  });

  it('refuses another file than the manifest means, and keeps nothing of it', async () => {
    answer = (_, response) => response.end(Buffer.alloc(CONTENT.length, 1));
    await expect(pull()).rejects.toMatchObject({ code: 'VDT_PACK_CHECKSUM' });
    expect(await readdir(join(directory, 'pulled', 'tiny'))).toEqual([]);
    await expect(registry.load('tiny')).rejects.toMatchObject({ code: 'VDT_PACK_NOT_PULLED' });
  });

  it.each([
    ['that tells its size', true],
    ['that does not', false],
  ])('breaks off a file that is larger than the manifest says, from a server %s', async (_, tells) => {
    const large = Buffer.concat([CONTENT, CONTENT]);
    answer = (__, response) => {
      if (tells) response.setHeader('content-length', large.length);
      response.write(large.subarray(0, 10));
      response.end(large.subarray(10));
    };
    await expect(pull()).rejects.toMatchObject({
      code: 'VDT_PULL_FAILED',
      message: expect.stringContaining('more than the 300000 bytes'),
    });
    expect(await readdir(join(directory, 'pulled', 'tiny'))).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it('says what the server answered, and asks once', async () => {
    answer = (_, response) => response.writeHead(404).end('no such file');
    await expect(pull()).rejects.toMatchObject({
      code: 'VDT_PULL_FAILED',
      message: `Pack tiny: the file tiny.onnx could not be fetched from ${url}: the server answered 404`,
    });
    expect(asked).toHaveLength(1);
  });

  it('takes a file of this machine, or another address', async () => {
    const file = join(directory, 'download.onnx');
    await writeFile(file, CONTENT);
    expect(await pull(file)).toEqual([{ path: 'tiny.onnx', state: 'fetched' }]);
    expect(asked).toEqual([]);
    await rm(target());
    await describeFile({ source: 'https://models.example/gone' });
    expect(await pull(url)).toEqual([{ path: 'tiny.onnx', state: 'fetched' }]);
    await rm(target());
    await expect(pull(join(directory, 'none'))).rejects.toMatchObject({ code: 'VDT_PULL_FAILED' });
  });

  it('has nothing to do for a pack that comes whole', async () => {
    await describeFile({ source: 'made by hand' });
    await expect(pull()).rejects.toMatchObject({ code: 'VDT_PACK_INVALID', message: expect.stringContaining('whole') });
  });
});
