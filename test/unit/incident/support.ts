import type { IncidentChange } from '../../../src/incident/incident.ts';
import { IncidentTracker } from '../../../src/incident/incident-tracker.ts';
import type { SegmentScore } from '../../../src/score/segment-score.ts';
import type { SequentialStep } from '../../../src/score/sequential-rule.ts';

export const SETTINGS = { quietMs: 10_000, alertBudgetPerDay: 1, gridRows: 6, gridColumns: 8 } as const;
export const THRESHOLD = 10;

export function segmentScore(fields: Partial<SegmentScore> & { readonly sequence: number }): SegmentScore {
  const epoch = fields.epoch ?? 1_000_000;
  const startMs = fields.startMs ?? epoch + fields.sequence * 1000;
  return {
    epoch,
    startMs,
    endMs: startMs + 1000,
    score: 0.1,
    surprise: 1,
    cues: [{ name: 'speed', raw: 2, probability: 0.001, cell: { row: 1, column: 2 } }],
    certainty: 1,
    hottestCell: { row: 1, column: 2 },
    explanation: null,
    dependenceSegments: 1,
    ...fields,
  };
}

/**
 * Plays segments of one second, one a statistic, through a tracker. The onset is the end of the last segment at 0, as
 * the sequential rule has it.
 */
export class Player {
  tracker = new IncidentTracker('gate', SETTINGS);
  epoch = 1_000_000;
  sequence = 0;
  onsetMs: number | null = null;

  play(...statistics: number[]): IncidentChange[] {
    return statistics.flatMap((statistic) => this.one(statistic));
  }

  one(statistic: number, fields: Partial<SegmentScore> = {}): readonly IncidentChange[] {
    const score = segmentScore({
      epoch: this.epoch,
      sequence: this.sequence++,
      score: Math.min(0.99, statistic / 20),
      ...fields,
    });
    if (statistic === 0) this.onsetMs = score.endMs;
    const step: SequentialStep = {
      statistic,
      threshold: THRESHOLD,
      onsetMs: this.onsetMs,
      alarm: statistic >= THRESHOLD,
    };
    return this.tracker.observe(score, step);
  }

  /** UTC ms of a moment so many seconds after the epoch's begin. */
  at(seconds: number): number {
    return this.epoch + seconds * 1000;
  }
}
