import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PackRegistry } from '../../../../src/infer/packs/pack-registry.ts';
import { TextSession } from '../../../../src/infer/runner/text/text-session.ts';
import { writeTinyPack } from '../../../support/tiny-onnx.ts';
import { TINY_DIMENSIONS, writeTinyTextPack } from '../../../support/tiny-text.ts';

const OPTIONS = { providers: ['cpu'], threads: 1 } as const;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-text-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const open = async (id: string) => TextSession.open(await new PackRegistry(directory).get(id), OPTIONS);

describe('the text tower of a pack', () => {
  it('gives a descriptor of length 1 for each text, the same whatever stands beside it', async () => {
    await writeTinyTextPack(directory, 'tiny-clip');
    const session = await open('tiny-clip');
    const texts = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'a cat' : `dog ${index}`));
    const together = await session.embed(texts);
    expect(together).toHaveLength(40);
    for (const embedding of together) {
      expect(embedding).toHaveLength(TINY_DIMENSIONS);
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    }
    expect(await session.embed(['dog 7'])).toEqual([together[7]]);
    expect(together[0]).not.toEqual(together[1]);
    expect(await session.embed([])).toEqual([]);
    await session.close();
  });

  it('says what is wrong: none in the pack, another name in the graph, no merge list', async () => {
    await writeTinyPack(directory, 'mean');
    await expect(open('mean')).rejects.toMatchObject({ code: 'VDT_PACK_INVALID' });
    await writeTinyTextPack(directory, 'odd-output', { textOutput: 'something' });
    await expect(open('odd-output')).rejects.toMatchObject({
      code: 'VDT_PACK_MODEL_MISMATCH',
      message: expect.stringContaining('something'),
    });
    await writeTinyTextPack(directory, 'no-merges');
    await rm(join(directory, 'no-merges', 'merges.txt'));
    await expect(open('no-merges')).rejects.toMatchObject({ code: 'VDT_PACK_INVALID' });
    await writeFile(join(directory, 'no-merges', 'merges.txt'), 'not pairs at all\nx y z\n');
    await expect(open('no-merges')).rejects.toMatchObject({ code: 'VDT_PACK_INVALID' });
  });
});
