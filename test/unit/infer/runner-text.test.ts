import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import type { RunnerSettings } from '../../../src/infer/runner/protocol.ts';
import { RunnerSupervisor } from '../../../src/infer/runner-supervisor.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { makeSegment } from '../../support/segments.ts';
import { writeTinyHead } from '../../support/tiny-learned.ts';
import { writeTinyPack } from '../../support/tiny-onnx.ts';
import { writeTinyTextPack } from '../../support/tiny-text.ts';

let directory: string;
let supervisor: RunnerSupervisor;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-runner-text-'));
  await writeTinyPack(directory, 'mean');
  await writeTinyTextPack(directory, 'clip');
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => supervisor.stop());

async function supervise(packIds: readonly string[], required?: readonly string[]): Promise<RunnerSupervisor> {
  const registry = new PackRegistry(directory);
  const settings: RunnerSettings = {
    packs: await Promise.all(packIds.map((id) => registry.get(id))),
    ...(required ? { required } : {}),
    providers: ['cpu'],
    threads: 1,
    batchSize: 4,
    batchWaitMs: 20,
    redisUrl: null,
    consumer: 'test',
    inFlightPerCamera: 4,
  };
  supervisor = new RunnerSupervisor({ settings, logger: silentLogger });
  return supervisor;
}

describe('texts in the runner', { timeout: 90_000 }, () => {
  it('are described in the space of a pack’s pictures, or refused with the reason', async () => {
    const runner = await supervise(['mean', 'clip']);
    await expect(runner.embedText('clip', ['a cat'])).rejects.toMatchObject({ code: 'VDT_RUNNER_FAILED' });
    await runner.start();
    expect(await runner.embedText('clip', ['a cat', 'dog', 'cat dog'])).toEqual([
      Float32Array.of(1, 0),
      Float32Array.of(0, 1),
      Float32Array.of(Math.SQRT1_2, Math.SQRT1_2),
    ]);
    expect(await runner.embedText('clip', [])).toEqual([]);
    await expect(runner.embedText('mean', ['a cat'])).rejects.toMatchObject({ code: 'VDT_PACK_INVALID' });
    await expect(runner.embedText('none', ['a cat'])).rejects.toMatchObject({ code: 'VDT_RUNNER_FAILED' });
  });

  it('fail with a runner that dies, and work again with the next', async () => {
    const runner = await supervise(['mean', 'clip']);
    await runner.start();
    const asked = runner.embedText('clip', ['a cat']);
    process.kill(runner.pid ?? 0, 'SIGKILL');
    await expect(asked).rejects.toMatchObject({ code: 'VDT_RUNNER_FAILED' });
    const [embedding] = await eventually(() => runner.embedText('clip', ['a cat']), { withinMs: 30_000 });
    expect(embedding).toEqual(Float32Array.of(1, 0));
  });
});

describe('a pack that cannot be opened', { timeout: 60_000 }, () => {
  it('stops a runner that needs it, and is left out by one that does not', async () => {
    await writeTinyHead(directory, 'odd', { extractor: 'clip', dims: 2, window: 3 });
    const file = join(directory, 'odd', 'pack.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"window":3', '"window":4'));
    const needed = await supervise(['mean', 'clip', 'odd']);
    await expect(needed.start()).rejects.toMatchObject({ code: 'VDT_PACK_MODEL_MISMATCH' });
    const runner = await supervise(['mean', 'clip', 'odd'], ['mean']);
    await runner.start();
    expect(runner.refusedPacks).toEqual(['odd']);
    expect((await runner.extract(['mean', 'clip'], makeSegment())).learned?.embeddings).toHaveProperty('clip');
  });
});
