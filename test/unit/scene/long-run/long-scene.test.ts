import { describe, expect, it } from 'vitest';
import {
  LONG_SCENE_HEIGHT,
  LONG_SCENE_WIDTH,
  LongScene,
  type LongSceneOptions,
} from '../../../../src/scene/long-run/long-scene.ts';
import { SCENE_KINDS, type SceneKind } from '../../../../src/scene/long-run/scene-kind.ts';

const AREA = LONG_SCENE_WIDTH * LONG_SCENE_HEIGHT;

function kindNamed(name: string): SceneKind {
  const kind = SCENE_KINDS.find((known) => known.name === name);
  if (!kind) throw new Error(`no kind ${name}`);
  return kind;
}

function scene(name: string, options: Partial<LongSceneOptions> = {}): LongScene {
  return new LongScene({
    kind: kindNamed(name),
    seed: 1,
    startHour: 12,
    durationSeconds: 60,
    quietSeconds: 60,
    ...options,
  });
}

function play(one: LongScene, frames: number): Uint8Array[] {
  return Array.from({ length: frames }, () => {
    const picture = new Uint8Array(AREA);
    one.render(picture);
    return picture;
  });
}

const mean = (picture: Uint8Array): number => picture.reduce((sum, gray) => sum + gray, 0) / picture.length;

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, gray, index) => sum + Math.abs(gray - (b[index] ?? 0)), 0) / a.length;
}

describe('a long scene', () => {
  it('given the same options, gives the same bytes and the same truth', () => {
    const options = { startHour: 18, durationSeconds: 1200, quietSeconds: 30, gapMinutes: [2, 3] } as const;
    const first = scene('rain', options);
    const second = scene('rain', options);
    expect(second.events).toEqual(first.events);
    expect(first.events.length).toBeGreaterThan(3);
    expect(Buffer.compare(Buffer.concat(play(second, 25)), Buffer.concat(play(first, 25)))).toBe(0);
  });

  it('given another seed, shows another place and other anomalies', () => {
    const options = { durationSeconds: 3600, quietSeconds: 30, gapMinutes: [2, 3] } as const;
    const first = scene('street', options);
    const other = scene('street', { ...options, seed: 2 });
    expect(other.plan).not.toEqual(first.plan);
    expect(Buffer.compare(Buffer.concat(play(other, 1)), Buffer.concat(play(first, 1)))).not.toBe(0);
  });

  it.each(SCENE_KINDS.map(({ name }) => name))(
    'of kind %s is neither black nor washed out by day, and never stands quite still',
    (name) => {
      const [first, second] = play(scene(name), 2);
      if (!first || !second) throw new Error('no pictures');
      expect(mean(first)).toBeGreaterThan(60);
      expect(mean(first)).toBeLessThan(200);
      expect(difference(first, second)).toBeGreaterThan(0.2);
      expect(difference(first, second)).toBeLessThan(12);
    },
  );

  it('is quiet until its quiet time is over, and has its anomalies after it', () => {
    const { events } = scene('hall', { durationSeconds: 4000, quietSeconds: 2000, gapMinutes: [2, 4] });
    expect(events.length).toBeGreaterThan(4);
    for (const { startSecond, endSecond } of events) {
      expect(startSecond).toBeGreaterThan(2000);
      expect(endSecond).toBeLessThan(4000);
      expect(endSecond).toBeGreaterThan(startSecond);
    }
  });

  it.each(['runner', 'cyclist', 'vehicle', 'brawl', 'left-bag', 'fall', 'intruder', 'wrong-way'] as const)(
    'given a %s, the picture differs from the same scene without it while the truth says so, and not before',
    (kind) => {
      const empty: SceneKind = { ...kindNamed('street'), walkersPerMinute: [[0, 0]], carsPerMinute: [[0, 0]] };
      const options = { kind: empty, startHour: 12, durationSeconds: 300, quietSeconds: 12 } as const;
      const strange = scene('street', { ...options, gapMinutes: [0.8, 1], anomalyKinds: [kind] });
      const plain = scene('street', { ...options, anomalyKinds: [] });
      const event = strange.events[0];
      if (!event) throw new Error('nothing happened');
      expect(event.kind).toBe(kind);
      const middle = Math.round(5 * (event.startSecond + event.endSecond));
      const others = kind === 'brawl' || kind === 'left-bag' || kind === 'fall';
      const begin = Math.round(10 * event.startSecond) - 5;
      const [a, b] = [new Uint8Array(AREA), new Uint8Array(AREA)];
      for (let frame = 0; frame <= middle; frame += 1) {
        strange.render(a);
        plain.render(b);
        // those who fight, fall or leave a bag walk in first
        if (frame < begin && !others && frame % 100 === 0) expect(Buffer.compare(a, b)).toBe(0);
      }
      const changed = a.reduce((sum, gray, index) => sum + (Math.abs(gray - (b[index] ?? 0)) > 8 ? 1 : 0), 0);
      expect(changed).toBeGreaterThan(10);
    },
  );

  it('at night in a hall is dark and empty', () => {
    const [night] = play(scene('hall', { startHour: 23.5 }), 1);
    const [noon] = play(scene('hall', { startHour: 12.1 }), 1);
    if (!night || !noon) throw new Error('no pictures');
    expect(mean(night)).toBeLessThan(0.6 * mean(noon));
  });
});
