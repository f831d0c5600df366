import { describe, expect, it } from 'vitest';
import type { CueDefinition, Reading } from '../../../src/score/cue-head.ts';
import { strangestThing } from '../../../src/score/feedback/describe.ts';
import { CUES, LAYOUT, VERSION } from '../../../src/score/feedback/descriptor.ts';
import { type FeedbackReference, ReferenceBank } from '../../../src/score/feedback/reference-bank.ts';
import { MOTION_GRID_CHANNELS } from '../../../src/score/motion-grid-channels.ts';
import { observationOf } from '../../../src/score/observe.ts';
import { COLUMNS, putMover, ROWS, SyntheticStreet } from './synthetic-street.ts';

const SHAPE = { rows: ROWS, columns: COLUMNS, channels: MOTION_GRID_CHANNELS.length };
const cue = (name: string, weight: number): CueDefinition => ({ name, weight, evidence: 'extrapolated' });
const CUE_LIST = [cue('speed', 0.7), cue('agitation', 0.3)];

/** A thing that moves to the right at half height. */
function thingAt(x: number, changes: Partial<Record<keyof typeof LAYOUT, number>> = {}, surprises = [12, 4]) {
  const descriptor = new Array<number>(CUES).fill(0);
  const values = { version: VERSION, y: 0.5, x, height: 0.2, width: 0.2, speed: 3, velocityX: 3, agitation: 0.1 };
  for (const [name, value] of Object.entries({ ...values, ...changes })) {
    descriptor[LAYOUT[name as keyof typeof LAYOUT]] = value;
  }
  return { descriptor: [...descriptor, ...surprises], involved: [true, true] };
}

function reference(id: string, verdict: 'confirmed' | 'dismissed', xs: readonly number[]): FeedbackReference {
  const moments = xs.map((x, index) => ({ endMs: index * 1_500, values: thingAt(x).descriptor }));
  return { id, verdict, label: null, reviewedMs: 0, moments };
}

describe('feedback: what looks like a dismissed reference', () => {
  const bank = new ReferenceBank([reference('ref_van', 'dismissed', [0.2, 0.5, 0.8])]);

  it('comes down to the ordinary, and says which reference it is like', () => {
    const { surprises, like } = bank.apply(thingAt(0.5), [12, 4]);
    expect(Math.max(...surprises)).toBeLessThanOrEqual(1);
    expect(like).toMatchObject({ id: 'ref_van', verdict: 'dismissed', likeness: 1 });
  });

  it('counts as the same between two moments of one passage, where it was not seen itself', () => {
    expect(Math.max(...bank.apply(thingAt(0.35), [12, 4]).surprises)).toBeLessThanOrEqual(1);
  });

  it('takes a passage there and another back for two: what stands still between them is something else', () => {
    const [there, back] = [thingAt(0.5).descriptor, thingAt(0.5, { velocityX: -3 }).descriptor];
    const moments = [there, back].map((values, index) => ({ endMs: index * 500, values }));
    const both = new ReferenceBank([{ ...reference('ref_van', 'dismissed', []), moments }]);
    expect(both.apply(thingAt(0.5, { velocityX: 0 }), [12, 4]).like).toBeNull();
  });

  it('keeps what makes it stranger than what was dismissed', () => {
    const { surprises } = bank.apply(thingAt(0.5), [60, 40]);
    expect(surprises[0]).toBeGreaterThan(30);
    expect(surprises[1]).toBeGreaterThan(30);
  });

  it('leaves alone the cues that are about something else', () => {
    const thing = { ...thingAt(0.5), involved: [true, false] };
    expect(bank.apply(thing, [12, 9]).surprises[1]).toBe(9);
  });

  it.each([
    ['elsewhere', { y: 0.9 }],
    ['the other way', { velocityX: -3 }],
    ['three times faster', { speed: 12, velocityX: 12 }],
    ['far larger', { height: 0.9, width: 0.9 }],
  ])('and is %s: is not touched, to the bit', (_, changes) => {
    const surprises = [12.123456789, 4.2];
    const feedback = bank.apply(thingAt(0.5, changes), surprises);
    expect(feedback).toEqual({ surprises, like: null });
    expect(feedback.surprises).toBe(surprises);
  });

  it('and is of another class: is not touched; where the detector did not look, the class is not asked', () => {
    const moments = [{ endMs: 0, values: thingAt(0.5, { vehicle: 0.9 }).descriptor }];
    const vans = new ReferenceBank([{ ...reference('ref_van', 'dismissed', []), moments }]);
    expect(vans.apply(thingAt(0.5, { twoWheeler: 0.9 }), [12, 4]).like).toBeNull();
    expect(vans.apply(thingAt(0.5, { vehicle: 0.7 }), [12, 4]).like?.id).toBe('ref_van');
    expect(vans.apply(thingAt(0.5), [12, 4]).like?.id).toBe('ref_van');
  });

  it('is forgotten as soon as the reference is gone', () => {
    expect(new ReferenceBank([]).apply(thingAt(0.5), [12, 4]).surprises).toEqual([12, 4]);
  });

  it('is not compared with descriptors of a camera that looked with other cues', () => {
    const other = { ...thingAt(0.5, {}, [12, 4, 3]), involved: [true, true, true] };
    expect(bank.apply(other, [12, 4, 3])).toEqual({ surprises: [12, 4, 3], like: null });
  });
});

