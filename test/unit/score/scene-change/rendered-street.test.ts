import { beforeAll, describe, expect, it } from 'vitest';
import { CameraHealth } from '../../../../src/score/camera-health/camera-health.ts';
import type { HistorySample, Reading } from '../../../../src/score/cue-head.ts';
import { type SceneChangeModel, sceneChangeHead } from '../../../../src/score/scene-change/scene-change-head.ts';
import type { SegmentFeatures } from '../../../../src/score/segment-features.ts';
import { calibrateTail, surpriseOf, type Tail } from '../../../../src/score/tail.ts';
import { blur, relight, renderedGrids, type Spoil, shift } from './rendered-street.ts';
import { SHAPE } from './still-street.ts';

const STREET = { streetSeed: 3, arrivalsPerMinute: 10, carsPerMinute: 2 } as const;
const EVENT = 25;
/** Nats; by chance once in 3000 segments. */
const STARTLING = 8;

let model: SceneChangeModel;
let tail: Tail;
/** A quiet stretch of the same street. */
let quiet: readonly SegmentFeatures[];

function sampleOf({ epoch, sequence, startMs, endMs, values }: SegmentFeatures, fold = 0): HistorySample {
  return { epoch, sequence, startMs, endMs, values, blobs: new Float32Array(0), objects: null, fold };
}

function surprises(segments: readonly SegmentFeatures[], readings: Reading[] = []): readonly number[] {
  let state = sceneChangeHead.start(model);
  return segments.map((segment) => {
    const read = sceneChangeHead.read(model, state, sampleOf(segment));
    state = read.state;
    readings.push(...read.readings);
    return surpriseOf(tail, read.readings[0]?.raw ?? 0);
  });
}

/** What camera health makes of the quiet stretch, spoilt from second 25 to 37. */
async function healthStory(spoil: Spoil): Promise<readonly string[]> {
  const spoilt = (picture: Uint8Array, second: number) => {
    if (second >= EVENT && second < 37) spoil(picture, second);
  };
  const segments = await renderedGrids({ ...STREET, seed: 31, durationSeconds: 50 }, spoilt);
  const health = new CameraHealth();
  return segments.flatMap((segment) => {
    const { change, transient } = health.observe(segment);
    return [...(transient === null ? [] : [transient as string]), ...(change === null ? [] : [change.state as string])];
  });
}

describe('scene cues on a rendered street', () => {
  beforeAll(async () => {
    const history = await renderedGrids({ ...STREET, seed: 30, durationSeconds: 90 });
    const samples = history.map((segment, place) => sampleOf(segment, Math.floor((place * 8) / history.length)));
    const learned = sceneChangeHead.learn(samples, SHAPE, 1);
    model = learned.model;
    tail = calibrateTail(
      learned.readings.map((readings) => readings[0]?.raw ?? 0),
      4,
    );
    quiet = await renderedGrids({ ...STREET, seed: 31, durationSeconds: 50 });
  }, 120_000);

  it('is calm, and finds the camera well, while only passers-by pass', () => {
    expect(Math.max(...surprises(quiet))).toBeLessThan(STARTLING);
    const health = new CameraHealth();
    expect(quiet.filter((segment) => health.observe(segment).hold)).toEqual([]);
  });

  it('finds a bag within 22 s of its being left, where it stands', async () => {
    const anomalies = [{ kind: 'left-bag', atSecond: EVENT }] as const;
    const segments = await renderedGrids({ ...STREET, seed: 32, durationSeconds: 52, anomalies });
    const readings: Reading[] = [];
    const found = surprises(segments, readings).findIndex((surprise) => surprise > STARTLING) / 2;
    expect(found).toBeGreaterThan(EVENT);
    expect(found).toBeLessThan(EVENT + 22);
    const last = readings.at(-1) as Reading;
    expect(sceneChangeHead.describe(model, 'left-object', last)).toContain('left here');
    // the pavement before the shops, left of the middle
    expect(Math.floor(last.cell / SHAPE.columns)).toBeGreaterThanOrEqual(6);
  }, 60_000);

  it.each([
    ['rain', { rain: 0.6 }, () => {}],
    ['a lamp going out', {}, (picture: Uint8Array, second: number) => second >= EVENT && relight(picture, 0.55)],
    ['a camera that is pushed', {}, (picture: Uint8Array, second: number) => second >= EVENT && shift(picture, 27, 11)],
  ] as const)(
    'takes %s for no object',
    async (_, scene, spoil) => {
      const segments = await renderedGrids(
        { ...STREET, seed: 33, durationSeconds: 45, ...scene },
        (picture, second) => {
          spoil(picture, second);
        },
      );
      expect(Math.max(...surprises(segments))).toBeLessThan(STARTLING);
    },
    60_000,
  );

  it('tells a blurred, a covered and a pushed camera, and when they are well again', async () => {
    expect(await healthStory((picture) => blur(picture, 4))).toEqual(['defocused', 'ok']);
    expect(await healthStory((picture) => relight(picture, 0.02))).toEqual(['covered', 'ok']);
    const pushed = await healthStory((picture) => shift(picture, 27, 11));
    expect(pushed.filter((word) => word !== 'scene-cut')).toEqual(['moved', 'ok']);
  }, 120_000);
});
