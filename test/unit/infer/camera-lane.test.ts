import { describe, expect, it } from 'vitest';
import type { Decide } from '../../../src/incident/decision.ts';
import { CameraLane, type LaneOptions } from '../../../src/infer/camera-lane.ts';
import type { CameraModel } from '../../../src/infer/camera-model.ts';
import { type Learn, learnInline } from '../../../src/infer/learner.ts';
import type { Position } from '../../../src/infer/score-batch.ts';
import { problem } from '../../../src/platform/errors.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import type { LearningTask } from '../../../src/score/camera-scorer.ts';
import type { NormalityModel } from '../../../src/score/normality-model.ts';
import type { ScoreCommit } from '../../../src/store/commit-scores.ts';
import { openBrightnessModel } from '../../support/brightness-model.ts';

const NORMAL = 10;
const ANOMALOUS = 200;
const EPOCH = 1_000_000;

interface Scene {
  readonly learned?: number;
  readonly required?: number;
  readonly committed?: Position;
  readonly runtime?: unknown;
  readonly fullBatch?: number;
  readonly learn?: Learn;
  readonly decide?: Decide;
  /** Methods of the camera model that the scene takes over. */
  readonly model?: Partial<CameraModel>;
  /** What the model says at each look, one after the other; the last one stays. */
  readonly resting?: readonly (readonly string[])[];
}

/** A lane with a store and a bus that note what they are asked, and fail when told to. */
function scene({ learned = 1, required = 1, committed, runtime = null, fullBatch = 100, ...own }: Scene = {}) {
  const clock = new ManualClock(EPOCH);
  const commits: ScoreCommit[] = [];
  const log: string[] = [];
  const faults: { store?: Error; redis?: Error } = {};
  const brightness = openBrightnessModel(
    {
      cameraId: 'yard',
      requiredSegments: required,
      alertBudgetPerDay: 1,
      segmentSeconds: 1,
      incident: {
        quietMs: 5_000,
        alertBudgetPerDay: 1,
        gridRows: 4,
        gridColumns: 4,
        ...(own.decide ? { decide: own.decide } : {}),
      },
    },
    { state: Buffer.from(JSON.stringify({ seen: learned })), runtime },
  );
  const model: CameraModel = own.model ? Object.assign(Object.create(brightness), own.model) : brightness;
  if (own.resting) {
    const answers = [...own.resting];
    const next = () => (answers.length > 1 ? answers.shift() : answers[0]);
    Object.defineProperty(model, 'resting', { get: next });
  }
  const options: LaneOptions = {
    camera: { id: 'yard', name: 'Yard' },
    token: 7,
    packId: 'mean',
    model,
    committed: committed ?? null,
    quietMs: 5_000,
    fullBatch,
    publicUrl: 'https://watch.example/',
    clock,
    logger: silentLogger,
    learn: own.learn ?? learnInline,
    commit: async (commit) => {
      if (faults.store) throw faults.store;
      commits.push(commit);
      log.push(`commit ${commit.records.map(({ sequence }) => sequence).join(',')}`);
      return { events: [], deliveryIds: [], superseded: [] };
    },
    acknowledge: async (entryIds) => {
      if (faults.redis) throw faults.redis;
      log.push(`ack ${entryIds.join(',')}`);
    },
    onAttention: (resting) => log.push(`resting ${resting.join() || 'none'}`),
    onRelease: (count) => log.push(`release ${count}`),
    onCommitted: (_, changes) => {
      for (const { type } of changes) log.push(type);
    },
    onUnscorable: () => log.push('unscorable'),
    onLeaseLost: () => log.push('lease lost'),
  };
  const lane = new CameraLane(options);
  const feed = async (sequence: number, level = NORMAL, entryId = `e${sequence}`) => {
    const startMs = EPOCH + sequence * 1_000;
    lane.accept({
      cameraId: 'yard',
      assignment: 1,
      packId: 'mean',
      entryId,
      fencingToken: 1,
      features: {
        epoch: EPOCH,
        sequence,
        startMs,
        endMs: startMs + 500,
        rows: 1,
        columns: 1,
        channels: 1,
        values: Float32Array.of(level),
      },
    });
    await clock.advance(0);
  };
  return { lane, clock, commits, log, faults, feed };
}

