import { describe, expect, it } from 'vitest';
import { kindOf } from '../../../src/incident/incident-kind.ts';
import type { Cue } from '../../../src/score/segment-score.ts';

const cue = (name: string, probability: number, label: string | null = null): Cue => ({
  name,
  raw: 1,
  probability,
  cell: null,
  label,
});

describe('what an incident is about', () => {
  it.each([
    ['speed', 'fast-motion', 'fast motion'],
    ['rush', 'fast-motion', 'fast motion'],
    ['agitation', 'agitation', 'abrupt movement'],
    ['activity', 'crowding', 'heavy activity'],
    ['presence', 'presence', 'movement in an unusual place'],
    ['appearance', 'unusual-look', 'unusual look'],
    ['direction', 'unusual-motion', 'unusual motion'],
    ['gait', 'unusual-motion', 'unusual motion'],
    ['body', 'fast-motion', 'fast motion'],
    ['left-object', 'left-object', 'left object'],
    ['missing-object', 'missing-object', 'missing object'],
    ['camera-moved', 'scene-change', 'changed scene'],
    ['brightness', 'unusual', 'unusual event'],
  ])('follows from the leading cue: %s', (name, kind, title) => {
    expect(kindOf([cue('other', 0.5), cue(name, 0.001)])).toEqual({ kind, title, object: null });
  });

  it('is the leading cue that the scorer names, not the rarest', () => {
    expect(kindOf([cue('speed', 0.01), cue('appearance', 0.0001)], 'speed').kind).toBe('fast-motion');
    expect(kindOf([cue('speed', 0.01), cue('appearance', 0.0001)]).kind).toBe('unusual-look');
  });

  it('is the object where its class is strange here', () => {
    expect(kindOf([cue('object-speed', 0.0001, 'bicycle'), cue('object-class', 0.004, 'bicycle')])).toEqual({
      kind: 'rider',
      title: 'bicycle',
      object: 'bicycle',
    });
    expect(kindOf([cue('object-class', 0.0001, 'car')]).kind).toBe('vehicle');
    expect(kindOf([cue('object-class', 0.0001, 'teddy bear')])).toMatchObject({ kind: 'object', title: 'teddy bear' });
  });

  it('is what a definition of the user calls it, where that leads or is rare enough', () => {
    const fall = cue('definition', 0.0001, 'fall');
    const smoke = cue('definition', 0.4, 'smoke');
    const named = { kind: 'definition', title: 'fall', object: null };
    expect(kindOf([cue('speed', 0.3), smoke, fall], 'definition')).toEqual(named);
    expect(kindOf([cue('speed', 0.000001), smoke, fall], 'speed')).toEqual(named);
    expect(kindOf([cue('object-class', 0.0001, 'bicycle'), fall]).kind).toBe('definition');
    expect(kindOf([cue('speed', 0.0001), smoke], 'speed').kind).toBe('fast-motion');
  });

  it('is what the expert of a trained head calls it; without a word for it, what the pack is called', () => {
    const fight = cue('learned:fights', 0.0001, 'fight');
    expect(kindOf([cue('speed', 0.3), fight])).toEqual({ kind: 'known-event', title: 'fight', object: null });
    expect(kindOf([cue('speed', 0.000001), fight], 'speed').title).toBe('fight');
    expect(kindOf([cue('learned:fights', 0.0001, 'expert-3')]).title).toBe('fights');
    expect(kindOf([cue('learned:fights', 0.0001)]).title).toBe('fights');
    expect(kindOf([cue('speed', 0.0001), cue('learned:fights', 0.2, 'fight')], 'speed').kind).toBe('fast-motion');
    expect(kindOf([cue('speed', 0.00001), fight, cue('definition', 0.001, 'brawl')]).title).toBe('brawl');
  });

  it('is what the object does where its class is usual here', () => {
    const cues = [cue('object-speed', 0.0001, 'car'), cue('object-class', 0.4, 'car')];
    expect(kindOf(cues)).toEqual({ kind: 'fast-motion', title: 'fast car', object: 'car' });
    expect(kindOf([cue('left-object', 0.0001, 'suitcase'), cue('object-class', 0.01, 'suitcase')])).toEqual({
      kind: 'left-object',
      title: 'left suitcase',
      object: 'suitcase',
    });
  });

  it('is that of the rarest part where the leading cue joins several', () => {
    const cues = [
      cue('object', 0.0001, 'person'),
      cue('object-class', 0.3, 'person'),
      cue('object-speed', 0.001, 'person'),
      cue('object-size', 0.00001, 'dog'),
    ];
    expect(kindOf(cues, 'object')).toEqual({ kind: 'fast-motion', title: 'fast person', object: 'person' });
    expect(kindOf([cue('object', 0.001, 'car')])).toMatchObject({ kind: 'vehicle', title: 'car' });
  });

  it('tells what is gone from what was left, by the words of the cue', () => {
    const gone = { ...cue('left-object', 0.001), comparison: 'something that always stood here is missing' };
    expect(kindOf([gone])).toMatchObject({ kind: 'missing-object', title: 'missing object' });
  });

  it('is just unusual without a cue', () => {
    expect(kindOf([])).toEqual({ kind: 'unusual', title: 'unusual event', object: null });
  });
});
