import { describe, expect, it } from 'vitest';
import { BLOCK_MS, BlockMaxima } from '../../../src/score/block-maxima.ts';

const START = Math.ceil(Date.UTC(2026, 0, 1) / BLOCK_MS) * BLOCK_MS;

/** One segment of ten seconds after another, `values` being the maximum of each block. */
function watch(blocks: BlockMaxima, values: readonly number[], firstBlock = 0): BlockMaxima {
  values.forEach((value, block) => {
    for (let segment = 0; segment < 60; segment++) {
      blocks.advance(START + (firstBlock + block) * BLOCK_MS + segment * 10_000);
      blocks.observe(segment === 30 ? value : 0, false);
    }
  });
  blocks.advance(START + (firstBlock + values.length) * BLOCK_MS);
  return blocks;
}

describe('the maxima of blocks of time', () => {
  it('are kept to a few per cent', () => {
    const maxima = watch(new BlockMaxima(10), [0, 0.4, 3, 12, 60]).blocks();
    expect(maxima).toHaveLength(5);
    [0, 0.4, 3, 12, 60].forEach((value, index) => {
      expect(Math.abs((maxima[index]?.maximum ?? -1) - value)).toBeLessThanOrEqual(0.035 * (value + 0.5));
    });
  });

  it('leave out a block of which less than half was watched, and time without the camera', () => {
    const blocks = watch(new BlockMaxima(10), [1, 2]);
    blocks.observe(50, false);
    watch(blocks, [3], 9);
    expect(blocks.blocks().map(({ number }) => number - START / BLOCK_MS)).toEqual([0, 1, 9]);
  });

  it('go back seven days, in three thousand characters', () => {
    const blocks = new BlockMaxima(10);
    for (let block = 0; block < 1_500; block++) {
      for (let segment = 0; segment < 60; segment++) {
        blocks.advance(START + block * BLOCK_MS + segment * 10_000);
        blocks.observe(block % 40, block % 5 === 0);
      }
    }
    expect(blocks.blocks()).toHaveLength(1_008);
    expect(JSON.stringify(blocks).length).toBeLessThan(3_000);
  });

  it('are the same after a restart in the middle of a block', () => {
    const blocks = watch(new BlockMaxima(10), [1, 2, 3]);
    blocks.observe(7, true);
    const restored = new BlockMaxima(10, JSON.parse(JSON.stringify(blocks)));
    expect(watch(restored, [5], 4).blocks()).toEqual(watch(blocks, [5], 4).blocks());
  });

  it('remember what a person said of an alarm', () => {
    const blocks = new BlockMaxima(10);
    for (let segment = 0; segment < 120; segment++) {
      blocks.advance(START + segment * 10_000);
      blocks.observe(1, segment === 5 || segment === 100);
    }
    blocks.advance(START + 2 * BLOCK_MS);
    blocks.review(START, START + 60_000, 'confirmed');
    expect(blocks.blocks().map(({ alarm }) => alarm)).toEqual(['confirmed', 'open']);
  });

  it('are forgotten when the wall clock goes back', () => {
    const blocks = watch(new BlockMaxima(10), [1, 2, 3], 100);
    expect(watch(blocks, [4]).blocks()).toHaveLength(1);
  });
});
