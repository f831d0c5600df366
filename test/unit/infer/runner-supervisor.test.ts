import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Pack, PackRegistry } from '../../../src/infer/packs/pack-registry.ts';
import type { RunnerSettings } from '../../../src/infer/runner/protocol.ts';
import { RunnerSupervisor, type RunnerSupervisorOptions } from '../../../src/infer/runner-supervisor.ts';
import { systemSpawn } from '../../../src/platform/child-process.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { eventually } from '../../support/eventually.ts';
import { makeSegment } from '../../support/segments.ts';
import { writeTinyPack } from '../../support/tiny-onnx.ts';

let directory: string;
let pack: Pack;
let supervisor: RunnerSupervisor;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-runner-'));
  await writeTinyPack(directory, 'mean');
  pack = await new PackRegistry(directory).load('mean');
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => supervisor.stop());

function settingsWith(only: Pack): RunnerSettings {
  return {
    packs: [only],
    providers: ['cpu'],
    threads: 1,
    batchSize: 4,
    batchWaitMs: 20,
    redisUrl: null,
    consumer: 'test',
    inFlightPerCamera: 4,
  };
}

function supervise(options: Partial<RunnerSupervisorOptions> = {}): RunnerSupervisor {
  supervisor = new RunnerSupervisor({
    settings: settingsWith(pack),
    logger: silentLogger,
    ...options,
  });
  return supervisor;
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

// each test starts processes, which takes seconds on a busy machine
describe('the runner', { timeout: 90_000 }, () => {
  it('gives the features of segments handed to it, tells its provider, and is gone after stop', async () => {
    const metrics = createMetrics();
    await supervise({ metrics }).start();
    const levels = [3, 50, 255, 0, 17, 99];
    const features = await Promise.all(
      levels.map((level, sequence) => supervisor.extract(['mean'], makeSegment({ level, sequence }))),
    );
    expect(features.map(({ sequence, values }) => [sequence, values[0], values.length])).toEqual(
      levels.map((level, sequence) => [sequence, level, 16]),
    );
    expect(supervisor.providers).toEqual([{ packId: 'mean', provider: 'cpu', state: 'chosen', reason: null }]);
    const pid = supervisor.pid ?? 0;
    await supervisor.stop();
    expect(isAlive(pid)).toBe(false);
    const measured = await metrics.registry.metrics();
    expect(measured).toContain('vedette_infer_runner_provider{provider="cpu"} 1');
    // what ran before an answer is told with it: none is missing
    const segments = (await metrics.inferBatchSize.get()).values.find(({ metricName }) => metricName?.endsWith('_sum'));
    expect(segments?.value).toBe(levels.length);
  });

  it('refuses a segment that the pack does not take, and an unknown pack, and lives on', async () => {
    await supervise().start();
    await expect(supervisor.extract(['mean'], makeSegment({ width: 5 }))).rejects.toMatchObject({
      code: 'VDT_SEGMENT_INVALID',
      message: expect.stringContaining('5 x 4'),
    });
    await expect(supervisor.extract(['none'], makeSegment())).rejects.toMatchObject({ code: 'VDT_RUNNER_FAILED' });
    expect((await supervisor.extract(['mean'], makeSegment({ level: 5 }))).values[0]).toBe(5);
  });

  it('says at the start what is wrong with a pack', async () => {
    await writeTinyPack(directory, 'broken', undefined, (manifest) => ({
      ...manifest,
      output: { name: 'nothing', dims: [1], meaning: 'x' },
    }));
    const broken = await new PackRegistry(directory).load('broken');
    await expect(supervise({ settings: settingsWith(broken) }).start()).rejects.toMatchObject({
      code: 'VDT_PACK_MODEL_MISMATCH',
      hint: expect.stringMatching(/manifest/),
    });
    expect(supervisor.state).toBe('stopped');
  });

  it('is replaced when it is killed, and calls under way are answered by the next', async () => {
    const metrics = createMetrics();
    await supervise({ metrics }).start();
    await supervisor.extract(['mean'], makeSegment());
    const firstPid = supervisor.pid ?? 0;
    process.kill(firstPid, 'SIGSTOP'); // so that the call is surely under way when it dies
    const call = supervisor.extract(['mean'], makeSegment({ level: 8 }));
    process.kill(firstPid, 'SIGKILL');
    expect((await call).values[0]).toBe(8);
    expect(supervisor.pid).not.toBe(firstPid);
    expect(await metrics.registry.metrics()).toContain('vedette_infer_runner_restarts_total{reason="death"} 1');
  });

  it('is killed and replaced when it hangs', async () => {
    const metrics = createMetrics();
    await supervise({ metrics, deadlineMs: 600 }).start();
    const firstPid = supervisor.pid ?? 0;
    process.kill(firstPid, 'SIGSTOP');
    await eventually(() => expect(isAlive(firstPid)).toBe(false));
    await eventually(() => expect(supervisor.state).toBe('ready'), { withinMs: 30_000 });
    expect((await supervisor.extract(['mean'], makeSegment({ level: 4 }))).values[0]).toBe(4);
    expect(await metrics.registry.metrics()).toContain('vedette_infer_runner_restarts_total{reason="hang"} 1');
  });

  it('raises the alarm when it dies too often, refuses calls, and tries again after a pause', async () => {
    const states: string[] = [];
    let broken = false;
    await supervise({
      restarts: { maximum: 2, windowMs: 60_000, pauseMs: 700 },
      onState: (state) => states.push(state),
      spawn: (command, args, options) => systemSpawn(command, broken ? ['-e', 'process.exit(3)'] : args, options),
    }).start();
    broken = true;
    process.kill(supervisor.pid ?? 0, 'SIGKILL');
    await eventually(() => expect(supervisor.state).toBe('alarm'), { withinMs: 30_000 });
    await expect(supervisor.extract(['mean'], makeSegment())).rejects.toMatchObject({ code: 'VDT_RUNNER_FAILED' });
    broken = false;
    await eventually(() => expect(supervisor.state).toBe('ready'), { withinMs: 30_000 });
    expect(states).toEqual(['starting', 'ready', 'restarting', 'alarm', 'restarting', 'ready']);
  });

  it('ends by itself when the process that started it is killed', async () => {
    const script = `
      import { RunnerSupervisor } from '${new URL('../../../src/infer/runner-supervisor.ts', import.meta.url).href}';
      import { silentLogger } from '${new URL('../../../src/platform/logger.ts', import.meta.url).href}';
      const supervisor = new RunnerSupervisor({ settings: ${JSON.stringify(settingsWith(pack))}, logger: silentLogger });
      await supervisor.start();
      console.log(supervisor.pid);
    `;
    const parent = systemSpawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });

  it('ends by itself even when a run never returns', async () => {
    const watch = new URL('../../../src/infer/runner/orphan-watch.ts', import.meta.url).href;
    const child = `import { watchForOrphanhood } from '${watch}'; watchForOrphanhood(); console.log(process.pid); for (;;);`;
    const parent = systemSpawn(
      process.execPath,
      [
        '-e',
        `require('node:child_process').spawn(process.execPath, ${JSON.stringify(['--import', 'tsx', '--input-type=module', '-e', child])}, { stdio: 'inherit' })`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = await new Promise<number>((resolve) => {
      parent.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    // the watch takes its first look at the parent while the main thread is blocked already
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    try {
      await eventually(() => expect(isAlive(pid)).toBe(false));
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});
