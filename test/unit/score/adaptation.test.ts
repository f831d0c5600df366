import { describe, expect, it } from 'vitest';
import {
  AdaptationQueue,
  type BlockSummary,
  blockToReplace,
  type Circumstance,
} from '../../../src/score/adaptation.ts';
import type { Observation } from '../../../src/score/observation.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import { decodeState, encodeState } from '../../../src/score/state-codec.ts';

const START = Date.UTC(2026, 0, 1, 8);
const HOUR_MS = 3_600_000;
const CALM: Parameters<AdaptationQueue['offer']>[1] = { statistic: 0, threshold: 20, alarm: false, onsetMs: null };

function segment(sequence: number): Observation {
  const startMs = START + sequence * 500;
  const parts = { epoch: START, sequence, startMs, endMs: startMs + 400 };
  return { ...parts, values: new Float32Array(2), blobs: new Float32Array(0), objects: null };
}

/** Plays `[from, to)` and gives the times of what was admitted, in minutes after the start. */
function play(
  queue: AdaptationQueue,
  from: number,
  to: number,
  step = CALM,
  circumstance: Circumstance = {},
): number[] {
  const minutes: number[] = [];
  for (let sequence = from; sequence < to; sequence++) {
    for (const block of queue.offer(segment(sequence), step, circumstance)) {
      expect(block).toHaveLength(12);
      minutes.push(((block[0]?.startMs ?? 0) - START) / 60_000);
    }
  }
  return minutes;
}

const MINUTE = 120;

describe('what a camera may still take for normal', () => {
  it('waits for ten minutes, a block every three', () => {
    const queue = new AdaptationQueue();
    expect(play(queue, 0, 10 * MINUTE)).toEqual([]);
    expect(play(queue, 10 * MINUTE, 30 * MINUTE).map(Math.round)).toEqual([0, 3, 6, 9, 12, 15, 18]);
  });

  it('never includes a slow anomaly that becomes an incident, nor the minutes before it', () => {
    const queue = new AdaptationQueue();
    const before = play(queue, 0, 30 * MINUTE);
    const alarm = { statistic: 25, threshold: 20, alarm: true, onsetMs: START + 24 * 60_000 };
    const during = play(queue, 30 * MINUTE, 40 * MINUTE, alarm);
    const after = play(queue, 40 * MINUTE, 80 * MINUTE);
    const admitted = [...before, ...during, ...after];
    expect(admitted.filter((minute) => minute > 19 && minute < 42)).toEqual([]);
    expect(admitted.some((minute) => minute > 42)).toBe(true);
  });

  it('leaves out what lies near an almost alarm, a held segment and an open incident', () => {
    for (const [step, circumstance] of [
      [{ ...CALM, statistic: 17 }, {}],
      [CALM, { hold: true }],
      [CALM, { incidentOpen: true }],
    ] as const) {
      const queue = new AdaptationQueue();
      play(queue, 0, 5 * MINUTE);
      play(queue, 5 * MINUTE, 6 * MINUTE, step, circumstance);
      expect(play(queue, 6 * MINUTE, 25 * MINUTE).filter((minute) => minute < 8)).toEqual([]);
    }
  });

  it('keeps ordinary rare moments', () => {
    const queue = new AdaptationQueue();
    expect(play(queue, 0, 30 * MINUTE, { ...CALM, statistic: 12 }).length).toBeGreaterThan(5);
  });

  it('is the same after a restart', () => {
    const queue = new AdaptationQueue();
    play(queue, 0, 11 * MINUTE);
    const state = decodeState(encodeState(queue.saved())) as ReturnType<AdaptationQueue['saved']>;
    const restored = AdaptationQueue.restore(state);
    expect(play(restored, 11 * MINUTE, 40 * MINUTE)).toEqual(play(queue, 11 * MINUTE, 40 * MINUTE));
  });

  it('holds few segments at a time', () => {
    const queue = new AdaptationQueue();
    let most = 0;
    for (let sequence = 0; sequence < 40 * MINUTE; sequence++) {
      queue.offer(segment(sequence), CALM);
      const { filling, waiting } = queue.saved();
      most = Math.max(most, filling.length + waiting.flat().length);
    }
    expect(most).toBeLessThanOrEqual(60);
  });
});

