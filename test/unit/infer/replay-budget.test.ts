import { describe, expect, it } from 'vitest';
import {
  BudgetReplay,
  type ReplayedScore,
  type ReplaySettings,
  replayBudget,
  surpriseOfScore,
} from '../../../src/infer/replay-budget.ts';
import { scoreOf } from '../../../src/score/fuse.ts';
import { SeededRandom } from '../../../src/score/random.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const SETTINGS: ReplaySettings = {
  cameraId: 'gate',
  alertBudgetPerDay: 1,
  segmentSeconds: 0.5,
  incident: { quietMs: 30_000 },
  fromMs: START,
  toMs: START + 4 * HOUR_MS,
};

/** Four hours of calm, with an event of ten seconds in each; the events rise from 5 to 20 nats. */
function scores(certainty = 1): ReplayedScore[] {
  const random = new SeededRandom(2);
  return Array.from({ length: 4 * 7_200 }, (_, sequence) => {
    const place = sequence % 7_200;
    const event = place >= 4_000 && place < 4_020;
    const surprise = event ? 5 * (1 + Math.floor(sequence / 7_200)) : -Math.log(1 - random.next());
    const endMs = START + (sequence + 1) * 500 - 1;
    return { epoch: START, sequence, endMs, score: scoreOf(surprise), certainty, dependenceSegments: 4, held: false };
  });
}

const withBudget = (alertBudgetPerDay: number, given = scores()) =>
  replayBudget(given, { ...SETTINGS, alertBudgetPerDay });

describe('what another budget would have given', () => {
  it('turns a stored score back into surprise', () => {
    for (const surprise of [0, 0.3, 2.3, 12, 300]) expect(surpriseOfScore(scoreOf(surprise))).toBeCloseTo(surprise, 8);
  });

  it('is fewer alerts for a smaller one, and more for a larger', () => {
    const alerts = [0.01, 1, 100].map((budget) => withBudget(budget).alerts);
    expect(alerts).toEqual([...alerts].sort((a, b) => a - b));
    expect(alerts[0]).toBeLessThan(alerts[2] ?? 0);
    expect(alerts[2]).toBeGreaterThanOrEqual(3);
  });

  it('says which incidents, with their times', () => {
    const last = withBudget(1).incidents.at(-1);
    expect(Math.abs((last?.onsetMs ?? 0) - (START + 3 * HOUR_MS + 2_000_000))).toBeLessThan(3_000);
    expect(last?.openedMs).toBeGreaterThan(last?.onsetMs ?? 0);
    expect(last?.closedMs).toBe((last?.lastAnomalousMs ?? 0) + 30_000);
    expect(last?.peakScore).toBeCloseTo(scoreOf(20), 6);
  });

  it('tells incidents for review from alerts', () => {
    const doubtful = withBudget(1, scores(0.02));
    expect(doubtful.alerts).toBe(0);
    expect(doubtful.reviews).toBe(withBudget(1).alerts);
  });

  it('counts watched and missing time, without what was held', () => {
    const given = scores().filter(({ sequence }) => sequence >= 7_200);
    const held = given.map((score) => ({ ...score, held: score.sequence < 2 * 7_200 }));
    expect(withBudget(1, held)).toMatchObject({ watchedDays: 2 / 24, missingSeconds: 7_200 });
    const result = withBudget(1, given);
    expect(result.alertsPerDay).toBeCloseTo(result.alerts * 8, 6);
  });

  it('lets time before the range warm up the rule without counting it', () => {
    const result = replayBudget(scores(), { ...SETTINGS, fromMs: START + 3 * HOUR_MS });
    expect(result.incidents).toHaveLength(1);
    expect(result).toMatchObject({ watchedDays: 1 / 24, missingSeconds: 0 });
  });

  it('is the same in portions as at once', () => {
    const replay = new BudgetReplay(SETTINGS);
    const all = scores();
    for (let first = 0; first < all.length; first += 1_000) replay.add(all.slice(first, first + 1_000));
    expect(replay.result()).toEqual(withBudget(1));
  });

  it('shows an incident that is still open at the end', () => {
    const cut = START + 3 * HOUR_MS + 2_008_000;
    const result = replayBudget(scores(), { ...SETTINGS, toMs: cut });
    expect(result.incidents.at(-1)?.closedMs).toBeNull();
  });

  it('is nothing where nothing was scored', () => {
    expect(withBudget(1, [])).toMatchObject({ alerts: 0, incidents: [], alertsPerDay: null, missingSeconds: 14_400 });
  });
});
