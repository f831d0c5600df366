import { beforeAll, describe, expect, it } from 'vitest';
import type { Reading } from '../../../../src/score/cue-head.ts';
import { type SceneChangeModel, sceneChangeHead } from '../../../../src/score/scene-change/scene-change-head.ts';
import type { SceneChangeState } from '../../../../src/score/scene-change/scene-change-state.ts';
import { decodeState, encodeState } from '../../../../src/score/state-codec.ts';
import { calibrateTail, surpriseOf, type Tail } from '../../../../src/score/tail.ts';
import { type CellLook, putBag, SHAPE, StillStreet, takeAway, walk } from './still-street.ts';

const BAG = 7 * SHAPE.columns + 4;
/** Nats; a segment like this comes by chance once in 3000. */
const STARTLING = 8;

let model: SceneChangeModel;
let tail: Tail;

/** Reads `seconds` of a street, `change` told the second, and gives one reading a segment. */
function watch(
  seconds: number,
  options: {
    readonly change?: (looks: CellLook[], second: number) => void;
    readonly light?: (second: number) => number;
    readonly state?: SceneChangeState;
    readonly from?: number;
    /** Half seconds between two segments, 1 unless told. */
    readonly stride?: number;
  } = {},
): { readonly readings: readonly Reading[]; readonly state: SceneChangeState } {
  const street = new StillStreet(7);
  const from = options.from ?? 0;
  const stride = options.stride ?? 1;
  const readings: Reading[] = [];
  let state = options.state ?? sceneChangeHead.start(model);
  for (let place = 0; place < seconds * 2; place += stride) {
    const sequence = from * 2 + place;
    const second = sequence / 2;
    const sample = street.sample(sequence, {
      light: options.light?.(second) ?? 1,
      change: (looks) => {
        walk(looks, sequence);
        options.change?.(looks, second);
      },
    });
    const read = sceneChangeHead.read(model, state, sample);
    readings.push(...read.readings);
    state = read.state;
  }
  return { readings, state };
}

function surprises(readings: readonly Reading[]): readonly number[] {
  return readings.map(({ raw }) => surpriseOf(tail, raw));
}

function secondOfAlarm(readings: readonly Reading[]): number {
  const place = surprises(readings).findIndex((surprise) => surprise > STARTLING);
  return place < 0 ? Number.POSITIVE_INFINITY : place / 2;
}