describe('learning anew', () => {
  it('comes at one, two and four hours, then every three', () => {
    const queue = new AdaptationQueue();
    const hours: number[] = [];
    for (let sequence = 0; sequence < 20 * 7_200; sequence++) {
      queue.offer(segment(sequence), CALM);
      const nowMs = segment(sequence).endMs;
      if (!queue.relearningDue(nowMs)) continue;
      hours.push(Math.round((nowMs - START) / HOUR_MS));
      queue.relearned(nowMs);
    }
    expect(hours).toEqual([1, 2, 4, 6, 9, 12, 15, 18]);
  });

  it('comes half an hour after the picture went to infrared', () => {
    const queue = new AdaptationQueue();
    play(queue, 0, 65 * MINUTE);
    queue.relearned(START + 65 * 60_000);
    play(queue, 65 * MINUTE, 66 * MINUTE, CALM, { modeChanged: true });
    play(queue, 66 * MINUTE, 100 * MINUTE);
    expect(queue.relearningDue(START + 90 * 60_000)).toBe(false);
    expect(queue.relearningDue(START + 97 * 60_000)).toBe(true);
  });

  it('comes every half hour while the scene is livelier than what was learned, and blocks are taken more often', () => {
    const queue = new AdaptationQueue();
    play(queue, 0, 300 * MINUTE);
    queue.relearned(START + 300 * 60_000);
    const livelier = { ...CALM, pace: 1.6 };
    const admitted = play(queue, 300 * MINUTE, 360 * MINUTE, livelier).filter((minute) => minute > 310);
    expect(admitted.length).toBeGreaterThanOrEqual(12);
    expect(queue.relearningDue(START + 329 * 60_000)).toBe(false);
    expect(queue.relearningDue(START + 331 * 60_000)).toBe(true);
    const calmer = new AdaptationQueue();
    play(calmer, 0, 300 * MINUTE);
    calmer.relearned(START + 300 * 60_000);
    play(calmer, 300 * MINUTE, 331 * MINUTE, { ...CALM, pace: 1.3 });
    expect(calmer.relearningDue(START + 331 * 60_000)).toBe(false);
  });

  it('does not come where nothing was admitted', () => {
    const queue = new AdaptationQueue();
    play(queue, 0, 120 * MINUTE, CALM, { hold: true });
    expect(queue.relearningDue(START + 2 * HOUR_MS)).toBe(false);
  });
});

describe('the place of a block in a full memory', () => {
  const hourOf = ({ startMs }: BlockSummary) => new Date(startMs).getUTCHours();
  const isNight = (block: BlockSummary) => hourOf(block) < 8;

  /** What is kept of five days, a block every ten minutes, after a first half hour. */
  function fiveDays(isEmpty: (block: BlockSummary) => boolean): readonly BlockSummary[] {
    const random = new SeededRandom(4);
    const at = (startMs: number): BlockSummary => ({ startMs, empty: isEmpty({ startMs, empty: false }) });
    const stored = Array.from({ length: 100 }, (_, index) => at(START + index * 18_000));
    for (let index = 0; index < 5 * 144; index++) {
      const block = at(START + index * 600_000);
      const place = blockToReplace(stored, block, () => random.next());
      if (place !== null) stored[place] = block;
    }
    return stored;
  }

  const sizesByHour = (blocks: readonly BlockSummary[], hours: readonly number[]) =>
    hours.map((hour) => blocks.filter((block) => hourOf(block) === hour).length);

  it.each([
    ['life at all hours', false],
    ['nothing that moves, ever', true],
  ])('is shared evenly by the hours of the day, and spans days: %s', (_, empty) => {
    const stored = fiveDays(() => empty);
    const sizes = sizesByHour(
      stored,
      Array.from({ length: 24 }, (__, hour) => hour),
    );
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(7);
    const days = new Set(stored.map(({ startMs }) => Math.floor((startMs - START) / (24 * HOUR_MS))));
    expect(days.size).toBeGreaterThanOrEqual(3);
  });

  it('is a fifth at most for nights in which nothing moves, and shared evenly by the hours of both', () => {
    const stored = fiveDays(isNight);
    const night = stored.filter(({ empty }) => empty);
    expect(night.length).toBeGreaterThanOrEqual(16);
    expect(night.length).toBeLessThanOrEqual(21);
    const byNight = sizesByHour(stored, [0, 1, 2, 3, 4, 5, 6, 7]);
    const byDay = sizesByHour(
      stored,
      Array.from({ length: 16 }, (_, index) => 8 + index),
    );
    expect(Math.min(...byNight)).toBeGreaterThanOrEqual(1);
    expect(Math.min(...byDay)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...byDay)).toBeLessThanOrEqual(8);
  });
});
