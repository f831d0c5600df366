import { cycleMetres } from '../person.ts';
import { between, gaussian, type Random, seededRandom } from '../random.ts';
import { drawVehicle, randomCar } from '../vehicle.ts';
import type { View } from '../view.ts';
import { walkingSpeed } from '../walker.ts';
import type { Figure } from './figure.ts';
import { atHour, type SceneKind } from './scene-kind.ts';
import type { Facing } from './sprite.ts';

/** Different bodies and clothes; with tints, far more people than that. */
export const PEOPLE = 40;
/** Where cars drive by default, metres from the wall. */
export const CAR_LANE = 7.1;
const CHUNK_SECONDS = 300;
const DOOR_EVERY_METRES = 5;

/** Normal life of a place, made in chunks as time goes on: who comes when depends on seed and hour alone. */
export class DayLife {
  readonly #kind: SceneKind;
  readonly #seed: number;
  readonly #view: View;
  readonly #hourAt: (second: number) => number;
  readonly #stretches = new Map<number, { readonly from: number; readonly to: number }>();

  constructor(kind: SceneKind, seed: number, view: View, hourAt: (second: number) => number) {
    this.#kind = kind;
    this.#seed = seed;
    this.#view = view;
    this.#hourAt = hourAt;
  }

  static readonly chunkSeconds = CHUNK_SECONDS;

  /** Those who arrive in chunk `index` (300 s each; -1 are those under way at the start). */
  arrivals(index: number): Figure[] {
    const figures: Figure[] = [];
    const random = seededRandom(this.#seed, 'chunk', index);
    const begin = index * CHUNK_SECONDS;
    const phase = random() * 2 * Math.PI;
    this.#times(random, begin, phase, (hour) => atHour(this.#kind.walkersPerMinute, hour)).forEach((second) => {
      figures.push(...this.#group(random, second));
    });
    let free = Number.NEGATIVE_INFINITY;
    const drives = seededRandom(this.#seed, 'drives', index);
    this.#times(drives, begin, phase, (hour) => atHour(this.#kind.carsPerMinute, hour)).forEach((second) => {
      if (second < free) return;
      const car = this.#car(drives, second);
      free = second + 3.5;
      figures.push(car);
    });
    return figures;
  }

  #times(random: Random, begin: number, phase: number, perMinute: (hour: number) => number): number[] {
    const times: number[] = [];
    for (let second = begin; second < begin + CHUNK_SECONDS; ) {
      const swell = 1 + 0.5 * Math.sin(phase + (2 * Math.PI * second) / 100);
      const rate = (perMinute(this.#hourAt(second)) / 60) * swell;
      // rates change slowly: the next arrival is drawn from the present one, and nobody comes when it is 0
      const gap = rate <= 1e-6 ? 60 : -Math.log(1 - random()) / rate;
      second += Math.min(60, gap);
      if (gap <= 60 && rate > 1e-6 && second < begin + CHUNK_SECONDS) times.push(second);
    }
    return times;
  }

  stretch(lane: number, heightMetres: number, margin: number): { readonly from: number; readonly to: number } {
    const key = Math.round(lane * 5) * 100 + Math.round(heightMetres * 10);
    let kept = this.#stretches.get(key);
    if (!kept) {
      kept = this.#view.visibleStretch(Math.round(lane * 5) / 5, heightMetres, 0);
      this.#stretches.set(key, kept);
    }
    return { from: kept.from - margin, to: kept.to + margin };
  }

  #group(random: Random, startSecond: number): Figure[] {
    const u = random();
    const size = u < 0.66 ? 1 : u < 0.92 ? 2 : 3;
    const [low, high] = this.#kind.walkLanes;
    const crosses = this.#kind.ground === 'hall' && random() < 0.3;
    const goesRight = random() < 0.5;
    const middle = (low + high) / 2 + (goesRight ? 0.17 : -0.17) * (high - low);
    const lane = Math.max(low, Math.min(high, middle + 0.17 * (high - low) * gaussian(random)));
    const speed = walkingSpeed(random) * (size > 1 ? 0.9 : 1);
    const stop = random() < 0.1 ? between(random, 2, 14) : 0;
    const stopShare = between(random, 0.2, 0.8);
    const door = DOOR_EVERY_METRES * Math.floor(between(random, 0, 4)) + 1.1;
    const figures: Figure[] = [];
    for (let member = 0; member < size; member += 1) {
      const aside = size === 1 ? 0 : (member - (size - 1) / 2) * 0.62;
      const own = {
        startSecond: startSecond + (size === 1 ? 0 : between(random, 0, 0.35)),
        person: Math.floor(random() * PEOPLE),
        tint: between(random, 0.8, 1.25),
        swayMetres: between(random, 0, 0.2),
        phase: random() * 6.3,
        speed,
        stopSeconds: stop,
        stopShare,
      };
      const course = crosses
        ? { fixed: door + aside, from: goesRight ? low : 11, to: goesRight ? 11 : low, along: false }
        : this.#along(Math.max(low, Math.min(high, lane + aside)), goesRight);
      figures.push(walk({ ...own, ...course }));
    }
    return figures;
  }

  #along(lane: number, goesRight: boolean) {
    const { from, to } = this.stretch(lane, 1.9, 0.8);
    return { fixed: lane, from: goesRight ? from : to, to: goesRight ? to : from, along: true };
  }

  #car(random: Random, startSecond: number): Figure {
    const [low, high] = this.#kind.carMetresPerSecond;
    return carFigure(random, this, startSecond, between(random, low, high), 1, null);
  }
}

