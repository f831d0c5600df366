import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/score/random.ts';
import type { SegmentScore } from '../../../src/score/segment-score.ts';
import { SequentialRule, thresholdFor } from '../../../src/score/sequential-rule.ts';

const SETTINGS = { alertBudgetPerDay: 1, segmentSeconds: 0.5 };

function scored(sequence: number, surprise: number, epoch = 1_000, dependenceSegments = 1): SegmentScore {
  const startMs = epoch + sequence * 500;
  const parts = { epoch, sequence, startMs, endMs: startMs + 400, score: 0, certainty: 1, cues: [] };
  return { ...parts, surprise, hottestCell: null, explanation: null, dependenceSegments };
}

describe('the sequential rule', () => {
  it('never rises while surprise stays below the drift', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 1_000; sequence++) {
      expect(rule.observe(scored(sequence, 2.4))).toMatchObject({ statistic: 0, alarm: false });
    }
  });

  it('estimates the onset as the last time it was at zero', () => {
    const rule = new SequentialRule(SETTINGS);
    rule.observe(scored(0, 0.5));
    rule.observe(scored(1, 0.5));
    rule.observe(scored(2, 6));
    expect(rule.observe(scored(3, 6)).onsetMs).toBe(1_000 + 500 + 400);
  });

  it('takes the first segment’s start as onset when it starts amid the event', () => {
    const rule = new SequentialRule(SETTINGS);
    expect(rule.observe(scored(0, 9)).onsetMs).toBe(1_000);
  });

  it('alarms on the third segment at the earliest, however surprising', () => {
    const rule = new SequentialRule(SETTINGS);
    const alarms = [0, 1, 2].map((sequence) => rule.observe(scored(sequence, 1_000)).alarm);
    expect(alarms).toEqual([false, false, true]);
  });

  it('comes down within a minute after the longest event', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 500; sequence++) rule.observe(scored(sequence, 50));
    let segments = 0;
    while (rule.observe(scored(500 + segments, 1)).alarm) segments += 1;
    expect(segments).toBeLessThan(120);
  });

  it('asks for more evidence for a smaller budget and for dependent segments', () => {
    const perDay = 172_800;
    expect(thresholdFor(perDay * 10, 1)).toBeGreaterThan(thresholdFor(perDay, 1));
    expect(thresholdFor(perDay, 3)).toBeGreaterThan(2 * thresholdFor(perDay, 1));
  });

  it('keeps the budget on exponential surprise: rarer than one alarm in the permitted time', () => {
    // A budget of one alarm in 2,000 segments, watched for 100,000: at most 50 alarms may come.
    const budget = { alertBudgetPerDay: 86_400 / 0.5 / 2_000, segmentSeconds: 0.5 };
    const rule = new SequentialRule(budget);
    const random = new SeededRandom(5);
    let alarms = 0;
    for (let sequence = 0; sequence < 100_000; sequence++) {
      if (rule.observe(scored(sequence, -Math.log(1 - random.next()))).alarm) {
        alarms += 1;
        rule.reset();
      }
    }
    expect(alarms).toBeLessThanOrEqual(50);
  });

  it('alarms within three seconds of an event that is steadily as rare as once in ten thousand segments', () => {
    const rule = new SequentialRule(SETTINGS);
    const alarms = [0, 1, 2, 3, 4, 5].map((sequence) => rule.observe(scored(sequence, Math.log(10_000))).alarm);
    expect(alarms).toContain(true);
    expect(alarms[0]).toBe(false);
  });

  it('goes on from its JSON', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 2; sequence++) rule.observe(scored(sequence, 8));
    const restored = SequentialRule.restore(JSON.parse(JSON.stringify(rule)), SETTINGS);
    expect(restored.observe(scored(2, 8))).toEqual(rule.observe(scored(2, 8)));
  });

  it('starts anew with a new epoch', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 3; sequence++) rule.observe(scored(sequence, 8));
    expect(rule.observe(scored(0, 1, 900_000))).toMatchObject({ statistic: 0, alarm: false });
  });
});
