import { describe, expect, it } from 'vitest';
import { fitGumbel, thresholdFor, validatedThreshold } from '../../../src/score/alarm-threshold.ts';
import type { Block, BlockVerdict } from '../../../src/score/block-maxima.ts';
import { SeededRandom } from '../../../src/score/random.ts';

const SETTINGS = { alertBudgetPerDay: 1, segmentSeconds: 0.5 };
const PER_DAY = 172_800;
const DEPENDENCE = 4;

/** Blocks of a camera whose maxima follow this Gumbel law. */
function blocksOf(count: number, location: number, scale: number, seed = 1): Block[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, number) => ({
    number,
    maximum: Math.max(0, location - scale * Math.log(-Math.log(1 - random.next()))),
    alarm: null,
  }));
}

const alarmed = (blocks: readonly Block[], every: number, maximum: number, alarm: BlockVerdict = 'open') =>
  blocks.map((block, index) => (index % every === every - 1 ? { ...block, maximum, alarm } : block));
const threshold = (blocks: readonly Block[], nowBlock = blocks.length) =>
  validatedThreshold(blocks, nowBlock, DEPENDENCE, SETTINGS);

describe('the alarm threshold', () => {
  it('is the theory’s before anything was seen', () => {
    expect(threshold([], 0)).toBe(thresholdFor(PER_DAY, DEPENDENCE));
  });

  it('fits a Gumbel law by its moments', () => {
    const maxima = blocksOf(5_000, 7, 1.5).map(({ maximum }) => ({ maximum, weight: 1 }));
    const { location, scale, weight } = fitGumbel(maxima);
    expect(location).toBeCloseTo(7, 0);
    expect(scale).toBeCloseTo(1.5, 0);
    expect(weight).toBe(5_000);
  });

  it('comes to be exceeded as often as the budget allows, whatever the theory said', () => {
    const [location, scale] = [4, 0.7];
    const level = threshold(blocksOf(1_000, location, scale));
    const exceededPerDay = 144 * (1 - Math.exp(-Math.exp(-(level - location) / scale)));
    expect(exceededPerDay).toBeGreaterThan(0.4);
    expect(exceededPerDay).toBeLessThan(1.6);
  });

  it('moves from theory to experience as blocks gather', () => {
    const shown = 10 + 2 * Math.log(144);
    const [none = 0, hour = 0, , days = 0] = [0, 6, 36, 400].map((count) => threshold(blocksOf(count, 10, 2)));
    expect(hour).toBeGreaterThan(none);
    expect(Math.abs(days - shown)).toBeLessThan(0.15 * shown);
  });

  it('is well below the theory after two calm hours, and no lower than calm hours of other cameras reach', () => {
    const [, twoHours = 0, day = 0] = [0, 12, 200].map((count) => threshold(blocksOf(count, 4, 0.45)));
    expect(twoHours).toBeLessThan(0.85 * threshold([], 0));
    expect(day).toBeLessThan(twoHours);
    expect(day).toBeGreaterThan(4 + 0.45 * Math.log(144));
  });

  it('stays at the theory’s until a few blocks have shown that it may come down', () => {
    expect(threshold(blocksOf(1, 4, 0.45))).toBeGreaterThan(0.9 * threshold([], 0));
  });

  it('keeps the budget over the first day, on cameras whose blocks follow laws of many kinds', () => {
    const days = 30;
    let exceeded = 0;
    for (let seed = 1; seed <= days; seed++) {
      const random = new SeededRandom(1_000 + seed);
      const blocks = blocksOf(72, 3.5 + 2.5 * random.next(), 0.3 + 0.7 * random.next(), seed);
      for (let count = 0; count < blocks.length; count += 3) {
        const level = threshold(blocks.slice(0, count));
        exceeded += blocks.slice(count, count + 3).filter(({ maximum }) => maximum > level).length;
      }
    }
    // a budget of one a day leaves half of one in twelve hours
    expect(exceeded / days).toBeLessThan(0.5);
  });

  it('does not rise for true events: with one alarm an hour, hardly', () => {
    const quiet = blocksOf(144, 6, 1.1);
    expect(threshold(alarmed(quiet, 6, 15))).toBeLessThan(threshold(quiet) * 1.1);
  });

  it('rises when nearly every block alarms: that is what the scene is like', () => {
    const quiet = blocksOf(36, 6, 1.1);
    expect(threshold(alarmed(quiet, 2, 15))).toBeGreaterThan(threshold(quiet) * 1.2);
  });

  it('rises for dismissed alarms, and not for confirmed ones', () => {
    const quiet = blocksOf(144, 6, 1.1);
    expect(threshold(alarmed(quiet, 10, 15, 'dismissed'))).toBeGreaterThan(threshold(quiet) * 1.1);
    expect(threshold(alarmed(quiet, 10, 15, 'confirmed'))).toBeLessThan(threshold(quiet) * 1.05);
  });

  it('is higher in the hours that were always busy, once it has seen the whole day', () => {
    const busyNoon = (count: number): Block[] =>
      blocksOf(count, 6, 1.1).map((block) => ({
        ...block,
        maximum: block.maximum * (block.number % 144 >= 66 && block.number % 144 < 84 ? 1.8 : 1),
      }));
    const noon = 144 * 4 + 72;
    const midnight = 144 * 4;
    expect(threshold(busyNoon(noon), noon)).toBeGreaterThan(1.2 * threshold(busyNoon(midnight), midnight));
  });

  it('does not rise because nights are silent', () => {
    const day = blocksOf(72, 4, 0.6);
    const silent = (count: number): Block[] =>
      Array.from({ length: count }, (_, index) => ({ number: 72 + index, maximum: 0.4, alarm: null }));
    const evening = threshold(day);
    for (const blocks of [12, 36, 72]) {
      expect(threshold([...day, ...silent(blocks)])).toBeLessThanOrEqual(evening + 0.05);
    }
    // and by day, after them, it is no higher than without them
    const nextDay = [
      ...day,
      ...silent(72),
      ...blocksOf(72, 4, 0.6, 2).map((one) => ({ ...one, number: 144 + one.number })),
    ];
    expect(threshold(nextDay)).toBeLessThanOrEqual(evening + 0.3);
  });

  it('stays within bounds about the theory’s', () => {
    const guess = thresholdFor(PER_DAY, DEPENDENCE);
    expect(threshold(blocksOf(1_000, 0, 0.01))).toBeCloseTo(0.65 * guess);
    expect(threshold(blocksOf(1_000, 200, 30))).toBeCloseTo(3 * guess);
  });
});
