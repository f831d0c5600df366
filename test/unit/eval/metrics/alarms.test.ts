import { describe, expect, it } from 'vitest';
import { videoAupimo } from '../../../../src/eval/metrics/aupimo.ts';
import { careScore } from '../../../../src/eval/metrics/care-score.ts';
import { detectEvents, shareWithin } from '../../../../src/eval/metrics/event-detection.ts';
import { dailyRate, poissonInterval } from '../../../../src/eval/metrics/poisson-interval.ts';
import { quantile } from '../../../../src/eval/metrics/quantile.ts';

describe('exact Poisson interval', () => {
  // Two-sided 95 % limits of a Poisson mean: χ² quantiles at 2k and 2k + 2 degrees, halved (Garwood 1936).
  it.each([
    { count: 1, low: 0.025318, high: 5.571643 },
    { count: 2, low: 0.242209, high: 7.224688 },
    { count: 5, low: 1.623486, high: 11.668332 },
    { count: 10, low: 4.795389, high: 18.390356 },
    { count: 100, low: 81.363991, high: 121.626794 },
  ])('of $count events', ({ count, low, high }) => {
    const interval = poissonInterval(count);
    expect(interval.low).toBeCloseTo(low, 5);
    expect(interval.high).toBeCloseTo(high, 5);
  });

  it('of none is 0 to 3.0: the rule of three', () => {
    expect(poissonInterval(0).low).toBe(0);
    expect(poissonInterval(0).high).toBeCloseTo(2.9957, 4);
  });

  it('of thousands still stands', () => {
    const { low, high } = poissonInterval(5000);
    expect(low).toBeCloseTo(5000 - 1.96 * Math.sqrt(5000), -1);
    expect(high).toBeCloseTo(5000 + 1.96 * Math.sqrt(5000), -1);
  });

  it('becomes a rate per camera-day', () => {
    const rate = dailyRate(2, 2 * 86_400);
    expect(rate).toMatchObject({ value: 1, cameraDays: 2 });
    expect(rate.high).toBeCloseTo(7.224688 / 2, 5);
    expect(dailyRate(0, 0).value).toBeNaN();
  });
});

describe('event detection', () => {
  const event = { startSeconds: 10, endSeconds: 20 };
  const detect = (...alertSeconds: number[]) => detectEvents([{ name: 'v', events: [event], alertSeconds }]);

  it.each([
    { alert: 8, found: 1, delay: 0 },
    { alert: 7.9, found: 0, delay: Number.POSITIVE_INFINITY },
    { alert: 14, found: 1, delay: 4 },
    { alert: 30, found: 1, delay: 20 },
    { alert: 30.1, found: 0, delay: Number.POSITIVE_INFINITY },
  ])('an alert at $alert s for an event of 10 to 20 s finds $found', ({ alert, found, delay }) => {
    const result = detect(alert);
    expect(result.found).toBe(found);
    expect(result.delaysSeconds).toEqual([delay]);
    expect(result.falseAlerts).toBe(1 - found);
  });

  it('lets one alert serve one event only', () => {
    const events = [event, { startSeconds: 22, endSeconds: 25 }];
    const result = detectEvents([{ name: 'v', events, alertSeconds: [24] }]);
    expect(result).toMatchObject({ events: 2, found: 1, recall: 0.5, falseAlerts: 0 });
    expect(detectEvents([{ name: 'v', events, alertSeconds: [24, 26] }]).found).toBe(2);
  });

  it('counts a second alert of an event as a duplicate, not as false', () => {
    expect(detect(12, 15, 90)).toMatchObject({ found: 1, duplicateAlerts: 1, falseAlerts: 1, alerts: 3 });
  });

  it('counts a miss as infinite in quantiles and shares', () => {
    const { delaysSeconds } = detectEvents([
      { name: 'a', events: [event], alertSeconds: [11] },
      { name: 'b', events: [event], alertSeconds: [13] },
      { name: 'c', events: [event], alertSeconds: [] },
    ]);
    expect(quantile(delaysSeconds, 0.5)).toBe(3);
    expect(quantile(delaysSeconds, 0.95)).toBe(Number.POSITIVE_INFINITY);
    expect(shareWithin(delaysSeconds, 2)).toBeCloseTo(1 / 3, 12);
  });

  it('has no recall without events', () => {
    expect(detectEvents([{ name: 'v', events: [], alertSeconds: [5] }])).toMatchObject({
      recall: Number.NaN,
      falseAlerts: 1,
    });
  });
});

