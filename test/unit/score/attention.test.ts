import { describe, expect, it } from 'vitest';
import {
  type AttentionRule,
  attend,
  isAttending,
  isAttendingWhileLearning,
  motionSurprise,
  UNATTENDED,
} from '../../../src/score/attention.ts';
import type { Cue } from '../../../src/score/segment-score.ts';

const rule: AttentionRule = { cue: 'motion', surprise: 3, holdSeconds: 2 };
const cue = (name: string, surprise: number): Cue => ({
  name,
  raw: 0,
  probability: Math.exp(-surprise),
  cell: { row: 0, column: 0 },
});
const scoreAt = (endMs: number, ...cues: Cue[]) => ({ endMs, cues });

describe('the attention of a costly pack', () => {
  it('is drawn by the strongest motion cue, and by no other', () => {
    expect(motionSurprise({ cues: [cue('speed', 1), cue('mover', 4), cue('left-object', 9)] })).toBeCloseTo(4);
    expect(motionSurprise({ cues: [cue('left-object', 9), cue('learned:fights', 9)] })).toBe(0);
  });

  it('rests until motion is surprised, then stays for as long as it is held', () => {
    let state = attend(rule, UNATTENDED, scoreAt(10_000, cue('speed', 2.9)));
    expect(isAttending(state, 10_000)).toBe(false);
    state = attend(rule, state, scoreAt(10_500, cue('speed', 3.1)));
    expect(isAttending(state, 10_500)).toBe(true);
    state = attend(rule, state, scoreAt(12_500, cue('speed', 0)));
    expect(isAttending(state, 12_500)).toBe(true);
    expect(isAttending(attend(rule, state, scoreAt(13_000, cue('speed', 0))), 13_000)).toBe(false);
  });

  it('is held anew by every surprise', () => {
    let state = UNATTENDED;
    for (let endMs = 1_000; endMs <= 9_000; endMs += 1_000) state = attend(rule, state, scoreAt(endMs, cue('rush', 5)));
    expect(isAttending(state, 11_000)).toBe(true);
    expect(isAttending(state, 11_001)).toBe(false);
  });

  it('takes a quarter of the time while the camera learns, in stretches long enough for a head', () => {
    const looked = Array.from({ length: 480 }, (_, i) => isAttendingWhileLearning(i));
    expect(looked.filter(Boolean)).toHaveLength(120);
    expect(looked.slice(0, 13)).toEqual([...Array.from({ length: 12 }, () => true), false]);
  });
});
