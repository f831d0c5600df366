import { describe, expect, it } from 'vitest';
import { planJobs } from '../../../../scripts/bench-alerts/job.ts';
import { printable, reportOf } from '../../../../scripts/bench-alerts/report.ts';
import { falseAlertsOf, missedEventsOf, tally } from '../../../../scripts/bench-alerts/tally.ts';
import type { CameraResult, OpenedIncident } from '../../../../scripts/bench-alerts/virtual-camera.ts';

const [JOB] = planJobs({
  days: 1,
  kinds: ['street'],
  seeds: [1],
  learnMinutes: 30,
  alertBudgetPerDay: 1,
  featureFolder: null,
  startHour: 9,
  gapMinutes: null,
});

function incident(second: number, decision: 'alert' | 'review' = 'alert'): OpenedIncident {
  return { second, hour: 9 + second / 3600, decision, severity: 'high', cue: 'motion', explanation: '' };
}

function result(incidents: readonly OpenedIncident[]): CameraResult {
  if (!JOB) throw new Error('no job');
  return {
    job: JOB,
    events: [
      { kind: 'runner', startSecond: 3000, endSecond: 3005 },
      { kind: 'left-bag', startSecond: 6000, endSecond: 6060 },
    ],
    incidents,
    watchedFromSecond: 1800,
    watchedSeconds: 86_400 + 65,
    wallSeconds: 60,
    msPerSegment: { render: 0.3, extract: 1, score: 1 },
    featuresKept: false,
  };
}

describe('the bench', () => {
  it('shares the camera-days out evenly over kinds and seeds', () => {
    const jobs = planJobs({
      days: 24,
      kinds: ['street', 'hall'],
      seeds: [1, 2, 3],
      learnMinutes: 30,
      alertBudgetPerDay: 1,
      featureFolder: null,
      startHour: null,
      gapMinutes: null,
    });
    expect(jobs).toHaveLength(6);
    expect(jobs.reduce((sum, job) => sum + job.monitoredSeconds, 0)).toBe(24 * 86_400);
    expect(new Set(jobs.map((job) => job.startHour)).size).toBe(3);
  });

  it('counts an alert outside every event as false, and one shortly after an event as its own', () => {
    const one = result([incident(3002), incident(3013), incident(20_000), incident(30_000, 'review')]);
    const figures = tally('street', [one]);
    expect(figures).toMatchObject({ falseAlerts: 1, events: 2, found: 1, recall: 0.5, reviews: 1 });
    expect(figures.normalDays).toBeCloseTo(1, 5);
    expect(figures.perDay.value).toBeCloseTo(1, 5);
    expect(figures.byKind).toEqual({
      runner: { events: 1, found: 1, medianDelaySeconds: 2, delay95Seconds: 2 },
      'left-bag': {
        events: 1,
        found: 0,
        medianDelaySeconds: Number.POSITIVE_INFINITY,
        delay95Seconds: Number.POSITIVE_INFINITY,
      },
    });
    expect(figures.medianDelaySeconds).toBe(Number.POSITIVE_INFINITY);
    expect(falseAlertsOf([one]).map(({ second }) => second)).toEqual([20_000]);
    expect(missedEventsOf([one]).map(({ kind }) => kind)).toEqual(['left-bag']);
  });

  it('prints a Markdown table with a row for each kind and a total', () => {
    const text = printable(reportOf([result([incident(3002), incident(6010)])]));
    expect(text).toContain('| street | 1.00 | 0 | 0.00 (0.00 to 3.00) | 2/2 = 1.00 |');
    expect(text).toContain('| total |');
  });
});
