import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/platform/logger.ts';
import { lockFolder } from '../../../src/store/folder-lock.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { testSecretBox } from './store-behaviour.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vedette-store-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the lock of a folder', () => {
  it('is held once, and free after release', async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'VDT_STORE_LOCKED' });
    await lock.release();
    await (await lockFolder(folder)).release();
  });

  it('works where the path is longer than a socket may have', async () => {
    const deep = join(folder, 'x'.repeat(120));
    const lock = await lockFolder(deep);
    await expect(lockFolder(deep)).rejects.toMatchObject({ code: 'VDT_STORE_LOCKED' });
    await lock.release();
  });
});

describe('opening PostgreSQL', () => {
  it('given an address where nothing listens, says so without the password', async () => {
    const refused = openStore({
      databaseUrl: 'postgres://vedette:hunter2@127.0.0.1:1/vedette',
      dataDir: null,
      secretBox: testSecretBox,
      logger: silentLogger,
    });
    await expect(refused).rejects.toMatchObject({ code: 'VDT_UNAVAILABLE' });
    await expect(refused).rejects.not.toThrow('hunter2');
  });

  it('given what is no address, names the field and not the password', async () => {
    const refused = openStore({
      databaseUrl: 'postgres://vedette:hunter2 @@:x/',
      dataDir: null,
      secretBox: testSecretBox,
      logger: silentLogger,
    });
    await expect(refused).rejects.toMatchObject({ code: 'VDT_CONFIG_INVALID', values: { field: 'databaseUrl' } });
    await expect(refused).rejects.not.toThrow('hunter2');
  });
});
