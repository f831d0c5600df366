import { describe, expect, it } from 'vitest';
import { FIGURE_FIELDS, figureIndex } from '../../../../src/score/figures/figure-parts.ts';
import {
  followFigures,
  NO_PATHS,
  type PathState,
  VIEW_FIELDS,
  VIEW_LENGTH,
} from '../../../../src/score/figures/figure-paths.ts';
import { judgementIndex } from '../../../../src/score/figures/figure-references.ts';

interface Seen {
  readonly x: number;
  readonly velocityX?: number;
  readonly still?: number;
  /** What the judgement says of its speed. */
  readonly speed?: number;
}

function follow(segments: readonly (readonly Seen[])[], skip: readonly number[] = []): PathState {
  let state = NO_PATHS;
  segments.forEach((seen, sequence) => {
    if (skip.includes(sequence)) return;
    const figures = new Float32Array(seen.length * FIGURE_FIELDS.length);
    seen.forEach(({ x, velocityX = 0, still = 0 }, index) => {
      const offset = index * FIGURE_FIELDS.length;
      figures[offset + figureIndex('x')] = x;
      figures[offset + figureIndex('y')] = 80;
      figures[offset + figureIndex('velocityX')] = velocityX;
      figures[offset + figureIndex('still')] = still;
    });
    state = followFigures(state, { epoch: 1, sequence, figures }, (_, offset, target, at) => {
      target[at + judgementIndex('speed')] = seen[offset / FIGURE_FIELDS.length]?.speed ?? 0;
    });
  });
  return state;
}

const value = (state: PathState, name: string, figure = 0): number =>
  state.views[figure * VIEW_LENGTH + VIEW_FIELDS.indexOf(name as never)] ?? Number.NaN;

/** Someone who goes to the right, five pixels a segment. */
const walk = (segments: number, speed: (segment: number) => number) =>
  Array.from({ length: segments }, (_, segment) => [{ x: 20 + 5 * segment, velocityX: 1, speed: speed(segment) }]);

describe('the paths of figures', () => {
  it('gather what is odd for seconds, the lasting means more slowly', () => {
    const once = follow(walk(8, (segment) => (segment === 7 ? 4 : 0)));
    const long = follow(walk(8, () => 4));
    expect(value(once, 'path-speed')).toBeCloseTo(1.4, 5);
    expect(value(long, 'path-speed')).toBe(4);
    expect(value(once, 'lasting-speed')).toBeLessThan(value(once, 'path-speed'));
    expect(value(once, 'speed')).toBe(4);
  });

  it('know for how long a figure has been followed, up to ten seconds', () => {
    expect(value(follow(walk(1, () => 0)), 'age')).toBe(0);
    expect(value(follow(walk(4, () => 0)), 'age')).toBeCloseTo(Math.log(4), 5);
    expect(value(follow(walk(40, () => 0)), 'age')).toBeCloseTo(Math.log(21), 5);
  });

  it('end where the stream has a gap, and do not reach to what is too far away', () => {
    const segments = walk(6, () => 4);
    expect(value(follow(segments, [4]), 'age')).toBe(0);
    const [last = []] = segments.slice(-1);
    const far = follow([...segments.slice(0, 5), last.map((seen) => ({ ...seen, x: 200 }))]);
    expect(value(far, 'age')).toBe(0);
  });

  it('tell what somebody put down, or who stopped, from what was there without anybody coming', () => {
    const comes = [...walk(6, () => 0), [{ x: 46, still: 1 }], [{ x: 46, still: 1.5 }]];
    expect(value(follow(comes), 'arrived')).toBeGreaterThan(1);
    expect(value(follow([[], [], [{ x: 46, still: 1 }], [{ x: 46, still: 1.5 }]]), 'arrived')).toBe(0);
  });
});