describe('the scene-change head', () => {
  beforeAll(() => {
    const learned = sceneChangeHead.learn(new StillStreet(1).history(120), SHAPE, 1);
    model = learned.model;
    tail = calibrateTail(
      learned.readings.map((readings) => readings[0]?.raw ?? 0),
      4,
    );
  });

  it('stays calm while people pass and nothing stays', () => {
    expect(secondOfAlarm(watch(120).readings)).toBe(Number.POSITIVE_INFINITY);
  });

  it('finds a bag within 20 s of being left, in its place, and names it as left', () => {
    const { readings } = watch(40, { change: (looks, second) => second >= 10 && putBag(looks, BAG) });
    const found = secondOfAlarm(readings);
    expect(found).toBeGreaterThan(10);
    expect(found).toBeLessThan(30);
    const reading = readings.at(-1) as Reading;
    expect(reading.cell).toBe(BAG);
    expect(reading.box).toEqual({ left: 4 / 15, top: 0.7, right: 5 / 15, bottom: 0.8 });
    expect(sceneChangeHead.describe(model, 'left-object', reading)).toContain('left here');
  });

  it('finds what was taken away, and names it as missing', () => {
    const { readings } = watch(40, { change: (looks, second) => second >= 10 && takeAway(looks, BAG) });
    expect(secondOfAlarm(readings)).toBeLessThan(30);
    expect(sceneChangeHead.describe(model, 'left-object', readings.at(-1) as Reading)).toContain('missing');
  });

  it('calms down within five seconds of the bag being taken away', () => {
    const { readings } = watch(50, { change: (looks, second) => second >= 10 && second < 40 && putBag(looks, BAG) });
    expect(Math.max(...surprises(readings.slice(90)))).toBeLessThan(STARTLING);
  });

  it('keeps a bag in mind while somebody stands in front of it', () => {
    const hide = (looks: CellLook[], second: number) => {
      putBag(looks, BAG);
      const look = looks[BAG];
      if (look !== undefined && second >= 20 && second < 25) look.moving = true;
    };
    const { readings } = watch(26, { change: hide });
    expect(surprises(readings).at(-1)).toBeGreaterThan(STARTLING);
  });

  /** A shadow's edge comes to lie in two places, and grows as the sun comes out: `share` of it is there. */
  const castShadow = (looks: CellLook[], share: number) => {
    for (const cell of [BAG, BAG + 7]) {
      looks[cell]?.edges.forEach((edge, index, edges) => {
        edges[index] = edge * Math.exp(1.2 * share);
      });
    }
  };

  it('takes an edge that grows while nothing moves there for light', () => {
    const sun = (looks: CellLook[], second: number) => castShadow(looks, Math.min(1, Math.max(0, (second - 10) / 8)));
    expect(secondOfAlarm(watch(70, { change: sun }).readings)).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes an edge that goes on growing after somebody has passed for light', () => {
    const sun = (looks: CellLook[], second: number) => {
      castShadow(looks, Math.min(1, Math.max(0, (second - 10) / 8)));
      const look = looks[BAG];
      if (look !== undefined && second >= 11 && second < 13) look.moving = true;
    };
    expect(secondOfAlarm(watch(70, { change: sun }).readings)).toBe(Number.POSITIVE_INFINITY);
  });

  it('finds a bag that somebody puts down while the sun comes out', () => {
    const both = (looks: CellLook[], second: number) => {
      castShadow(looks, Math.min(1, Math.max(0, (second - 10) / 8)));
      const look = looks[BAG];
      if (look !== undefined && second >= 12 && second < 15) look.moving = true;
      if (second >= 13) putBag(looks, BAG);
    };
    expect(secondOfAlarm(watch(70, { change: both }).readings)).toBeLessThan(50);
  });

  it.each([
    ['halves', 0.5],
    ['doubles', 1.8],
  ])('stays calm when the light %s at once', (_, factor) => {
    const { readings } = watch(60, { light: (second) => (second < 20 ? 1 : factor) });
    expect(secondOfAlarm(readings)).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes a switch to infrared for what it is, and finds a bag afterwards', () => {
    const infrared = (looks: CellLook[], second: number) => {
      if (second < 20) return;
      looks.forEach((look, cell) => {
        look.brightness *= cell % 3 === 0 ? 0.4 : 0.8;
        look.edges.forEach((edge, index) => {
          look.edges[index] = edge * (cell % 4 === 0 ? 0.3 : 1.2);
        });
      });
      if (second >= 60) putBag(looks, BAG);
    };
    const found = secondOfAlarm(watch(90, { change: infrared }).readings);
    expect(found).toBeGreaterThan(60);
    expect(found).toBeLessThan(80);
  });

  it('takes a picture that changed in many places at once for a new scene, not for an object', () => {
    const moved = (looks: CellLook[], second: number) => {
      if (second < 20) return;
      looks.forEach((look, cell) => {
        if (cell % 5 === 0) look.edges.fill(0.4);
      });
    };
    expect(secondOfAlarm(watch(60, { change: moved }).readings)).toBe(Number.POSITIVE_INFINITY);
  });

  it('follows a slow change without a word', () => {
    const shadow = (looks: CellLook[], second: number) => {
      const look = looks[BAG];
      look?.edges.forEach((edge, index) => {
        look.edges[index] = edge * Math.exp(second / 400);
      });
    };
    const { readings } = watch(600, { change: shadow, stride: 2 });
    expect(secondOfAlarm(readings)).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes what has stood for half an hour for normal', () => {
    const bag = (looks: CellLook[]) => putBag(looks, BAG);
    const first = watch(1700, { change: bag, stride: 4 });
    expect(surprises(first.readings).at(-1)).toBeGreaterThan(STARTLING);
    const later = watch(400, { change: bag, state: first.state, from: 1700, stride: 4 });
    expect(surprises(later.readings).at(-1)).toBeLessThan(STARTLING);
  });

  it('calibrates on folds that the reference never saw', () => {
    const bagInLastFold = (sequence: number, looks: CellLook[]) => {
      if (sequence >= 210) putBag(looks, BAG);
    };
    const { readings } = sceneChangeHead.learn(new StillStreet(1).history(120, bagInLastFold), SHAPE, 1);
    expect(readings).toHaveLength(240);
    for (const [reading] of readings.slice(225)) {
      expect(reading?.cell).toBe(BAG);
      expect(reading?.value).toBeGreaterThan(0);
    }
    expect(readings.slice(0, 200).filter(([reading]) => reading?.cell === BAG && reading.value > 0)).toEqual([]);
  });

  it('goes on bit-equally from a stored state of a few kilobytes', () => {
    const bag = (looks: CellLook[], second: number) => second >= 5 && putBag(looks, BAG);
    const before = watch(20, { change: bag });
    const bytes = encodeState(before.state);
    expect(bytes.length).toBeLessThan(6_500);
    const restored = decodeState(bytes) as SceneChangeState;
    const kept = decodeState(encodeState(model)) as SceneChangeModel;
    const street = new StillStreet(3);
    for (let sequence = 40; sequence < 80; sequence++) {
      const sample = street.sample(sequence, { change: (looks) => putBag(looks, BAG) });
      expect(sceneChangeHead.read(kept, restored, sample)).toEqual(sceneChangeHead.read(model, before.state, sample));
    }
  });

  it('keeps a held change when the model is learned anew or the stream starts anew', () => {
    const { state } = watch(30, { change: (looks) => putBag(looks, BAG) });
    const anew = sceneChangeHead.learn(new StillStreet(5).history(60), SHAPE, 1).model;
    const carried = sceneChangeHead.carry?.(anew, state);
    expect(carried?.persistence[BAG]).toBeGreaterThan(10);
  });

  it('keeps to the light of the minute when the model is learned anew from an older one', () => {
    const dusk = (second: number) => (looks: CellLook[]) => {
      looks.forEach((look, cell) => {
        if (cell % 3 === 0)
          look.edges.forEach((edge, index) => {
            look.edges[index] = edge * Math.exp(second / 500);
          });
      });
    };
    const before = watch(500, { change: (looks, second) => dusk(second)(looks), stride: 2 });
    const anew = sceneChangeHead.learn(new StillStreet(5).history(60), SHAPE, 1).model;
    let state = sceneChangeHead.carry?.(anew, before.state) ?? sceneChangeHead.start(anew);
    const street = new StillStreet(8);
    const seen: Reading[] = [];
    for (let sequence = 1000; sequence < 1060; sequence++) {
      const read = sceneChangeHead.read(anew, state, street.sample(sequence, { change: dusk(sequence / 2) }));
      state = read.state;
      seen.push(...read.readings);
    }
    expect(Math.max(...surprises(seen))).toBeLessThan(STARTLING);
    expect(Math.max(...state.persistence)).toBeLessThan(1);
  });

  it('does not miss somebody who stood there when the light changed, once he is gone', () => {
    const standing = (looks: CellLook[], second: number) => {
      looks.forEach((look, cell) => {
        look.brightness *= second < 20 ? 1 : cell % 3 === 0 ? 0.4 : 0.8;
      });
      if (second >= 18 && second < 90) putBag(looks, BAG);
    };
    const { readings } = watch(150, { change: standing });
    expect(Math.max(...surprises(readings.slice(190)))).toBeLessThan(STARTLING);
  });
});
