import { describe, expect, it } from 'vitest';
import { DefinitionLoader } from '../../../src/infer/load-definitions.ts';
import type { CameraDefinitions } from '../../../src/store/definitions.ts';

const PACK = { id: 'clip', logitScale: 100 };
const FALL = { name: 'fall', text: 'a person lying', examples: ['somebody fell'] };

/** A store with one camera's definitions, and a text tower that counts letters. */
function given(abnormal: CameraDefinitions['abnormal'], normal: readonly string[] = ['people walking']) {
  const asked: string[][] = [];
  let stored: CameraDefinitions | null = {
    cameraId: 'hall',
    abnormal,
    normal,
    revision: 7,
    by: 'key_1',
    updatedMs: 0,
  };
  const embedText = async (_: string, texts: readonly string[]) => {
    asked.push([...texts]);
    return texts.map((text) => Float32Array.from([text.length, text.split('e').length, 1]));
  };
  const loader = new DefinitionLoader({ definitions: { ofCamera: async () => stored } }, embedText);
  return {
    asked,
    loader,
    store: (next: CameraDefinitions | null) => {
      stored = next;
    },
    current: () => stored,
  };
}

describe('the definitions of a camera, as its scoring gets them', () => {
  it('are embedded in several sentences each, with their examples, as one direction of length 1', async () => {
    const { loader, asked } = given([FALL]);
    const set = await loader.load('hall', PACK);
    expect(set).toMatchObject({ key: '7:clip', pack: 'clip', logitScale: 100, abnormal: [{ name: 'fall' }] });
    const sentences = asked.flat();
    expect(sentences.filter((text) => text.includes('a person lying')).length).toBeGreaterThanOrEqual(4);
    expect(sentences.filter((text) => text.includes('somebody fell')).length).toBeGreaterThanOrEqual(4);
    expect(sentences).toContain('an alarming scene: a person lying');
    expect(sentences).toContain('an ordinary scene: people walking');
    expect(set?.normal).toHaveLength(1);
    for (const embedding of [...(set?.normal ?? []), ...(set?.abnormal ?? []).map((one) => one.embedding)]) {
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    }
  });

  it('without normal texts, go against built-in ones', async () => {
    const { loader } = given([FALL], []);
    expect((await loader.load('hall', PACK))?.normal.length).toBeGreaterThan(2);
  });

  it('are embedded in small portions, so that segments get their turns', async () => {
    const { loader, asked } = given(
      Array.from({ length: 16 }, (_, index) => ({ ...FALL, name: `${index}`, text: `thing ${index}` })),
    );
    await loader.load('hall', PACK);
    expect(Math.max(...asked.map((texts) => texts.length))).toBeLessThanOrEqual(8);
  });

  it('when asked again, cost nothing; when changed, only what is new; by another pack, everything', async () => {
    const { loader, asked, store, current } = given([FALL]);
    const first = await loader.load('hall', PACK);
    asked.length = 0;
    expect(await loader.load('hall', PACK)).toEqual(first);
    expect(asked).toEqual([]);
    const before = current();
    if (before) store({ ...before, revision: 8, abnormal: [FALL, { name: 'smoke', text: 'smoke', examples: [] }] });
    const second = await loader.load('hall', PACK);
    expect(second?.key).toBe('8:clip');
    expect(asked.flat().every((text) => text.includes('smoke'))).toBe(true);
    asked.length = 0;
    await loader.load('hall', { id: 'other', logitScale: 1 });
    expect(asked.flat().some((text) => text.includes('a person lying'))).toBe(true);
  });

  it('take a text for words even where it looks like a pattern of replacement', async () => {
    const { loader, asked } = given([{ name: 'odd', text: "$& {} $'", examples: [] }]);
    await loader.load('hall', PACK);
    expect(asked.flat()).toContain("a photo of $& {} $'");
  });

  it('are null where there are none', async () => {
    const { loader, store } = given([]);
    expect(await loader.load('hall', PACK)).toBeNull();
    store(null);
    expect(await loader.load('hall', PACK)).toBeNull();
  });

  it('reject as the text tower does, and are whole the next time', async () => {
    let down = true;
    const definitions = { ofCamera: async () => given([FALL]).current() };
    const loader = new DefinitionLoader({ definitions }, async (_, texts) => {
      if (down) throw new Error('the runner is away');
      return texts.map(() => Float32Array.from([3, 4]));
    });
    await expect(loader.load('hall', PACK)).rejects.toThrow('away');
    down = false;
    const embedding = (await loader.load('hall', PACK))?.abnormal[0]?.embedding;
    expect(embedding && [...embedding].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0.8]);
  });
});