describe('a camera lane', () => {
  it('tells which packs rest, whenever that changes', async () => {
    const { log, feed } = scene({ resting: [['i3d'], ['i3d'], [], [], ['i3d']] });
    for (const sequence of [0, 1, 2, 3, 4]) await feed(sequence);
    expect(log.filter((line) => line.startsWith('resting'))).toEqual(['resting none', 'resting i3d']);
  });

  it('gathers scores for half a second, commits once, and only then acknowledges', async () => {
    const { log, feed, clock, commits } = scene();
    await feed(0);
    await feed(1);
    expect(log).toEqual([]);
    await clock.advance(500);
    expect(log).toEqual(['commit 0,1', 'release 2', 'ack e0,e1']);
    expect(commits[0]).toMatchObject({ token: 7, position: { epoch: EPOCH, sequence: 1 } });
  });

  it('commits an incident at once, with its alert in the same unit of work', async () => {
    const { log, feed, commits } = scene();
    await feed(0);
    await feed(1, ANOMALOUS);
    expect(log).toEqual(['commit 0,1', 'opened', 'release 2', 'ack e0,e1']);
    const event = commits[0]?.events[0];
    const incident = commits[0]?.changes[0]?.incident;
    expect(event).toMatchObject({ type: 'incident.opened', cameraId: 'yard', incidentId: incident?.id });
    expect(JSON.parse(event?.body ?? '')).toMatchObject({
      type: 'incident.opened',
      data: {
        incident: {
          camera: { id: 'yard', name: 'Yard' },
          state: 'open',
          links: { self: `https://watch.example/v1/incidents/${incident?.id}` },
        },
      },
    });
  });

  it('keeps what is for review from waking anybody, until it is certain', async () => {
    let alarms = 0;
    const { feed, commits } = scene({ decide: () => (++alarms < 3 ? 'review' : 'alert') });
    for (const sequence of [0, 1, 2]) await feed(sequence, ANOMALOUS);
    const events = commits.flatMap((commit) => commit.events);
    expect(events.map(({ type, forReview }) => [type, forReview])).toEqual([
      ['incident.opened', true],
      ['incident.opened', undefined],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
    expect(new Set(events.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(events.map(({ body }) => JSON.parse(body).data.incident.decision)).toEqual(['review', 'alert']);
  });

  it('gives the same incident and alert ids when a new owner scores the same segments again', async () => {
    const [first, second] = [scene(), scene()];
    for (const { feed } of [first, second]) {
      await feed(0);
      await feed(1, ANOMALOUS);
    }
    expect(second.commits[0]?.events).toEqual(first.commits[0]?.events);
  });

  it('skips what an earlier owner committed, and goes on with its open incident', async () => {
    const first = scene();
    await first.feed(0, ANOMALOUS);
    const runtime = JSON.parse(JSON.stringify(first.commits[0]?.runtime)) as unknown;
    const second = scene({ committed: { epoch: EPOCH, sequence: 0 }, runtime });
    await second.feed(0, ANOMALOUS);
    expect(second.log).toEqual(['release 1', 'ack e0']);
    await second.feed(1, NORMAL);
    await second.feed(9, NORMAL);
    expect(second.log.filter((line) => /opened|closed/.test(line))).toEqual(['closed']);
  });

  it('keeps its batch while the store is away, takes no more than is in flight, and doubles nothing', async () => {
    const { log, feed, clock, faults, commits } = scene();
    faults.store = new Error('database is away');
    await feed(0);
    await feed(1, ANOMALOUS);
    await clock.advance(3_000);
    await feed(2, ANOMALOUS);
    expect(log).toEqual([]);
    delete faults.store;
    await clock.advance(1_000);
    expect(log).toEqual(['commit 0,1,2', 'opened', 'release 3', 'ack e0,e1,e2']);
    expect(commits).toHaveLength(1);
  });

  it('acknowledges later what Redis did not take, without a second commit', async () => {
    const { log, feed, clock, faults } = scene();
    faults.redis = new Error('redis is away');
    await feed(0, ANOMALOUS);
    expect(log).toEqual(['commit 0', 'opened', 'release 1']);
    await clock.advance(2_500);
    delete faults.redis;
    await clock.advance(1_000);
    expect(log).toEqual(['commit 0', 'opened', 'release 1', 'ack e0']);
  });

  it('recognises a segment that a new runner read again, before and after its commit', async () => {
    const { log, feed, clock } = scene();
    await feed(0);
    await feed(0);
    await clock.advance(500);
    await feed(0);
    expect(log).toEqual(['commit 0', 'release 2', 'ack e0', 'release 1', 'ack e0']);
  });

  it('acknowledges both entries when one segment stands in the stream twice', async () => {
    const { log, feed, clock } = scene();
    await feed(0, NORMAL, 'e0');
    await feed(0, NORMAL, 'e0-again');
    await clock.advance(500);
    expect(log).toEqual(['commit 0', 'release 2', 'ack e0,e0-again']);
  });

  it('raises nothing while learning, notes progress at most every 2 s, and saves what it learned when it is done', async () => {
    const { feed, commits, clock, log } = scene({ learned: 0, required: 6 });
    for (let sequence = 0; sequence < 5; sequence++) {
      await feed(sequence, ANOMALOUS);
      await clock.advance(500);
    }
    expect(commits.map(({ learning }) => learning?.observedSegments)).toEqual([1, 5]);
    expect(commits.every(({ records, changes, states }) => records.length + changes.length === 0 && !states)).toBe(
      true,
    );
    expect(log.filter((line) => line.startsWith('ack'))).toHaveLength(5);
    await feed(5);
    expect(commits[2]).toMatchObject({ learning: { done: true }, states: [{ packId: 'mean' }] });
    await feed(6, ANOMALOUS);
    expect(log).toContain('opened');
  });

  it('saves what it learned when there is something new, and when it stops', async () => {
    const { lane, feed, commits, clock } = scene();
    await feed(0);
    await clock.advance(299_000);
    await feed(1);
    await clock.advance(1_000);
    expect(commits.map(({ states }) => states?.length ?? 0)).toEqual([0, 0]);
    await lane.stop();
    expect(commits.at(-1)?.states).toHaveLength(1);
    await feed(4, ANOMALOUS);
    expect(commits).toHaveLength(3);
  });

  it('learns beside the segments, adopts the outcome with the next commit, and tries again after a failure', async () => {
    const asked: LearningTask[] = [];
    const answers: { resolve: (model: NormalityModel) => void; reject: (error: Error) => void }[] = [];
    let adopted = 0;
    let due = false;
    const { feed, commits, clock } = scene({
      learn: (task) => {
        asked.push(task);
        return new Promise((resolve, reject) => answers.push({ resolve, reject }));
      },
      model: {
        takeTask: () => {
          if (!due) return null;
          due = false;
          return { heads: [], samples: [], shape: { rows: 1, columns: 1, channels: 1 }, seed: 1 };
        },
        adopt: () => {
          adopted += 1;
        },
        retryTask: () => {
          due = true;
        },
      },
    });
    due = true;
    await feed(0);
    await feed(1);
    expect(asked).toHaveLength(1);
    answers[0]?.reject(new Error('out of memory'));
    await clock.advance(59_000);
    await feed(2);
    expect(asked).toHaveLength(1);
    await clock.advance(1_000);
    await feed(3);
    expect(asked).toHaveLength(2);
    answers[1]?.resolve({} as NormalityModel);
    await feed(4);
    await clock.advance(1_000);
    expect(adopted).toBe(1);
    expect(commits.filter(({ states }) => states !== undefined)).toHaveLength(1);
  });

  it('closes the incident of a silent camera, but not while an outage may hold segments back', async () => {
    const { lane, feed, clock, log } = scene();
    await feed(0, ANOMALOUS);
    await clock.advance(4_000);
    lane.noteOutage();
    await clock.advance(4_000);
    lane.tick();
    await clock.advance(0);
    expect(log).not.toContain('closed');
    await clock.advance(1_500);
    lane.tick();
    await clock.advance(0);
    expect(log).toContain('closed');
  });

  it('writes nothing more once another owner has the token', async () => {
    const { feed, faults, clock, log } = scene();
    faults.store = problem('VDT_LEASE_LOST', { what: 'scoring of camera', id: 'yard' });
    await feed(0, ANOMALOUS);
    delete faults.store;
    await feed(1, ANOMALOUS);
    await clock.advance(5_000);
    expect(log).toEqual(['lease lost']);
  });

  it('does not wait longer than its grace for a store that is away when it stops', async () => {
    const { lane, feed, faults, clock, log } = scene();
    faults.store = new Error('database is away');
    await feed(0, ANOMALOUS);
    const stopped = lane.stop({ save: true, graceMs: 2_000 });
    await clock.advance(2_000);
    await stopped;
    expect(log).toEqual([]);
  });
});
