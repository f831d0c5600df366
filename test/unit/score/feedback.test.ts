import { describe, expect, it } from 'vitest';
import type { CueDefinition, Reading } from '../../../src/score/cue-head.ts';
import { strangestThing, type Thing } from '../../../src/score/feedback/describe.ts';
import { CUES, FIGURE, figureOf, LAYOUT, VERSION } from '../../../src/score/feedback/descriptor.ts';
import type { Passage } from '../../../src/score/feedback/passage.ts';
import { type FeedbackReference, ReferenceBank } from '../../../src/score/feedback/reference-bank.ts';
import { FIGURE_FIELDS, type FigureField, figureIndex } from '../../../src/score/figures/figure-parts.ts';
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

function seen(thing: Thing, surprises: readonly number[], startMs = 10_000) {
  return { thing, surprises, startMs, endMs: startMs + 400 };
}

/** The same thing, seen as a figure. */
function withFigure({ descriptor, involved }: Thing, figure: Partial<Record<FigureField, number>>): Thing {
  const numbers = FIGURE_FIELDS.map((field) => figure[field] ?? 0);
  return { descriptor: [...descriptor.slice(0, FIGURE), ...numbers, ...descriptor.slice(CUES)], involved };
}

function dismissed(id: string, values: readonly number[]): FeedbackReference {
  return { id, verdict: 'dismissed', label: null, reviewedMs: 0, moments: [{ endMs: 0, values }] };
}

function reference(id: string, verdict: 'confirmed' | 'dismissed', xs: readonly number[]): FeedbackReference {
  const moments = xs.map((x, index) => ({ endMs: index * 1_500, values: thingAt(x).descriptor }));
  return { id, verdict, label: null, reviewedMs: 0, moments };
}

describe('feedback: what looks like a dismissed reference', () => {
  const bank = new ReferenceBank([reference('ref_van', 'dismissed', [0.2, 0.5, 0.8])]);

  it('comes down to the ordinary, and says which reference it is like', () => {
    const { surprises, like } = bank.apply(seen(thingAt(0.5), [12, 4]), null);
    expect(Math.max(...surprises)).toBeLessThanOrEqual(1);
    expect(like).toMatchObject({ id: 'ref_van', verdict: 'dismissed', likeness: 1 });
  });

  it('counts as the same between two moments of one passage, where it was not seen itself', () => {
    expect(Math.max(...bank.apply(seen(thingAt(0.35), [12, 4]), null).surprises)).toBeLessThanOrEqual(1);
  });

  it('takes a passage there and another back for two: what stands still between them is something else', () => {
    const [there, back] = [thingAt(0.5).descriptor, thingAt(0.5, { velocityX: -3 }).descriptor];
    const moments = [there, back].map((values, index) => ({ endMs: index * 500, values }));
    const both = new ReferenceBank([{ ...reference('ref_van', 'dismissed', []), moments }]);
    expect(both.apply(seen(thingAt(0.5, { velocityX: 0 }), [12, 4]), null).like).toBeNull();
  });

  it('keeps what makes it stranger than what was dismissed', () => {
    const { surprises } = bank.apply(seen(thingAt(0.5), [60, 40]), null);
    expect(surprises[0]).toBeGreaterThan(30);
    expect(surprises[1]).toBeGreaterThan(30);
  });

  it('leaves alone the cues that are about something else', () => {
    const thing = { ...thingAt(0.5), involved: [true, false] };
    expect(bank.apply(seen(thing, [12, 9]), null).surprises[1]).toBe(9);
  });

  it.each([
    ['elsewhere', { y: 0.9 }],
    ['the other way', { velocityX: -3 }],
    ['three times faster', { speed: 12, velocityX: 12 }],
    ['far larger', { height: 0.9, width: 0.9 }],
  ])('and is %s: is not touched, to the bit', (_, changes) => {
    const surprises = [12.123456789, 4.2];
    const feedback = bank.apply(seen(thingAt(0.5, changes), surprises), null);
    expect(feedback).toEqual({ surprises, like: null, passage: expect.anything() });
    expect(feedback.surprises).toBe(surprises);
  });

  it('and is of another class: is not touched; where the detector did not look, the class is not asked', () => {
    const moments = [{ endMs: 0, values: thingAt(0.5, { vehicle: 0.9 }).descriptor }];
    const vans = new ReferenceBank([{ ...reference('ref_van', 'dismissed', []), moments }]);
    expect(vans.apply(seen(thingAt(0.5, { twoWheeler: 0.9 }), [12, 4]), null).like).toBeNull();
    expect(vans.apply(seen(thingAt(0.5, { vehicle: 0.7 }), [12, 4]), null).like?.id).toBe('ref_van');
    expect(vans.apply(seen(thingAt(0.5), [12, 4]), null).like?.id).toBe('ref_van');
  });

  it('is forgotten as soon as the reference is gone', () => {
    expect(new ReferenceBank([]).apply(seen(thingAt(0.5), [12, 4]), null).surprises).toEqual([12, 4]);
  });

  it('is not compared with descriptors of a camera that looked with other cues', () => {
    const other = { ...thingAt(0.5, {}, [12, 4, 3]), involved: [true, true, true] };
    expect(bank.apply(seen(other, [12, 4, 3]), null)).toEqual({
      surprises: [12, 4, 3],
      like: null,
      passage: expect.anything(),
    });
  });
});

