import { describe, expect, it } from 'vitest';
import { decideByCertainty } from '../../../src/incident/decision.ts';
import type { IncidentChange } from '../../../src/incident/incident.ts';
import { IncidentTracker } from '../../../src/incident/incident-tracker.ts';
import { DEFAULT_SEVERITY_POLICY } from '../../../src/incident/severity-policy.ts';
import { VedetteError } from '../../../src/platform/errors.ts';
import type { Box } from '../../../src/score/detected-object.ts';
import { Player, SETTINGS, segmentScore, THRESHOLD } from './support.ts';

const types = (changes: readonly { readonly type: string }[]) => changes.map((change) => change.type);

describe('opening', () => {
  it('opens at the alarm, with the estimated onset and the peak from the run-up', () => {
    const player = new Player();
    expect(player.play(0, 0, 3)).toEqual([]);
    expect(player.one(6, { score: 0.95 })).toEqual([]);
    const [change] = player.play(11);
    expect(change).toMatchObject({
      type: 'opened',
      incident: {
        cameraId: 'gate',
        state: 'open',
        decision: 'alert',
        severity: 'medium',
        kind: 'fast-motion',
        title: 'fast motion',
        onsetMs: player.at(2),
        openedMs: player.at(5),
        lastAnomalousMs: player.at(5),
        closedMs: null,
        peakScore: 0.95,
        peakMs: player.at(4),
        peakCell: { row: 1, column: 2 },
        revision: 1,
        gridRows: 6,
        gridColumns: 8,
      },
    });
    expect(change?.incident.id).toMatch(/^inc_[0-9a-z]+$/);
    expect(player.tracker.open).toEqual(change?.incident);
  });

  it('opens nothing for a run-up that comes to nothing, and forgets its peak', () => {
    const player = new Player();
    player.one(0);
    player.one(8, { score: 0.99 });
    expect(player.play(0, 0, 2)).toEqual([]);
    const [opened] = player.play(12);
    expect(opened?.incident).toMatchObject({ onsetMs: player.at(4), peakScore: 0.6 });
  });

  it('explains itself where the scorer does not', () => {
    const [opened] = new Player().play(12);
    expect(opened?.incident.explanation).toBe(
      "speed was seen in 0.1 % of this camera's normal time at row 2, column 3 of the grid, beyond what a budget of 1 false alerts a day allows",
    );
    const [other] = new Player().one(12, { explanation: 'motion 4 times faster than anything seen here' });
    expect(other?.incident.explanation).toBe('motion 4 times faster than anything seen here');
  });

  it('has an id that depends on camera, epoch and sequence alone', () => {
    const first = new Player().play(0, 12)[0]?.incident.id;
    expect(new Player().play(0, 15)[0]?.incident.id).toBe(first);
    expect(new Player().play(0, 0, 12)[0]?.incident.id).not.toBe(first);
    const elsewhere = new IncidentTracker('yard', SETTINGS);
    const step = { statistic: 12, threshold: THRESHOLD, onsetMs: null, alarm: true };
    expect(elsewhere.observe(segmentScore({ sequence: 1 }), step)[0]?.incident.id).not.toBe(first);
  });
});

describe('hysteresis and quiet time', () => {
  it('stays one incident while the statistic wavers between half of the threshold and the threshold', () => {
    const player = new Player();
    expect(types(player.play(0, 12, 6, 11, 5, 9, 12, 5))).toEqual(['opened']);
    expect(player.tracker.open?.lastAnomalousMs).toBe(player.at(8));
  });

  it('closes after the quiet time without an anomalous segment, dated from the last one', () => {
    const player = new Player();
    player.play(0, 12, 4, 4, 4, 4, 4, 4, 4, 4, 4);
    expect(player.tracker.open).not.toBeNull();
    const [closed] = player.play(4);
    expect(closed).toMatchObject({
      type: 'closed',
      incident: { state: 'closed', lastAnomalousMs: player.at(2), closedMs: player.at(12), revision: 2 },
    });
    expect(player.tracker.open).toBeNull();
  });

  it('is prolonged by an alarm within the quiet time', () => {
    const player = new Player();
    expect(types(player.play(12, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0))).toEqual(['opened']);
    expect(player.tracker.open?.lastAnomalousMs).toBe(player.at(8));
  });

  it('closes first when segments come again after a gap longer than the quiet time', () => {
    const player = new Player();
    player.play(12);
    player.sequence = 60;
    const changes = player.play(12);
    expect(types(changes)).toEqual(['closed', 'opened']);
    expect(changes[0]?.incident.closedMs).toBe(player.at(11));
    expect(changes[1]?.incident.openedMs).toBe(player.at(61));
    expect(changes[1]?.incident.id).not.toBe(changes[0]?.incident.id);
  });
});