describe('feedback: what looks like a confirmed reference', () => {
  const bank = new ReferenceBank([reference('ref_rider', 'confirmed', [0.2])]);

  it('counts for more, wherever along the row it is and whichever way it goes', () => {
    const { surprises, like } = bank.apply(thingAt(0.8, { velocityX: -3 }), [6, 3]);
    expect(surprises[0]).toBeGreaterThan(10);
    expect(like?.id).toBe('ref_rider');
  });

  it('gains nothing where normal life has shown as much: confirming costs no false alerts', () => {
    const careful = new ReferenceBank([reference('ref_rider', 'confirmed', [0.2])], [thingAt(0.6).descriptor]);
    expect(careful.apply(thingAt(0.8), [6, 3])).toEqual({ surprises: [6, 3], like: null });
    const apart = new ReferenceBank(
      [reference('ref_rider', 'confirmed', [0.2])],
      [thingAt(0.6, { speed: 0.7 }).descriptor],
    );
    expect(apart.apply(thingAt(0.8), [6, 3]).surprises[0]).toBeGreaterThan(10);
  });

  it('stays ordinary where it is ordinary', () => {
    expect(bank.apply(thingAt(0.2), [0.8, 0.2]).surprises).toEqual([0.8, 0.2]);
  });

  it('and like a dismissed one too: goes by the one that it is more like', () => {
    const both = new ReferenceBank([reference('ref_a', 'confirmed', [0.5]), reference('ref_b', 'dismissed', [0.71])]);
    expect(both.apply(thingAt(0.5), [6, 3]).like?.id).toBe('ref_a');
    expect(both.apply(thingAt(0.5), [6, 3]).surprises[0]).toBeGreaterThan(6);
  });
});

describe('the descriptor of a segment', () => {
  const readings = (cell: number): Reading[] => [
    { raw: 3, cell, value: 4 },
    { raw: 1, cell: 0, value: 0.1 },
  ];

  it('tells place, speed and direction of the strangest thing, and which cues are about it', () => {
    const features = new SyntheticStreet(1).segment(0, 1_000, (values) => putMover(values, 8, 11, -4));
    const thing = strangestThing(observationOf(features), SHAPE, CUE_LIST, readings(8 * COLUMNS + 11), [9, 2]);
    expect(thing?.involved).toEqual([true, false]);
    expect(thing?.descriptor).toHaveLength(CUES + 2);
    expect(thing?.descriptor[LAYOUT.y]).toBeCloseTo(8.5 / ROWS, 3);
    expect(thing?.descriptor[LAYOUT.x]).toBeCloseTo(11.5 / COLUMNS, 3);
    expect(thing?.descriptor[LAYOUT.speed]).toBeCloseTo(4, 1);
    expect(thing?.descriptor[LAYOUT.velocityX]).toBeCloseTo(-4, 1);
    expect(thing?.descriptor.slice(CUES)).toEqual([9, 0]);
  });

  it('is absent where nothing stands out', () => {
    const features = new SyntheticStreet(1).segment(0);
    expect(strangestThing(observationOf(features), SHAPE, CUE_LIST, readings(0), [1, 0.5])).toBeNull();
  });
});
