import { describe, expect, it } from 'vitest';
import { CameraHealth } from '../../../../src/score/camera-health/camera-health.ts';
import type { HealthStep } from '../../../../src/score/camera-health/health-state.ts';
import { channelIndex } from '../../../../src/score/motion-grid-channels.ts';
import type { SegmentFeatures } from '../../../../src/score/segment-features.ts';
import { type CellLook, SHAPE, StillStreet, walk } from '../scene-change/still-street.ts';

const BREAKS = 30;
const MENDS = 60;

interface Weather {
  readonly change?: (looks: CellLook[], second: number) => void;
  readonly light?: (second: number) => number;
  /** Alters the finished grid of a segment. */
  readonly spoil?: (values: Float32Array, second: number) => void;
}

function segments(seconds: number, weather: Weather = {}): readonly SegmentFeatures[] {
  const street = new StillStreet(11);
  return Array.from({ length: seconds * 2 }, (_, sequence) => {
    const second = sequence / 2;
    const sample = street.sample(sequence, {
      light: weather.light?.(second) ?? 1,
      change: (looks) => {
        walk(looks, sequence);
        weather.change?.(looks, second);
      },
    });
    weather.spoil?.(sample.values, second);
    const { epoch, startMs, endMs, values } = sample;
    return { epoch, sequence, startMs, endMs, values, ...SHAPE };
  });
}

const broken = (second: number) => second >= BREAKS && second < MENDS;

function watch(seconds: number, weather: Weather = {}): readonly HealthStep[] {
  const health = new CameraHealth();
  return segments(seconds, weather).map((segment) => health.observe(segment));
}

function story(steps: readonly HealthStep[]): readonly string[] {
  return steps.flatMap(({ change, transient }) => [
    ...(transient === null ? [] : [transient]),
    ...(change === null ? [] : [`${change.previousState}>${change.state}`]),
  ]);
}

/** Every value of one channel through a function. */
function through(values: Float32Array, channel: Parameters<typeof channelIndex>[0], map: (value: number) => number) {
  for (let at = channelIndex(channel); at < values.length; at += SHAPE.channels) values[at] = map(values[at] ?? 0);
}

const EDGES = ['gradientHorizontal', 'gradientVertical', 'gradientRising', 'gradientFalling', 'gradientMax'] as const;

function freeze(values: Float32Array, second: number): void {
  if (!broken(second)) return;
  through(values, 'temporalEnergyMean', () => 0);
  through(values, 'temporalEnergyMax', () => 0);
}

function blank(values: Float32Array, second: number): void {
  freeze(values, second);
  if (!broken(second)) return;
  for (const channel of [...EDGES, 'intensityDeviation'] as const) through(values, channel, () => 0);
  through(values, 'intensityMean', () => 0.5);
}

function cover(values: Float32Array, second: number): void {
  if (!broken(second)) return;
  for (const channel of EDGES) through(values, channel, () => 0.002);
  through(values, 'intensityDeviation', () => 0.003);
  through(values, 'intensityMean', () => 0.09);
}

function defocus(values: Float32Array, second: number): void {
  if (!broken(second)) return;
  for (const channel of EDGES) through(values, channel, (value) => 0.6 * value);
  through(values, 'intensityDeviation', (value) => 0.65 * value);
}

function turn(looks: CellLook[], second: number): void {
  if (broken(second)) looks.push(...looks.splice(0, 47));
}

