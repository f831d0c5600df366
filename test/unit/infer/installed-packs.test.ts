import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultPackIds, openPackRegistry, pulledPackDirectory } from '../../../src/cli/installed-packs.ts';
import { parseConfig } from '../../../src/platform/load-config.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vedette-installed-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const defaults = (packs: object = {}) => {
  const config = parseConfig({ dataDir, packs }, dataDir);
  return defaultPackIds(config, openPackRegistry(config));
};
const pullAs = async (id: string, file: string) => {
  const folder = join(pulledPackDirectory(parseConfig({ dataDir }, dataDir)), id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), 'weights');
};

describe('the packs of a new camera', () => {
  it('are motion-grid alone on a fresh machine, and a detector beside it once one was pulled, the best first', async () => {
    expect(await defaults()).toEqual(['motion-grid']);
    await pullAs('fastest-det', 'FastestDet.onnx');
    expect(await defaults()).toEqual(['motion-grid', 'fastest-det']);
    await pullAs('yolox-nano', 'yolox_nano.onnx');
    expect(await defaults()).toEqual(['motion-grid', 'yolox-nano']);
  });

  it('are what the configuration lists, where it does', async () => {
    await pullAs('yolox-nano', 'yolox_nano.onnx');
    expect(await defaults({ default: ['motion-grid'] })).toEqual(['motion-grid']);
    expect(() => parseConfig({ packs: { default: [] } }, dataDir)).toThrow('packs.default');
    expect(() => parseConfig({ packs: { default: 'some' } }, dataDir)).toThrow('packs.default');
  });
});