describe('AUPIMO, video form', () => {
  const day = 86_400;
  /** A hundred normal days with one alarm of each given height. */
  function normalDays(...heights: number[]): Float64Array[] {
    const scores = new Float64Array(100 * day);
    heights.forEach((height, index) => {
      scores[(index + 1) * 1000] = height;
    });
    return [scores];
  }

  it('is 1 for an event above all normal footage and 0 for one below the noise', () => {
    const normal = normalDays(0.5, 0.6);
    expect(videoAupimo({ normal, samplesPerSecond: 1, eventPeaks: [0.9, 0] }).perEvent).toEqual([1, 0]);
  });

  it('is the share of log rates at which the event is caught', () => {
    // Ten normal alarms reach 0.5: the event at 0.5 is caught from 0.1 a day on, half-way between 0.01 and 1 in logarithm.
    const result = videoAupimo({ normal: normalDays(...Array(10).fill(0.5)), samplesPerSecond: 1, eventPeaks: [0.5] });
    expect(result.value).toBeCloseTo(0.5, 12);
    expect(result.supported).toBe(true);
  });

  it('takes the alarms of one minute as one, and an alarm that never stops as one a minute', () => {
    const scores = new Float64Array(day);
    scores.set([0.9, 0.2, 0.9], 10);
    const at = (peak: number) =>
      videoAupimo({ normal: [scores], samplesPerSecond: 1, eventPeaks: [peak], lower: 0.1, upper: 10 }).perEvent[0];
    expect(at(0.9)).toBeCloseTo(0.5, 12);
    expect(at(0.2)).toBeCloseTo(0.5, 12);
    expect(at(0)).toBe(0);
  });

  it('says when there is too little normal footage', () => {
    expect(videoAupimo({ normal: [[0, 0]], samplesPerSecond: 1, eventPeaks: [1] }).supported).toBe(false);
  });
});

describe('CARE', () => {
  const event = { first: 4, last: 11 };
  const during = (first: number, last: number) =>
    Array.from({ length: 16 }, (_, i) => (i >= first && i <= last ? 1 : 0));
  const silent = during(1, 0);

  it('is 1 for a detector that is right about every sample', () => {
    expect(
      careScore([
        { predicted: during(4, 11), event },
        { predicted: silent, event: null },
      ]),
    ).toEqual({
      care: 1,
      coverage: 1,
      accuracy: 1,
      reliability: 1,
      earliness: 1,
    });
  });

  it('is 0 when nothing is detected, however quiet it is', () => {
    expect(
      careScore([
        { predicted: during(4, 5), event },
        { predicted: silent, event: null },
      ]).care,
    ).toBe(0);
  });

  it('is no more than its accuracy when half of normal time is alarmed', () => {
    const result = careScore([
      { predicted: during(4, 11), event },
      { predicted: during(0, 9), event: null },
    ]);
    expect(result.care).toBe(result.accuracy);
    expect(result.accuracy).toBe(6 / 16);
  });

  it('earns less earliness the later it begins', () => {
    const at = (first: number) =>
      careScore([
        { predicted: during(first, 11), event },
        { predicted: silent, event: null },
      ]).earliness;
    expect(at(4)).toBe(1);
    expect(at(6)).toBeLessThan(at(5));
    expect(at(9)).toBeLessThan(at(6));
  });

  it('freezes over ignored samples', () => {
    const ignored = during(0, 15);
    expect(
      careScore([
        { predicted: during(4, 11), event },
        { predicted: during(0, 15), event: null, ignored: silent },
      ]).accuracy,
    ).toBe(0);
    expect(
      careScore([
        { predicted: during(4, 11), event, ignored },
        { predicted: silent, event: null },
      ]).care,
    ).toBe(0);
  });
});