describe('camera health', () => {
  it('is well, and holds nothing back, while life goes on', () => {
    const steps = watch(120);
    expect(story(steps)).toEqual([]);
    expect(steps.some(({ hold }) => hold)).toBe(false);
  });

  it.each<readonly [string, Weather]>([
    ['frozen', { spoil: freeze }],
    ['blank', { spoil: blank }],
    ['covered', { spoil: cover }],
    ['defocused', { spoil: defocus }],
    ['moved', { change: turn }],
  ])('tells that the camera is %s within 10 s, when it began, and when it is over', (state, weather) => {
    const steps = watch(90, weather);
    const changes = steps.flatMap(({ change }) => change ?? []);
    expect(changes.map((change) => change.state)).toEqual([state, 'ok']);
    const [raised, cleared] = changes;
    const secondOf = (ms: number | undefined) => ((ms ?? 0) - 1_000_000) / 1000;
    expect(secondOf(raised?.atMs)).toBeLessThan(BREAKS + 10);
    expect(secondOf(raised?.sinceMs)).toBeGreaterThanOrEqual(BREAKS);
    expect(secondOf(raised?.sinceMs)).toBeLessThan(BREAKS + 4);
    expect(secondOf(cleared?.atMs)).toBeLessThan(MENDS + 10);
    // from the first doubt to a little after the end nothing may raise an incident
    expect(steps.slice(2 * BREAKS + 8, 2 * MENDS + 8).every(({ hold }) => hold)).toBe(true);
    expect(steps.at(-1)).toMatchObject({ state: 'ok', hold: false });
  });

  it('does not call a stream frozen that always was so clean', () => {
    const still = (values: Float32Array, second: number) => {
      if (second % 6 < 5) through(values, 'temporalEnergyMax', () => 0);
    };
    const empty = (looks: CellLook[]) => {
      for (const look of looks) look.moving = false;
    };
    const steps = watch(120, { spoil: still, change: empty });
    expect(story(steps)).toEqual([]);
  });

  it('names a jump of the light once, holds for a few seconds, and changes no state', () => {
    const steps = watch(70, { light: (second) => (second < BREAKS ? 1 : 0.5) });
    expect(story(steps)).toEqual(['lighting-step']);
    expect(steps[2 * BREAKS + 1]?.hold).toBe(true);
    expect(steps.at(-1)?.hold).toBe(false);
  });

  it('tells an infrared switch from a jump of the light', () => {
    const infrared = (looks: CellLook[], second: number) => {
      if (!broken(second)) return;
      looks.forEach((look, cell) => {
        look.brightness *= cell % 3 === 0 ? 0.45 : 0.8;
      });
    };
    expect(story(watch(90, { change: infrared }))).toEqual(['ir-switch', 'ir-switch']);
  });

  it('takes jumps of the light for ordinary where a camera has them all day, and tells the next one on a camera that has not', () => {
    /** Exposure that answers to a car in front of the lens every minute. */
    const dimmed = (second: number) => second >= BREAKS && second % 60 < 6;
    const steps = watch(1_200, { light: (second) => (dimmed(second) ? 0.6 : 1) });
    const held = (from: number, to: number) => steps.slice(2 * from, 2 * to).filter(({ hold }) => hold).length;
    expect(held(0, 240)).toBeGreaterThan(60);
    expect(held(300, 1_200)).toBe(0);
    expect(story(steps).length).toBeLessThan(10);
    expect(new Set(story(steps))).toEqual(new Set(['lighting-step']));
  });

  it('forgets within the hour that jumps were ordinary', () => {
    const dimmed = (second: number) => second < 150 && second % 30 < 6;
    const later = 1_800;
    const steps = watch(later + 60, { light: (second) => (dimmed(second) || second >= later ? 0.6 : 1) });
    expect(steps.slice(2 * 140, 2 * 300).some(({ hold }) => hold)).toBe(false);
    expect(story(steps.slice(2 * 900))).toEqual(['lighting-step']);
    expect(steps[2 * later + 1]?.hold).toBe(true);
  });

  it('lets a night fall slowly', () => {
    expect(story(watch(600, { light: (second) => Math.exp(-second / 400) }))).toEqual([]);
  });

  it('accepts after ten minutes that a camera was turned on purpose', () => {
    const turned = (looks: CellLook[], second: number) => {
      if (second >= BREAKS) looks.push(...looks.splice(0, 47));
    };
    const steps = watch(720, { change: turned });
    expect(steps.flatMap(({ change }) => change?.state ?? [])).toEqual(['moved', 'ok']);
    expect(steps.at(-1)?.hold).toBe(false);
  });

  it('goes on bit-equally after being stored at any moment', () => {
    const all = segments(90, { spoil: cover, light: (second) => (second < 20 ? 1 : 0.7) });
    const whole = new CameraHealth();
    let parts = new CameraHealth();
    for (const segment of all) {
      parts = CameraHealth.restore(JSON.parse(JSON.stringify(parts)));
      expect(parts.observe(segment)).toEqual(whole.observe(segment));
    }
    expect(JSON.stringify(whole).length).toBeLessThan(5_000);
  });

  it('refuses what is no stored health', () => {
    expect(() => CameraHealth.restore({ version: 7 })).toThrow(
      expect.objectContaining({ code: 'VDT_SCORER_STATE_UNREADABLE' }),
    );
  });
});
