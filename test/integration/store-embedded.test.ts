import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/platform/logger.ts';
import { openStore } from '../../src/store/open-store.ts';
import { cameraInput } from '../unit/store/fixtures.ts';
import { testSecretBox } from '../unit/store/store-behaviour.ts';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vedette-store-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const open = (dataDir: string | null = folder) =>
  openStore({ dataDir, secretBox: testSecretBox, logger: silentLogger });

/** A process of its own that opens the store, adds a camera, says so, and stays. */
async function holdInChild(): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, '../unit/store/hold-store.ts'), folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('opening the embedded store', () => {
  it('when opened again after a close, finds what was written', async () => {
    const first = await open();
    await first.cameras.create(cameraInput('gate'));
    await first.close();
    await first.close();
    await expect(first.check()).rejects.toThrow();
    const second = await open();
    expect((await second.cameras.get('gate')).name).toBe('gate');
    await second.close();
  });

  it('when another process has it, refuses and says what to do; when that one is killed, opens with all it had written', async () => {
    const child = await holdInChild();
    await expect(open()).rejects.toMatchObject({
      code: 'VDT_STORE_LOCKED',
      hint: expect.stringContaining('DATABASE_URL'),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await open();
    expect((await store.cameras.all()).map((camera) => camera.id)).toEqual(['from-child']);
    await store.check();
    await store.close();
  });
});
