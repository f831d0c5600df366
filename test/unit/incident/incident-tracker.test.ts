import { describe, expect, it } from 'vitest';
import { IncidentTracker } from '../../../src/incident/incident-tracker.ts';
import { VedetteError } from '../../../src/platform/errors.ts';
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
        severity: 'low',
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
      0, 3, 11, 14, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 12, 25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
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
  it('rises with the excess, tells each rise once, and never falls', () => {
    const player = new Player();
    const changes = player.play(0, 10, 12, 12, 10, 20, 10, 12, 30, 10);
    expect(changes.map((change) => [change.type, change.incident.severity, change.incident.revision])).toEqual([
      ['opened', 'low', 1],
      ['updated', 'medium', 2],
      ['updated', 'high', 3],
      ['updated', 'critical', 4],
    ]);
    expect(player.tracker.open?.severity).toBe('critical');
  });

  it('rises as the incident lasts', () => {
    const changes = new Player().play(0, ...Array(125).fill(10));
    expect(changes.map((change) => change.incident.severity)).toEqual(['low', 'medium', 'high']);
    expect(changes[1]?.incident.lastAnomalousMs).toBe(1_000_000 + 31_000);
  });
});

describe('saved state', () => {
  it('is fresh for a camera without one', () => {
    expect(IncidentTracker.restore(null, 'gate', SETTINGS).open).toBeNull();
  });

  it.each([[{ version: 2 }], ['text'], [{ version: 1, seen: 5 }]])('is refused as %j', (json) => {
    expect(() => IncidentTracker.restore(json, 'gate', SETTINGS)).toThrow(VedetteError);
  });
});
