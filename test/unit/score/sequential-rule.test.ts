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
  it('never rises while surprise stays ordinary', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 1_000; sequence++) {
      expect(rule.observe(scored(sequence, 2.4))).toMatchObject({ statistic: 0, alarm: false });
    }
  });

  it('estimates the onset as the end of the last ordinary segment', () => {
    const rule = new SequentialRule(SETTINGS);
    rule.observe(scored(0, 0.5));
    rule.observe(scored(1, 0.5));
    for (let sequence = 2; sequence < 6; sequence++) rule.observe(scored(sequence, 6));
    const step = rule.observe(scored(6, 6));
    expect(step.statistic).toBeGreaterThan(0);
    expect(step.onsetMs).toBe(1_000 + 500 + 400);
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

  it.each([[[1_000]], [[1_000, 1_000]], [[1_000, 1, 1, 1_000]]])('does not alarm for %j alone', (broken) => {
    const rule = new SequentialRule(SETTINGS);
    const stream = [1, 1, 1, 1, ...broken, 1, 1, 1, 1, 1, 1];
    const alarms = stream.map((surprise, sequence) => rule.observe(scored(sequence, surprise)).alarm);
    expect(alarms).not.toContain(true);
  });

  it('alarms in spite of one ordinary segment amid a gross event', () => {
    const rule = new SequentialRule(SETTINGS);
    const alarms = [20, 1, 20, 20].map((surprise, sequence) => rule.observe(scored(sequence, surprise)).alarm);
    expect(alarms.at(-1)).toBe(true);
  });

  it('finds within ten seconds what is only moderately odd, but stays so', () => {
    const rule = new SequentialRule(SETTINGS);
    const alarms = Array.from({ length: 20 }, (_, sequence) => rule.observe(scored(sequence, 6.5, 1_000, 3)).alarm);
    expect(alarms.slice(0, 4)).not.toContain(true);
    expect(alarms).toContain(true);
  });

  it('does not take the segments of one odd passer-by for so many witnesses', () => {
    const rule = new SequentialRule(SETTINGS);
    const alarms = Array.from({ length: 12 }, (_, sequence) => rule.observe(scored(sequence, 5, 1_000, 12)).alarm);
    expect(alarms).not.toContain(true);
  });

  it('comes down within half a minute after the longest event', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 500; sequence++) rule.observe(scored(sequence, 50));
    let segments = 0;
    while (rule.observe(scored(500 + segments, 1)).alarm) segments += 1;
    expect(segments).toBeLessThan(60);
  });

  it('asks for more evidence for a smaller budget, and for less where many segments act as one', () => {
    const perDay = 172_800;
    expect(thresholdFor(perDay * 10, 1)).toBeGreaterThan(thresholdFor(perDay, 1));
    expect(thresholdFor(perDay, 3)).toBeLessThan(thresholdFor(perDay, 1));
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

  it('alarms within three seconds of an event that is steadily as rare as once in a quarter of a million segments', () => {
    const rule = new SequentialRule(SETTINGS);
    const alarms = [0, 1, 2, 3, 4, 5].map((sequence) => rule.observe(scored(sequence, Math.log(250_000))).alarm);
    expect(alarms).toContain(true);
    expect(alarms[0]).toBe(false);
  });

  it('goes on from its JSON', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 2; sequence++) rule.observe(scored(sequence, 8));
    const restored = SequentialRule.restore(JSON.parse(JSON.stringify(rule)), SETTINGS);
    expect(restored.observe(scored(2, 8))).toEqual(rule.observe(scored(2, 8)));
  });

  it('gives the same steps after a restart at any moment, through alarms and ends of blocks', () => {
    const random = new SeededRandom(11);
    let rule = new SequentialRule(SETTINGS);
    const twin = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 12_000; sequence++) {
      const surprise = -Math.log(1 - random.next()) * (sequence % 3_000 < 20 ? 12 : 1.3);
      const hold = sequence % 2_500 < 30;
      const next = scored(sequence, surprise, 1_000, 4);
      expect(rule.observe(next, hold)).toEqual(twin.observe(next, hold));
      if (sequence % 97 === 0) rule = SequentialRule.restore(JSON.parse(JSON.stringify(rule)), SETTINGS);
    }
    expect(JSON.stringify(rule)).toBe(JSON.stringify(twin));
  });

  it('stands still while held, and starts from nothing after a minute of it', () => {
    const rule = new SequentialRule(SETTINGS);
    rule.observe(scored(0, 8));
    const before = rule.observe(scored(1, 8));
    const held = rule.observe(scored(2, 1_000), true);
    expect(held).toMatchObject({ statistic: before.statistic, alarm: false, held: true });
    for (let sequence = 3; sequence < 130; sequence++) rule.observe(scored(sequence, 1_000), true);
    expect(rule.observe(scored(130, 1))).toMatchObject({ statistic: 0, alarm: false });
  });

  it('keeps the budget within four on footage twice as lively as what was learned', () => {
    // One day; an alarm counts once until the statistic is down again.
    const rule = new SequentialRule(SETTINGS);
    const random = new SeededRandom(8);
    let alarms = 0;
    let level = 0;
    let alarming = false;
    for (let sequence = 0; sequence < 172_800; sequence++) {
      if (sequence % 4 === 0) level = -Math.log(1 - random.next()) * 2;
      const { alarm } = rule.observe(scored(sequence, level, 1_000, 4));
      if (alarm && !alarming) alarms += 1;
      alarming = alarm;
    }
    expect(alarms).toBeLessThanOrEqual(4);
  });

  it('asks for more after dismissals', () => {
    const rule = new SequentialRule(SETTINGS);
    let threshold = 0;
    for (let sequence = 0; sequence < 14_400; sequence++) {
      threshold = rule.observe(scored(sequence, sequence % 4_800 < 4 ? 20 : 0.5)).threshold;
    }
    rule.review(0, 10_000_000, 'dismissed');
    expect(rule.observe(scored(14_400, 0.5)).threshold).toBeGreaterThan(threshold * 1.1);
  });

  it('starts anew with a new epoch', () => {
    const rule = new SequentialRule(SETTINGS);
    for (let sequence = 0; sequence < 3; sequence++) rule.observe(scored(sequence, 8));
    expect(rule.observe(scored(0, 1, 900_000))).toMatchObject({ statistic: 0, alarm: false });
  });
});
