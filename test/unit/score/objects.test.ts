import { describe, expect, it } from 'vitest';
import type { GridShape, HistorySample, Reading } from '../../../src/score/cue-head.ts';
import { expectedHeight, fitHeightLine } from '../../../src/score/objects/expected-height.ts';
import { OBJECT_CUES, type ObjectCueName } from '../../../src/score/objects/object-cues.ts';
import { type ObjectHeadModel, type ObjectState, objectHead } from '../../../src/score/objects/object-head.ts';
import { NOTHING_LIKE_IT, nearestThree, sortReferences } from '../../../src/score/objects/sorted-references.ts';
import type { ObservedObject } from '../../../src/score/observation.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import { decodeState, encodeState } from '../../../src/score/state-codec.ts';

const SHAPE: GridShape = { rows: 10, columns: 15, channels: 16 };
const CLASSES = ['person', 'bicycle', 'car'];
const SEGMENT_MS = 500;
const EPOCH = 1_000_000;

interface Looks {
  readonly label?: string;
  readonly probability?: number;
  /** Of the speed, size and width of a usual person at that place. */
  readonly faster?: number;
  readonly larger?: number;
  readonly downwards?: boolean;
  readonly bottom?: number;
  readonly x?: number;
}

/** A street seen from above: whoever is at the lower edge is three times as tall, and as fast in pixels, as at the horizon. */
class Street {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  person(looks: Looks = {}): ObservedObject {
    const bottom = looks.bottom ?? 0.4 + 0.6 * this.#random.next();
    const x = looks.x ?? 0.1 + 0.8 * this.#random.next();
    const usual = usualHeight(bottom) * (0.92 + 0.16 * this.#random.next());
    const height = usual * (looks.larger ?? 1);
    const width = height * (0.22 + 0.06 * this.#random.next());
    // 0.7 to 1 heights a second
    const speed = usualHeight(bottom) * 16 * (0.7 + 0.3 * this.#random.next()) * (looks.faster ?? 1);
    const direction = this.#random.next() < 0.5 ? -1 : 1;
    const classProbabilities = new Float32Array(CLASSES.length).fill(0.01);
    classProbabilities[CLASSES.indexOf(looks.label ?? 'person')] =
      looks.probability ?? 0.85 + 0.1 * this.#random.next();
    return {
      box: { left: x - width / 2, right: x + width / 2, top: bottom - height, bottom },
      confidence: 0.6,
      label: looks.label ?? 'person',
      classProbabilities,
      speed,
      velocityX: looks.downwards ? 0 : speed * direction,
      velocityY: looks.downwards ? speed : 0.05 * speed * (this.#random.next() - 0.5),
    };
  }

  people(count: number): readonly ObservedObject[] {
    return Array.from({ length: count }, () => this.person());
  }
}

function usualHeight(bottom: number): number {
  return 0.05 + 0.15 * bottom;
}

function sample(sequence: number, objects: readonly ObservedObject[] | null, fold = 0, epoch = EPOCH): HistorySample {
  const startMs = epoch + sequence * SEGMENT_MS;
  return {
    epoch,
    sequence,
    startMs,
    endMs: startMs + 400,
    values: new Float32Array(0),
    blobs: new Float32Array(0),
    objects,
    fold,
  };
}

/** Twenty seconds of each of eight recordings, six people at a time. */
function usualHistory(street: Street): readonly HistorySample[] {
  return Array.from({ length: 320 }, (_, index) => {
    const fold = Math.floor(index / 40);
    return sample(index % 40, street.people(6), fold, EPOCH * (fold + 1));
  });
}

function cueOf(readings: readonly Reading[] | undefined, name: ObjectCueName): Reading {
  const reading = readings?.[OBJECT_CUES.findIndex((cue) => cue.name === name)];
  if (!reading) throw new Error(`no reading of ${name}`);
  return reading;
}

/** The readings of the last of some segments, from the start of an epoch. */
function readLast(model: ObjectHeadModel, segments: readonly (readonly ObservedObject[] | null)[]) {
  let state = objectHead.start(model);
  let readings: readonly Reading[] = [];
  segments.forEach((objects, sequence) => {
    const outcome = objectHead.read(model, state, sample(sequence, objects));
    ({ readings, state } = outcome);
  });
  return readings;
}

/** The raw value that one in a hundred of the history's segments exceeds. */
function rareRaw(readings: readonly (readonly Reading[])[], name: ObjectCueName): number {
  const raws = readings.map((reading) => cueOf(reading, name).raw).sort((a, b) => a - b);
  return raws[Math.floor(raws.length * 0.99)] ?? 0;
}

describe('the object head on a street of walkers', () => {
  const street = new Street(7);
  const { model, readings } = objectHead.learn(usualHistory(street), SHAPE, 1);

  const oddities: readonly [string, ObjectCueName, Looks, RegExp][] = [
    ['a runner', 'object-speed', { faster: 2.5 }, /^person [12]\.\d times faster than any person seen here$/],
    ['a bicycle', 'object-class', { label: 'bicycle' }, /^bicycle where only people were seen$/],
    ['a giant', 'object-size', { larger: 1.8 }, /^person 1\.\d times taller than what is usual at this distance$/],
    [
      'someone who walks across',
      'object-direction',
      { downwards: true },
      /^person moving as nothing moved here before$/,
    ],
  ];
  for (const [what, cue, looks, words] of oddities) {
    it(`finds ${what} among the others, points at them and says why`, () => {
      const odd = street.person(looks);
      const found = readLast(model, [[...street.people(5), odd]]);
      for (const name of [cue, 'object'] as const) {
        const reading = cueOf(found, name);
        expect(reading.raw).toBeGreaterThan(rareRaw(readings, name));
        expect(reading.box).toEqual(odd.box);
        expect(reading.label).toBe(odd.label);
      }
      expect(objectHead.describe(model, cue, cueOf(found, cue))).toMatch(words);
    });
  }

  it('finds what is a little odd in two ways at once', () => {
    const rider = street.person({ faster: 1.4, probability: 0.6 });
    const reading = cueOf(readLast(model, [[...street.people(5), rider]]), 'object');
    expect(reading.raw).toBeGreaterThan(rareRaw(readings, 'object'));
  });

  it('is as calm about usual people as about those it learned from, near and far', () => {
    let alarms = 0;
    for (let trial = 0; trial < 200; trial++) {
      const people = [street.person({ bottom: 0.42 }), street.person({ bottom: 0.98 }), ...street.people(4)];
      if (cueOf(readLast(model, [people]), 'object').raw > rareRaw(readings, 'object')) alarms += 1;
    }
    // a segment alone is not smoothed, so that a few more of it than of the history exceed
    expect(alarms).toBeLessThan(20);
  });

  it('tells of the strangest object what is strangest about it', () => {
    const bicycle = street.person({ label: 'bicycle', probability: 0.9 });
    const reading = cueOf(readLast(model, [[...street.people(5), bicycle]]), 'object');
    expect(objectHead.describe(model, 'object', reading)).toBe('bicycle where only people were seen');
  });

  it('sees that a place where nobody ever stood is new', () => {
    const reading = cueOf(readLast(model, [[street.person({ bottom: 0.1, x: 0.5 })]]), 'object-place');
    expect(reading.raw).toBeGreaterThan(rareRaw(readings, 'object-place'));
    expect(objectHead.describe(model, 'object-place', reading)).toBe(
      'person where nothing of the kind was seen before',
    );
  });

  it('reads nothing where nothing is there', () => {
    for (const reading of readLast(model, [[]])) expect(reading).toMatchObject({ raw: 0, box: null, label: null });
  });

  it('halves what only one of two segments shows', () => {
    const odd = [street.person({ faster: 3 })];
    const once = cueOf(readLast(model, [odd]), 'object').raw;
    expect(cueOf(readLast(model, [[], odd]), 'object').raw).toBeCloseTo(once / 2);
    expect(cueOf(readLast(model, [odd, odd]), 'object').raw).toBeCloseTo(once);
  });

  it('carries what it saw over skipped segments for a second and a half, less with each', () => {
    const odd = [street.person({ faster: 3 })];
    const raws = [0, 1, 2, 3, 4, 5].map(
      (skipped) => cueOf(readLast(model, [odd, ...Array.from({ length: skipped }, () => null)]), 'object').raw,
    );
    for (let skipped = 1; skipped <= 3; skipped++) {
      expect(raws[skipped]).toBeGreaterThan(0);
      expect(raws[skipped]).toBeLessThan(raws[skipped - 1] ?? 0);
    }
    expect(raws[5]).toBe(0);
  });

  it('carries nothing into another epoch', () => {
    const { state } = objectHead.read(model, objectHead.start(model), sample(0, [street.person({ faster: 3 })]));
    const later = objectHead.read(model, state, sample(0, null, 0, EPOCH + 800));
    expect(cueOf(later.readings, 'object').raw).toBe(0);
  });

  it('draws the heat where the odd one is', () => {
    const odd = street.person({ faster: 4, bottom: 0.95, x: 0.5 });
    const calm = street.person({ bottom: 0.5, x: 0.2 });
    const heat = objectHead.heat?.(model, sample(0, [odd, calm]));
    const { cell } = cueOf(readLast(model, [[odd, calm]]), 'object');
    expect(heat?.[cell]).toBe(1);
    expect(Math.max(...(heat?.slice(0, 6 * SHAPE.columns) ?? []))).toBeLessThan(0.6);
  });

  it('gives bit-equal readings after model and state were saved', () => {
    const first = objectHead.read(model, objectHead.start(model), sample(0, street.people(4)));
    const saved = decodeState(encodeState({ model, state: first.state })) as {
      model: ObjectHeadModel;
      state: ObjectState;
    };
    const next = sample(1, street.people(4));
    expect(objectHead.read(saved.model, saved.state, next)).toEqual(objectHead.read(model, first.state, next));
  });

  it('learns the same from the same history', () => {
    const history = usualHistory(new Street(3));
    expect(objectHead.learn(history, SHAPE, 5)).toEqual(objectHead.learn(history, SHAPE, 5));
  });
});

describe('the object head where it knows little', () => {
  const street = new Street(11);

  it('only finds the place new where no object was ever seen', () => {
    const history = Array.from({ length: 60 }, (_, index) => sample(index, [], Math.floor(index / 8)));
    const { model, readings } = objectHead.learn(history, SHAPE, 1);
    expect(readings.flat().every((reading) => reading.raw === 0)).toBe(true);
    const found = readLast(model, [[street.person({ label: 'car', faster: 5 })]]);
    expect(cueOf(found, 'object-place').raw).toBeGreaterThan(1);
    for (const name of ['object', 'object-speed', 'object-class', 'object-size', 'object-direction'] as const) {
      expect(cueOf(found, name).raw).toBe(0);
    }
    expect(objectHead.describe(model, 'object-place', cueOf(found, 'object-place'))).toContain('car');
  });

  it('learns where the detector never looked', () => {
    const history = Array.from({ length: 60 }, (_, index) => sample(index, null, Math.floor(index / 8)));
    const { model, readings } = objectHead.learn(history, SHAPE, 1);
    expect(readings).toHaveLength(60);
    expect(cueOf(readLast(model, [null]), 'object').raw).toBe(0);
  });

  it('does not judge by a handful of objects', () => {
    const history = Array.from({ length: 60 }, (_, index) =>
      sample(index, index % 10 === 0 ? street.people(1) : [], Math.floor(index / 8)),
    );
    const { model } = objectHead.learn(history, SHAPE, 1);
    expect(cueOf(readLast(model, [[street.person({ label: 'car' })]]), 'object').raw).toBe(0);
  });

  it('judges each class by its own speeds where it has shown them', () => {
    const history = Array.from({ length: 320 }, (_, index) => {
      const cars = Array.from({ length: 2 }, () => street.person({ label: 'car', faster: 5 }));
      return sample(
        index % 40,
        [...street.people(3), ...cars],
        Math.floor(index / 40),
        EPOCH * (1 + Math.floor(index / 40)),
      );
    });
    const { model, readings } = objectHead.learn(history, SHAPE, 1);
    const running = cueOf(readLast(model, [[street.person({ faster: 4 })]]), 'object-speed');
    const driving = cueOf(readLast(model, [[street.person({ label: 'car', faster: 5 })]]), 'object-speed');
    expect(running.raw).toBeGreaterThan(rareRaw(readings, 'object-speed'));
    expect(driving.raw).toBeLessThan(rareRaw(readings, 'object-speed'));
    expect(objectHead.describe(model, 'object-speed', running)).toMatch(/faster than any person seen here/);
  });
});

describe('the expected height', () => {
  it('follows the line of the many although a third are anything else', () => {
    const bottoms = Array.from({ length: 90 }, (_, index) => 0.4 + (0.6 * index) / 90);
    const heights = bottoms.map((bottom, index) => (index % 3 === 0 ? 0.5 : usualHeight(bottom)));
    const line = fitHeightLine(bottoms, heights);
    for (const bottom of [0.45, 0.7, 0.95]) expect(expectedHeight(line, bottom)).toBeCloseTo(usualHeight(bottom), 2);
  });

  it('borrows from the neighbouring rows and never leaves the heights that were seen', () => {
    const bottoms = Array.from({ length: 80 }, (_, index) => 0.4 + 0.05 * (index % 8));
    const line = fitHeightLine(
      bottoms.filter((bottom) => bottom < 0.5 || bottom > 0.6),
      bottoms.filter((bottom) => bottom < 0.5 || bottom > 0.6).map(usualHeight),
    );
    expect(expectedHeight(line, 0.55)).toBeCloseTo(usualHeight(0.55));
    expect(expectedHeight(line, 0)).toBeCloseTo(usualHeight(0.4));
    expect(expectedHeight(line, 1)).toBeCloseTo(usualHeight(0.75));
  });

  it('is level where all stood in one row, and known before anything was seen', () => {
    const line = fitHeightLine([0.5, 0.5, 0.5], [0.1, 0.2, 0.3]);
    expect(expectedHeight(line, 0.9)).toBeCloseTo(0.2);
    expect(expectedHeight(fitHeightLine([], []), 0.5)).toBeGreaterThan(0);
  });
});

describe('the nearest of sorted references', () => {
  it('are those that a search through all of them finds', () => {
    const random = new SeededRandom(5);
    const points = Array.from({ length: 300 }, (_, index) => ({
      fold: index % 7,
      values: [Math.fround(random.next()), Math.fround(random.next()), Math.fround(random.next())],
    }));
    const sorted = sortReferences(points, 3);
    for (let trial = 0; trial < 50; trial++) {
      const query = Float32Array.from([random.next() * 2 - 0.5, random.next(), random.next()]);
      const fold = random.below(8);
      const [a = 0, b = 0, c = 0] = points
        .filter((point) => point.fold !== fold)
        .map(({ values }) => Math.hypot(...values.map((value, at) => value - (query[at] ?? 0))))
        .sort((x, y) => x - y);
      expect(nearestThree(sorted, query, fold)).toBeCloseTo((a + b + c) / 3, 9);
    }
  });

  it('are far where there are none, and the only one where there are too few', () => {
    const point = sortReferences([{ fold: 1, values: [1, 0] }], 2);
    expect(nearestThree(point, Float32Array.from([0, 0]), 0)).toBe(1);
    expect(nearestThree(point, Float32Array.from([0, 0]), 1)).toBe(NOTHING_LIKE_IT);
  });
});