describe('cool-down after a close', () => {
  function closedAt11(): Player {
    const player = new Player();
    expect(types(player.play(12, ...Array(10).fill(0)))).toEqual(['opened', 'closed']);
    return player;
  }

  it('puts an alarm off until it ends, and then opens a new incident with the true onset', () => {
    const player = closedAt11();
    player.play(0, 0);
    const [nothing] = player.play(14);
    expect(nothing).toBeUndefined();
    const changes = player.play(14, 14, 14, 14, 14, 14, 14);
    expect(types(changes)).toEqual(['opened']);
    expect(changes[0]?.incident).toMatchObject({
      onsetMs: player.at(13),
      openedMs: player.at(21),
      lastAnomalousMs: player.at(21),
      peakScore: 0.7,
    });
  });

  it('does not lose an alarm that is over before the cool-down is', () => {
    const player = closedAt11();
    const changes = player.play(0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(types(changes)).toEqual(['opened', 'closed']);
    expect(changes[0]?.incident).toMatchObject({ openedMs: player.at(21), lastAnomalousMs: player.at(13) });
    expect(changes[1]?.incident.closedMs).toBe(player.at(23));
  });

  it('never dates an onset before the close of the incident before', () => {
    const player = new Player();
    const changes = player.play(0, 12, ...Array(22).fill(3), 12);
    expect(types(changes)).toEqual(['opened', 'closed', 'opened']);
    expect(changes[2]?.incident.onsetMs).toBe(changes[1]?.incident.closedMs);
  });

  it('lets a put-off alert out when the camera falls silent', () => {
    const player = closedAt11();
    expect(player.tracker.needsTick).toBe(false);
    player.play(14);
    expect(player.tracker.needsTick).toBe(true);
    expect(player.tracker.tick(player.at(20))).toEqual([]);
    expect(types(player.tracker.tick(player.at(60)))).toEqual(['opened', 'closed']);
  });
});

describe('reconnects and replays', () => {
  it('keeps the open incident over a new epoch', () => {
    const player = new Player();
    player.play(0, 12);
    player.epoch += 5000;
    player.sequence = 0;
    expect(player.play(11)).toEqual([]);
    expect(player.tracker.open).toMatchObject({ openedMs: 1_002_000, lastAnomalousMs: 1_006_000 });
  });

  it('takes a segment seen before for nothing, of the same epoch or an older one', () => {
    const player = new Player();
    player.play(0, 0, 12);
    const before = JSON.stringify(player.tracker);
    player.sequence = 0;
    expect(player.play(12, 12, 12)).toEqual([]);
    player.epoch -= 60_000;
    player.sequence = 99;
    expect(player.play(15)).toEqual([]);
    expect(JSON.stringify(player.tracker)).toBe(before);
  });

  it('gives the same changes when a crash makes it go back to any saved state', () => {
    const statistics = [
      0, 3, 11, 64, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 12, 25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    const whole = new Player().play(...statistics);
    expect(types(whole)).toEqual(['opened', 'updated', 'closed', 'opened', 'closed']);
    for (let crash = 0; crash < statistics.length; crash++) {
      const player = new Player();
      const first = player.play(...statistics.slice(0, crash));
      player.tracker = IncidentTracker.restore(JSON.parse(JSON.stringify(player.tracker)), 'gate', SETTINGS);
      expect([...first, ...player.play(...statistics.slice(crash))]).toEqual(whole);
    }
  });

  it('closes and starts afresh when the wall clock steps back by more than the quiet time', () => {
    const player = new Player();
    player.play(0, 12);
    const backMs = player.at(0) - 3_600_000;
    const changes = [
      ...player.tracker.observe(segmentScore({ epoch: 2_000_000, sequence: 0, startMs: backMs }), {
        statistic: 12,
        threshold: THRESHOLD,
        onsetMs: null,
        alarm: true,
      }),
    ];
    expect(types(changes)).toEqual(['closed', 'opened']);
    expect(changes[1]?.incident).toMatchObject({ onsetMs: backMs, openedMs: backMs + 1000 });
  });
});

describe('silence', () => {
  it('closes the open incident once the camera has been silent for the quiet time', () => {
    const player = new Player();
    player.play(0, 12, 0, 0);
    expect(player.tracker.tick(player.at(13.9))).toEqual([]);
    const [closed] = player.tracker.tick(player.at(14));
    expect(closed).toMatchObject({ type: 'closed', incident: { closedMs: player.at(12) } });
    expect(player.tracker.tick(player.at(100))).toEqual([]);
  });

  it('does nothing for a camera never seen', () => {
    expect(new IncidentTracker('gate', SETTINGS).tick(5)).toEqual([]);
  });
});

describe('severity', () => {
  it('rises with duration and excess, tells each rise once, and never falls', () => {
    const player = new Player();
    const changes = player.play(0, 10, 12, 12, 10, 60, 10, 12, 70, ...Array(30).fill(10));
    expect(changes.map((change) => [change.type, change.incident.severity, change.incident.revision])).toEqual([
      ['opened', 'medium', 1],
      ['updated', 'high', 2],
      ['updated', 'critical', 3],
    ]);
    expect(changes[2]?.incident.lastAnomalousMs).toBe(player.at(1 + 30));
    expect(player.tracker.open?.severity).toBe('critical');
  });

  it('follows the kind when the peak turns out to be something else', () => {
    const player = new Player();
    player.play(0);
    const cue = (name: string) => [{ name, raw: 1, probability: 0.001, cell: null }];
    const [opened] = player.one(10, { cues: cue('appearance'), score: 0.6 });
    expect(opened?.incident).toMatchObject({ kind: 'unusual-look', severity: 'low' });
    const [updated] = player.one(10, { cues: cue('left-object'), score: 0.7 });
    expect(updated?.incident).toMatchObject({ kind: 'left-object', title: 'left object', severity: 'high' });
    expect(player.one(10, { cues: cue('appearance'), score: 0.8 })).toEqual([]);
    expect(player.tracker.open).toMatchObject({ kind: 'unusual-look', severity: 'high' });
  });

  it('depends on the zone in which the leading cue stands', () => {
    const zones = [{ name: 'door', left: 0.2, top: 0.2, right: 0.4, bottom: 0.4, raise: 2 }];
    const severityAt = (box: Box) => {
      const tracker = new IncidentTracker('gate', { ...SETTINGS, severity: { ...DEFAULT_SEVERITY_POLICY, zones } });
      const cues = [{ name: 'speed', raw: 1, probability: 0.001, cell: null, box }];
      const step = { statistic: 12, threshold: THRESHOLD, onsetMs: null, alarm: true };
      return tracker.observe(segmentScore({ sequence: 0, cues }), step)[0]?.incident.severity;
    };
    expect(severityAt({ left: 0.25, top: 0.1, right: 0.35, bottom: 0.35 })).toBe('critical');
    // the head is in the zone, the feet are not
    expect(severityAt({ left: 0.25, top: 0.3, right: 0.35, bottom: 0.6 })).toBe('medium');
  });
});

describe('decision', () => {
  const summary = (changes: readonly IncidentChange[]) =>
    changes.map(({ type, incident }) => [type, incident.decision, incident.revision]);

  it('is review where the alarm is not certain, and becomes an alert once, when one is', () => {
    const player = new Player();
    player.play(0);
    const changes = [0.1, 0.1, 0.9, 0.1, 0.9].flatMap((certainty) => player.one(12, { certainty }));
    expect(summary(changes)).toEqual([
      ['opened', 'review', 1],
      ['promoted', 'alert', 2],
    ]);
    expect(player.tracker.open).toMatchObject({ decision: 'alert', openedMs: player.at(2) });
  });

  it('is not changed by what is certain but no alarm', () => {
    const player = new Player();
    player.play(0);
    player.one(12, { certainty: 0.1 });
    expect(player.one(6, { certainty: 1 })).toEqual([]);
    expect(player.tracker.open?.decision).toBe('review');
    const [closed] = player.play(...Array(11).fill(0));
    expect(summary(closed ? [closed] : [])).toEqual([['closed', 'review', 2]]);
  });

  it('tells promotion and a rise of severity as one change', () => {
    const player = new Player();
    player.play(0);
    player.one(12, { certainty: 0.1 });
    const changes = player.one(60, { certainty: 0.9 });
    expect(changes).toMatchObject([{ type: 'promoted', incident: { decision: 'alert', severity: 'high' } }]);
  });

  it('is an alert from the start when an alarm put off by the cool-down was certain', () => {
    const player = new Player();
    player.play(12, ...Array(10).fill(0), 0, 0);
    player.one(14, { certainty: 0.1 });
    player.one(14, { certainty: 0.9 });
    const changes = player.play(...Array(8).fill(0));
    expect(summary(changes)).toEqual([['opened', 'alert', 1]]);
  });

  it('opens nothing for an alarm that the rule ignores', () => {
    const player = new Player();
    player.tracker = new IncidentTracker('gate', {
      ...SETTINGS,
      decide: (_, certainty) => (certainty < 0.5 ? 'ignore' : 'alert'),
    });
    expect(player.one(12, { certainty: 0.4 })).toEqual([]);
    expect(player.tracker.needsTick).toBe(false);
    expect(summary(player.one(12, { certainty: 0.6 }))).toEqual([['opened', 'alert', 1]]);
  });

  it('weighs deviation with certainty: much of the one makes up for little of the other', () => {
    const decide = decideByCertainty(0.25);
    expect([decide(1, 0.24), decide(1, 0.25), decide(3, 0.1)]).toEqual(['review', 'alert', 'alert']);
  });
});

describe('what an incident keeps of its strangest segments', () => {
  it('is the heat and the nearest normal moments of the peak', () => {
    const player = new Player();
    player.play(0);
    player.one(6, { score: 0.95, heat: Float32Array.of(0, 0.123, 1.5), nearestNormal: [{ atMs: 5, distance: 2 }] });
    const [opened] = player.one(12, { score: 0.9, heat: Float32Array.of(1, 1, 1) });
    expect(opened?.incident).toMatchObject({ heat: [0, 0.12, 1], nearestNormal: [{ atMs: 5, distance: 2 }] });
  });

  it('is twelve descriptors at most, the strangest first, and the same after a restart', () => {
    const player = new Player();
    player.play(0);
    for (const surprise of [3, 9, 4, 8, 5, 7, 6, 13, 10, 12, 11, 14, 2, 15]) {
      player.one(12, { surprise, descriptor: [surprise, 0.5] });
      player.tracker = IncidentTracker.restore(JSON.parse(JSON.stringify(player.tracker)), 'gate', SETTINGS);
    }
    expect(player.tracker.open?.descriptors.map(({ values }) => values[0])).toEqual([
      15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
    ]);
  });

  it('explains by the leading cue where the scorer has no sentence of its own', () => {
    const cues = [
      {
        name: 'speed',
        raw: 1,
        probability: 0.01,
        cell: null,
        comparison: 'bicycle 4.1 times faster than anything here',
      },
      { name: 'appearance', raw: 1, probability: 0.001, cell: null },
    ];
    const [opened] = new Player().one(12, { cues, leadingCue: 'speed' });
    expect(opened?.incident).toMatchObject({
      explanation: 'bicycle 4.1 times faster than anything here',
      kind: 'fast-motion',
    });
  });
});

describe('saved state', () => {
  it('is fresh for a camera without one', () => {
    expect(IncidentTracker.restore(null, 'gate', SETTINGS).open).toBeNull();
  });

  it.each([[{ version: 1 }], ['text'], [{ version: 2, seen: 5 }]])('is refused as %j', (json) => {
    expect(() => IncidentTracker.restore(json, 'gate', SETTINGS)).toThrow(VedetteError);
  });
});