/** A car on the road; `facing` -1 drives against the direction of the lane. */
export function carFigure(
  random: Random,
  life: DayLife,
  startSecond: number,
  metresPerSecond: number,
  facing: 1 | -1,
  anomaly: number | null,
): Figure {
  const vehicle = randomCar(random);
  const lane = CAR_LANE + 0.12 * gaussian(random);
  const { from, to } = life.stretch(lane, 1.6, vehicle.lengthMetres / 2 + 0.4);
  const [first, last] = facing > 0 ? [from, to] : [to, from];
  const place = (second: number) => ({ s: first + facing * metresPerSecond * (second - startSecond), d: lane });
  return {
    fromSecond: startSecond,
    untilSecond: startSecond + Math.abs(last - first) / metresPerSecond,
    anomaly,
    box: [vehicle.lengthMetres, vehicle.roofMetres],
    place,
    draw(second, stage) {
      const here = place(second);
      stage.shadow(here, 1.1, 0.8, vehicle.lengthMetres);
      stage.headlights(here, facing, vehicle.lengthMetres);
      drawVehicle(stage.shapes(here), vehicle, here, facing);
    },
  };
}

interface Walk {
  readonly startSecond: number;
  readonly person: number;
  readonly tint: number;
  readonly swayMetres: number;
  readonly phase: number;
  readonly speed: number;
  readonly stopSeconds: number;
  readonly stopShare: number;
  /** The coordinate that is kept: the lane of one who walks along, else the place along the street. */
  readonly fixed: number;
  readonly from: number;
  readonly to: number;
  readonly along: boolean;
}

function walk(course: Walk): Figure {
  const { startSecond, speed, stopSeconds, from, to, along, fixed } = course;
  const metres = Math.abs(to - from);
  const sign = Math.sign(to - from);
  const stopAt = (course.stopShare * metres) / speed;
  const facing: Facing = along ? (sign > 0 ? 0 : 2) : sign > 0 ? 1 : 3;
  /** Seconds walked, the stop taken out, with soft ends of half a second. */
  const walked = (elapsed: number): number => {
    if (stopSeconds === 0 || elapsed <= stopAt) return elapsed;
    return elapsed >= stopAt + stopSeconds ? elapsed - stopSeconds : stopAt;
  };
  const place = (second: number) => {
    const t = walked(second - startSecond);
    const moved = from + sign * speed * t;
    const aside = fixed + course.swayMetres * Math.sin(course.phase + 0.55 * speed * t);
    return along ? { s: moved, d: aside } : { s: aside, d: moved };
  };
  const cycle = cycleMetres(speed);
  return {
    fromSecond: startSecond,
    untilSecond: startSecond + metres / speed + stopSeconds,
    anomaly: null,
    box: [0.5, 1.75],
    place,
    draw(second, stage) {
      const elapsed = second - startSecond;
      const t = walked(elapsed);
      const stands = stopSeconds > 0 && elapsed > stopAt && elapsed < stopAt + stopSeconds;
      const here = place(second);
      stage.shadow(here, 1.7, 0.17, 0);
      stage.person(course.person, here, facing, course.phase + (2 * Math.PI * speed * t) / cycle, !stands, course.tint);
    },
  };
}
