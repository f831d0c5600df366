import { describe, expect, test } from 'vitest';
import { exitOf, stopChild, systemSpawn } from '../../../src/platform/child-process.ts';
import { systemClock } from '../../../src/platform/clock.ts';

const node = (script: string) => systemSpawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'ignore'] });
const ready = (child: ReturnType<typeof node>) => new Promise((resolve) => child.stdout?.once('data', resolve));
const ladder = [
  { action: 'quit-key', waitMs: 300 },
  { action: 'SIGTERM', waitMs: 300 },
  { action: 'SIGKILL', waitMs: 5_000 },
] as const;

describe('stopping a child', () => {
  test('ends politely where the child heeds the quit key', async () => {
    const child = node("process.stdin.on('data', () => process.exit(7)); console.log('ready')");
    await ready(child);
    expect(await stopChild(child, systemClock, ladder)).toMatchObject({ code: 7 });
  });

  test('kills a child that heeds nothing', async () => {
    const child = node("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')");
    await ready(child);
    expect(await stopChild(child, systemClock, ladder)).toMatchObject({ signal: 'SIGKILL' });
  });

  test('reports a program that is not there', async () => {
    const child = systemSpawn('/no/such/program', [], {});
    expect((await exitOf(child)).error?.message).toMatch(/ENOENT/);
  });
});
