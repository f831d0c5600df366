import { describe, expect, it } from 'vitest';
import { concordanceIndex } from '../../../src/eval/metrics/concordance.ts';
import { IncidentTracker } from '../../../src/incident/incident-tracker.ts';
import { DEFAULT_SEVERITY_POLICY, SEVERITIES, type SeverityPolicy } from '../../../src/incident/severity-policy.ts';
import type { Box } from '../../../src/score/detected-object.ts';
import { segmentScore } from './support.ts';

/** A street with a door that matters, and nights that do. */
const POLICY: SeverityPolicy = {
  ...DEFAULT_SEVERITY_POLICY,
  zones: [{ name: 'door', left: 0.8, top: 0.5, right: 1, bottom: 1, raise: 1 }],
  hours: [{ fromMinute: 22 * 60, toMinute: 6 * 60, raise: 1 }],
};
const DOOR: Box = { left: 0.85, top: 0.6, right: 0.95, bottom: 0.9 };
const STREET: Box = { left: 0.3, top: 0.6, right: 0.4, bottom: 0.9 };

interface GradedScene {
  readonly what: string;
  /** 0: look at it tomorrow; 1: note it; 2: look at it now; 3: send somebody. */
  readonly grade: 0 | 1 | 2 | 3;
  readonly cue: string;
  readonly label?: string;
  readonly seconds: number;
  /** Multiple of the alarm threshold. */
  readonly excess: number;
  readonly box?: Box;
  readonly hour?: number;
}

/**
 * Scenes of one street by day unless said otherwise, graded for what a guard would do, with the strangeness that the
 * scorer tends to give them: fast things are the strangest, whether they matter or not.
 */
const SCENES: readonly GradedScene[] = [
  { what: 'a dog runs across', grade: 0, cue: 'object-class', label: 'dog', seconds: 3, excess: 1.8 },
  { what: 'rain on the lens', grade: 0, cue: 'appearance', seconds: 8, excess: 1.1 },
  { what: 'many people after a match', grade: 0, cue: 'activity', seconds: 20, excess: 1.3 },
  { what: 'somebody walks across the lawn', grade: 1, cue: 'presence', seconds: 6, excess: 1.0 },
  { what: 'a sheet of paper in the wind', grade: 0, cue: 'motion', seconds: 4, excess: 1.6 },
  { what: 'a bicycle on the pavement', grade: 1, cue: 'object-class', label: 'bicycle', seconds: 4, excess: 1.9 },
  { what: 'a skater', grade: 1, cue: 'object-class', label: 'skateboard', seconds: 5, excess: 1.5 },
  { what: 'somebody runs for the bus', grade: 1, cue: 'speed', label: 'person', seconds: 4, excess: 1.7 },
  { what: 'a bench is gone', grade: 1, cue: 'missing-object', seconds: 12, excess: 1.1 },
  { what: 'a crowd that stays for minutes', grade: 2, cue: 'activity', seconds: 150, excess: 1.2 },
  {
    what: 'somebody runs through, at night',
    grade: 2,
    cue: 'speed',
    label: 'person',
    seconds: 5,
    excess: 1.7,
    hour: 2,
  },
  { what: 'somebody at the door by day', grade: 2, cue: 'presence', seconds: 10, excess: 1.0, box: DOOR },
  { what: 'a car on the pavement', grade: 2, cue: 'object-class', label: 'car', seconds: 6, excess: 1.4 },
  { what: 'a bag is left', grade: 2, cue: 'left-object', seconds: 15, excess: 1.0 },
  { what: 'a short scuffle', grade: 2, cue: 'agitation', seconds: 5, excess: 1.2 },
  { what: 'a scuffle that goes on', grade: 3, cue: 'agitation', seconds: 50, excess: 1.6 },
  { what: 'a bag is left at the door', grade: 3, cue: 'left-object', seconds: 15, excess: 1.0, box: DOOR },
  {
    what: 'somebody at the door for long, at night',
    grade: 3,
    cue: 'presence',
    seconds: 40,
    excess: 1.0,
    box: DOOR,
    hour: 3,
  },
  {
    what: 'a truck drives in at night',
    grade: 3,
    cue: 'object-class',
    label: 'truck',
    seconds: 8,
    excess: 1.3,
    hour: 23,
  },
  // what such a policy gets wrong
  { what: 'a horse gallops along', grade: 1, cue: 'object-class', label: 'horse', seconds: 6, excess: 1.9 },
  { what: 'children at play', grade: 1, cue: 'agitation', seconds: 12, excess: 1.2 },
  { what: 'a delivery van stops for long', grade: 2, cue: 'object-class', label: 'truck', seconds: 130, excess: 1.2 },
  { what: 'somebody lies on the ground', grade: 3, cue: 'presence', seconds: 60, excess: 1.0 },
  { what: 'a bag that nobody fetches', grade: 3, cue: 'left-object', seconds: 200, excess: 1.0 },
];

/** Plays a scene through the real tracker: one-second segments at its excess, then quiet. */
function watch({ cue, label, seconds, excess, box = STREET, hour = 12 }: GradedScene): number {
  const tracker = new IncidentTracker('street', { quietMs: 10_000, severity: POLICY, gridRows: 10, gridColumns: 15 });
  const epoch = Date.UTC(2026, 0, 15, hour);
  let severity = -1;
  for (let second = 0; second < seconds + 12; second++) {
    const isEvent = second < seconds;
    const cues = [{ name: cue, raw: 1, probability: 0.001, cell: null, box, label: label ?? null }];
    const score = segmentScore({ epoch, sequence: second, startMs: epoch + second * 1_000, score: 0.9, cues });
    const step = { statistic: isEvent ? 10 * excess : 0, threshold: 10, onsetMs: epoch, alarm: isEvent };
    for (const { incident } of tracker.observe(score, step)) severity = SEVERITIES.indexOf(incident.severity);
  }
  return severity;
}

describe('the order of severities', () => {
  const grades = SCENES.map(({ grade }) => grade);

  it('is a guard’s order: C-index at least 0.9 over graded scenes of four levels', () => {
    expect(new Set(grades).size).toBe(4);
    expect(concordanceIndex(SCENES.map(watch), grades)).toBeGreaterThanOrEqual(0.9);
  });

  it('is not the order of strangeness, which says little about it', () => {
    const excesses = SCENES.map(({ excess }) => excess);
    expect(concordanceIndex(excesses, grades)).toBeLessThan(0.6);
  });
});
