import { describe, expect, it } from 'vitest';
import { dependenceLength } from '../../../src/score/dependence.ts';
import { excessAt, learnExcess } from '../../../src/score/excess-table.ts';
import { fuseSurprises, scoreOf } from '../../../src/score/fuse.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import { decodeState, encodeState } from '../../../src/score/state-codec.ts';
import { calibrateTail, surpriseOf } from '../../../src/score/tail.ts';

function exponentials(count: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => -Math.log(1 - random.next()));
}

describe('the tail', () => {
  it('gives back the probabilities of an exponential history, beyond its end on the cautious side', () => {
    const tail = calibrateTail(exponentials(5_000, 1), 1);
    for (const raw of [0.5, 1, 2]) expect(surpriseOf(tail, raw)).toBeCloseTo(raw, 0);
    expect(surpriseOf(tail, 20)).toBeGreaterThan(14);
    expect(surpriseOf(tail, 20)).toBeLessThan(20);
  });

  it('rises strictly beyond all that was seen', () => {
    const tail = calibrateTail(exponentials(60, 2), 1);
    expect(surpriseOf(tail, 101)).toBeGreaterThan(surpriseOf(tail, 100));
  });

  it('is more cautious the more the history’s values hang together', () => {
    const history = exponentials(400, 3);
    expect(surpriseOf(calibrateTail(history, 10), 12)).toBeLessThan(surpriseOf(calibrateTail(history, 1), 12));
  });

  it('falls no faster beyond the history than it is told, and as before within it', () => {
    const history = exponentials(2_000, 4).map((raw) => raw / 3);
    const [free, bound] = [calibrateTail(history, 1), calibrateTail(history, 1, { tailExcess: 0.9 })];
    const nats = (tail: typeof free) => surpriseOf(tail, 12) - surpriseOf(tail, 3);
    expect(nats(free)).toBeGreaterThan(9 * 2);
    expect(nats(bound)).toBeCloseTo(9 / 0.9, 6);
    expect(surpriseOf(bound, 0.5)).toBe(surpriseOf(free, 0.5));
    // a short history is wider by itself: that is not counted twice
    const short = calibrateTail(exponentials(60, 5), 4);
    expect(nats(calibrateTail(exponentials(60, 5), 4, { tailExcess: 0.9 }))).toBe(nats(short));
  });

  it('has an answer for a history that never varied', () => {
    const tail = calibrateTail(new Array(50).fill(2), 1);
    expect(surpriseOf(tail, 2)).toBeLessThan(0.1);
    expect(surpriseOf(tail, 3)).toBeGreaterThan(1);
  });
});

describe('dependence', () => {
  it('is near one for independent values and about the length of the bursts for bursts', () => {
    expect(dependenceLength([exponentials(2_000, 4)])).toBeLessThan(1.4);
    const bursts = exponentials(400, 5).flatMap((value) => [value, value, value, value]);
    expect(dependenceLength([bursts])).toBeGreaterThan(3.5);
  });
});

describe('what is usual', () => {
  const shape = { rows: 3, columns: 9, folds: 2 };
  const options = { floor: 0.1, countEmpty: false, priorSamples: 1 };
  const maps = Array.from({ length: 100 }, (_, index) => ({
    fold: index % 2,
    values: Float32Array.from({ length: 27 }, (_, cell) => (cell % 9 < 4 ? 1 : 4)),
  }));

  it('is learned place by place', () => {
    const { full } = learnExcess(maps, shape, options);
    expect(excessAt(full, options.floor, 9, 1)).toBeCloseTo(0, 1);
    expect(excessAt(full, options.floor, 17, 4)).toBeCloseTo(0, 1);
    expect(excessAt(full, options.floor, 9, 4)).toBeCloseTo(Math.log(4.1 / 1.1), 1);
  });

  it('leaves a fold out whole', () => {
    const withRunner = [...maps, { fold: 1, values: new Float32Array(27).fill(20) }];
    const { withoutFold } = learnExcess(withRunner, shape, { ...options, countEmpty: true });
    const [withoutFirst, withoutSecond] = withoutFold;
    if (!withoutFirst || !withoutSecond) throw new Error('two folds');
    expect(withoutSecond.most[0]).toBeLessThan(Math.log(5));
    expect(withoutFirst.most[0]).toBeGreaterThan(Math.log(19));
  });
});

describe('fusion', () => {
  it('lets one very surprising cue speak, at the price of its weight', () => {
    expect(fuseSurprises([0.1, 20, 0.3], [0.8, 0.1, 0.1])).toBeCloseTo(20 + Math.log(0.1), 3);
  });

  it('maps once in a thousand to one half', () => {
    expect(scoreOf(Math.log(1000))).toBe(0.5);
    expect(scoreOf(0)).toBe(0);
  });
});

describe('the state codec', () => {
  it('brings numbers back bit-equal, at any alignment', () => {
    const state = {
      a: Float64Array.of(0.1, -0, 1e-310),
      b: [Float32Array.of(1 / 3)],
      c: Uint8Array.of(1, 2, 3),
      d: 1 / 3,
    };
    const shifted = new Uint8Array(encodeState(state).length + 1);
    shifted.set(encodeState(state), 1);
    expect(decodeState(shifted.subarray(1))).toEqual(state);
  });
});