describe('feedback: figures', () => {
  const walker = { x: 120, y: 70, velocityX: 3, area: 20, foot: 80, height: 30, width: 12, limbs: 0.4, residual: -1 };
  const van = withFigure(thingAt(0.5), walker);
  const bank = new ReferenceBank([dismissed('ref_walker', van.descriptor)]);

  it('are compared instead of the cells: what moves the same cells with other limbs is something else', () => {
    expect(bank.apply(seen(van, [12, 4]), null).like?.likeness).toBe(1);
    const scuffle = withFigure(thingAt(0.5), { ...walker, limbs: 1.2 });
    expect(bank.apply(seen(scuffle, [12, 4]), null).like).toBeNull();
  });

  it('do not mind cells that differ: what else moves about a thing is not the thing', () => {
    const inCompany = withFigure(thingAt(0.5, { height: 0.5, width: 0.5, agitation: 0.4 }), walker);
    expect(bank.apply(seen(inCompany, [12, 4]), null).like?.likeness).toBe(1);
  });

  it('are not missed where one of the two has none: the cells are compared, as for reviews of before there were figures', () => {
    expect(bank.apply(seen(thingAt(0.5), [12, 4]), null).like?.likeness).toBe(1);
    const { descriptor } = thingAt(0.5);
    const ofVersion1 = [1, ...descriptor.slice(1, FIGURE), ...descriptor.slice(CUES)];
    const old = new ReferenceBank([dismissed('ref_old', ofVersion1)]);
    const { surprises, like } = old.apply(seen(van, [12, 4]), null);
    expect(like).toMatchObject({ id: 'ref_old', likeness: 1 });
    expect(Math.max(...surprises)).toBeLessThanOrEqual(1);
  });
});

describe('feedback: a passage', () => {
  const bank = new ReferenceBank([reference('ref_van', 'dismissed', [0.2, 0.5, 0.8])]);
  const alike = thingAt(0.5);
  const unlike = thingAt(0.5, { y: 0.9 });
  const watch = (things: readonly Thing[], stepMs = 500) => {
    let passage: Passage | null = null;
    return things.map((thing, index) => {
      const feedback = bank.apply(seen(thing, [12, 4], 10_000 + index * stepMs), passage);
      passage = feedback.passage;
      return Math.max(...feedback.surprises);
    });
  };

  it('that is like a reference all along stays silent', () => {
    for (const loudest of watch(new Array(12).fill(alike))) expect(loudest).toBeLessThanOrEqual(1);
  });

  it('forgives a moment that is unlike it, once enough was alike', () => {
    const loudest = watch([alike, alike, alike, unlike, alike]);
    expect(loudest[3]).toBe(12);
    expect(loudest[4]).toBeLessThanOrEqual(1);
  });

  it('that was unlike it for seconds is something else: a moment that is alike no longer silences it', () => {
    const loudest = watch([...new Array(5).fill(unlike), alike, unlike]);
    expect(loudest.slice(0, 5)).toEqual(new Array(5).fill(12));
    expect(loudest[5]).toBeGreaterThan(6);
    expect(loudest[6]).toBe(12);
  });

  it('ends after four seconds: what was there before says nothing of what comes then', () => {
    expect(watch([unlike, unlike, alike], 5_000)[2]).toBeLessThanOrEqual(1);
  });

  it('is carried by the caller alone, as plain data: the same state gives the same next scores', () => {
    const { passage } = bank.apply(seen(unlike, [12, 4]), null);
    const next = seen(alike, [12, 4], 10_500);
    expect(bank.apply(next, JSON.parse(JSON.stringify(passage)))).toEqual(bank.apply(next, passage));
    expect(bank.apply(seen(alike, [12, 4]), null)).not.toEqual(bank.apply(next, passage));
  });

  it('is none where nothing was reviewed', () => {
    expect(new ReferenceBank([]).apply(seen(alike, [12, 4]), null).passage).toBeNull();
  });
});

