import { describe, expect, it } from 'vitest';
import { NO_EVIDENCE, nextEvidence } from '../../../src/score/alarm-statistic.ts';
import { SeededRandom } from '../../../src/score/random.ts';

const CEILING = 100;

/** The statistic after each segment. */
function statistics(stream: readonly number[], dependenceSegments = 3, ceiling = CEILING): number[] {
  let state = NO_EVIDENCE;
  return stream.map((surprise) => {
    const next = nextEvidence(state, surprise, dependenceSegments, ceiling);
    state = next.state;
    return next.statistic;
  });
}

describe('the statistic of an alarm', () => {
  it('is the third highest surprise of two seconds for a gross event', () => {
    expect(statistics([1, 40, 20, 30]).at(-1)).toBe(20);
  });

  it('stays below the least threshold for two broken segments, at once or apart', () => {
    expect(Math.max(...statistics([1, 1, 500, 500, 1, 1, 1]))).toBeLessThan(3.5);
    expect(Math.max(...statistics([1, 500, 1, 1, 500, 1, 1]))).toBeLessThan(3.5);
  });

  it('gathers what is moderately odd for seconds, by as much less as segments depend on one another', () => {
    const odd = Array.from({ length: 20 }, () => 6);
    expect(statistics(odd, 3).at(-1)).toBeCloseTo(20);
    expect(statistics(odd, 6).at(-1)).toBeCloseTo(10);
  });

  it('does not grow beyond its ceiling, and so comes down soon', () => {
    expect(statistics([...Array(400).fill(50), ...Array(30).fill(1)], 3, 12).at(-1)).toBe(1);
  });

  it('reaches h on calibrated surprise hardly more often than surprise itself, even where neighbours are equal', () => {
    const random = new SeededRandom(3);
    let level = 0;
    const stream = Array.from({ length: 200_000 }, (_, place) => {
      if (place % 12 === 0) level = -Math.log(1 - random.next());
      return level;
    });
    const reached = statistics(stream, 12).filter((statistic) => statistic >= 5).length / stream.length;
    expect(reached).toBeLessThan((4 / 3) * Math.exp(-5) * 1.2);
  });
});