describe('feedback: what looks like a confirmed reference', () => {
  const bank = new ReferenceBank([reference('ref_rider', 'confirmed', [0.2])]);

  it('counts for more, wherever along the row it is and whichever way it goes', () => {
    const { surprises, like } = bank.apply(seen(thingAt(0.8, { velocityX: -3 }), [6, 3]), null);
    expect(surprises[0]).toBeGreaterThan(10);
    expect(like?.id).toBe('ref_rider');
  });

  it('gains nothing where normal life has shown as much: confirming costs no false alerts', () => {
    const careful = new ReferenceBank([reference('ref_rider', 'confirmed', [0.2])], [thingAt(0.6).descriptor]);
    expect(careful.apply(seen(thingAt(0.8), [6, 3]), null)).toEqual({
      surprises: [6, 3],
      like: null,
      passage: expect.anything(),
    });
    const apart = new ReferenceBank(
      [reference('ref_rider', 'confirmed', [0.2])],
      [thingAt(0.6, { speed: 0.7 }).descriptor],
    );
    expect(apart.apply(seen(thingAt(0.8), [6, 3]), null).surprises[0]).toBeGreaterThan(10);
  });

  it('stays ordinary where it is ordinary', () => {
    expect(bank.apply(seen(thingAt(0.2), [0.8, 0.2]), null).surprises).toEqual([0.8, 0.2]);
  });

  it('and like a dismissed one too: goes by the one that it is more like', () => {
    const both = new ReferenceBank([reference('ref_a', 'confirmed', [0.5]), reference('ref_b', 'dismissed', [0.71])]);
    expect(both.apply(seen(thingAt(0.5), [6, 3]), null).like?.id).toBe('ref_a');
    expect(both.apply(seen(thingAt(0.5), [6, 3]), null).surprises[0]).toBeGreaterThan(6);
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

  it('has the numbers of the figure nearest to it, and none of one that is far from it', () => {
    const features = new SyntheticStreet(1).segment(0, 1_000, (values) => putMover(values, 8, 11, -4));
    const describeWith = (...figures: readonly Partial<Record<FigureField, number>>[]) => {
      const numbers = figures.flatMap((figure) => FIGURE_FIELDS.map((field) => figure[field] ?? 0));
      const observation = { ...observationOf(features), figures: Float32Array.from(numbers) };
      return strangestThing(observation, SHAPE, CUE_LIST, readings(8 * COLUMNS + 11), [9, 2])?.descriptor ?? [];
    };
    const walker = { x: 184, y: 136, area: 12, velocityX: -4 };
    const figure = figureOf(describeWith({ x: 20, y: 20, area: 90 }, walker, { x: 190, y: 150, area: 50 }));
    expect(figure?.[figureIndex('area')]).toBe(12);
    expect(figure?.[figureIndex('velocityX')]).toBe(-4);
    expect(figureOf(describeWith({ x: 20, y: 20, area: 90 }))).toBeNull();
    expect(figureOf(describeWith())).toBeNull();
  });

  it('is absent where nothing stands out', () => {
    const features = new SyntheticStreet(1).segment(0);
    expect(strangestThing(observationOf(features), SHAPE, CUE_LIST, readings(0), [1, 0.5])).toBeNull();
  });
});
