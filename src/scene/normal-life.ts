import { type Actor, shifted } from './actor.ts';
import { randomPerson } from './person.ts';
import { between, gaussian, type Random, seededRandom } from './random.ts';
import type { SceneScript } from './scene-script.ts';
import { BAY_METRES, DOOR_CENTRE_METRES } from './street.ts';
import { drawVehicle, randomCar } from './vehicle.ts';
import type { View } from './view.ts';
import { type Course, walker, walkingSpeed, type Yield } from './walker.ts';

/** The longest that anyone takes to cross the picture; arrivals begin so much before the first frame. */
const WARM_UP_SECONDS = 75;
/** Cars keep to the only lane that the camera sees well. */
const CAR_LANE_METRES = 7.1;

/** Arrival times of a Poisson process whose rate swells and ebbs: crowds come and go. */
function arrivals(
  random: Random,
  perMinute: number,
  fromSecond: number,
  untilSecond: number,
  periodSeconds: number,
): number[] {
  const times: number[] = [];
  const phase = random() * 2 * Math.PI;
  const peakPerSecond = (perMinute / 60) * 1.5;
  if (peakPerSecond <= 0) return times;
  for (let t = fromSecond; ; ) {
    t += -Math.log(1 - random()) / peakPerSecond;
    if (t >= untilSecond) return times;
    const rate = (1 + 0.5 * Math.sin(phase + (2 * Math.PI * t) / periodSeconds)) / 1.5;
    if (random() < rate) times.push(t);
  }
}

function groupSize(random: Random): number {
  const u = random();
  return u < 0.66 ? 1 : u < 0.92 ? 2 : 3;
}

/** Centres of the shop doors within a stretch. */
function doors(from: number, to: number): number[] {
  const centres: number[] = [];
  for (let bay = Math.floor(from / BAY_METRES); bay * BAY_METRES < to; bay += 1) {
    const s = bay * BAY_METRES + DOOR_CENTRE_METRES;
    if (s > from && s < to) centres.push(s);
  }
  return centres;
}

function group(random: Random, view: View, startSecond: number): Course[] {
  const size = groupSize(random);
  const goesRight = random() < 0.5;
  // People keep right, loosely.
  const centre = goesRight ? 2.75 : 1.55;
  const lane = Math.max(0.6, Math.min(4.1, centre + 0.55 * gaussian(random)));
  const speed = walkingSpeed(random) * (size > 1 ? 0.9 : 1);
  const stretch = view.visibleStretch(lane, 1.9, 1.2);
  const doorList = doors(stretch.from + 3, stretch.to - 3);
  const doorAt = doorList[Math.floor(random() * doorList.length)];
  const door = size === 1 && doorAt !== undefined && random() < 0.14 ? (random() < 0.5 ? 'start' : 'end') : null;
  let [fromS, toS] = goesRight ? [stretch.from, stretch.to] : [stretch.to, stretch.from];
  if (door === 'start') fromS = doorAt ?? fromS;
  if (door === 'end') toS = doorAt ?? toS;
  const length = Math.abs(toS - fromS);
  const stops = length > 9 && random() < 0.1;
  const stop = stops ? { afterMetres: between(random, 3.5, length - 3.5), seconds: between(random, 2, 9) } : null;
  const swayMetres = between(random, 0, 0.22);
  const courses: Course[] = [];
  for (let member = 0; member < size; member += 1) {
    const aside = size === 1 ? 0 : (member - (size - 1) / 2) * 0.62;
    courses.push({
      person: randomPerson(random),
      startSecond: startSecond + (size === 1 ? 0 : between(random, 0, 0.35)),
      fromS,
      toS,
      lane: Math.max(0.5, Math.min(4.4, lane + aside)),
      metresPerSecond: speed,
      swayMetres,
      swayPhase: random() * 2 * Math.PI,
      stop,
      door,
    });
  }
  return courses;
}

function car(random: Random, view: View, startSecond: number): Actor {
  const vehicle = randomCar(random);
  const speed = between(random, 6, 8.5);
  const lane = CAR_LANE_METRES + 0.12 * gaussian(random);
  const stretch = view.visibleStretch(lane, 1.6, vehicle.lengthMetres / 2 + 0.5);
  const place = (second: number) => ({ s: stretch.from + speed * (second - startSecond), d: lane });
  return {
    fromSecond: startSecond,
    untilSecond: startSecond + (stretch.to - stretch.from) / speed,
    anomaly: null,
    place,
    draw: (second, sink) => drawVehicle(sink, vehicle, place(second), 1),
  };
}

/**
 * Everyone who belongs in the scene: walkers alone, in pairs and threes, some stopping, some using shop doors, and cars on the road.
 * In a looping scene, whoever is under way at the end is under way at the start.
 */
export function normalLife(script: SceneScript, view: View, makeWay: Yield): Actor[] {
  const period = script.durationSeconds;
  const from = script.loop ? 0 : -WARM_UP_SECONDS;
  const swell = script.loop ? period / Math.max(1, Math.round(period / 90)) : 90;
  const actors: Actor[] = [];
  const walks = seededRandom(script.seed, 'walkers');
  for (const second of arrivals(walks, script.arrivalsPerMinute, from, period, swell)) {
    // A generator for each group: one more draw in one group must not change all later ones.
    const own = seededRandom(script.seed, 'group', Math.round(second * 1000));
    for (const course of group(own, view, second)) actors.push(walker(course, makeWay));
  }
  const drives = seededRandom(script.seed, 'cars');
  let free = Number.NEGATIVE_INFINITY;
  for (const second of arrivals(drives, script.carsPerMinute, from, period, swell)) {
    // Cars keep a distance: the next one waits until the road is free.
    if (second < free) continue;
    free = second + 2.5;
    actors.push(car(seededRandom(script.seed, 'car', Math.round(second * 1000)), view, second));
  }
  if (!script.loop) return actors;
  return actors.flatMap((actor) => {
    const copies = [actor];
    for (let earlier = 1; actor.untilSecond - earlier * period > 0; earlier += 1)
      copies.push(shifted(actor, -earlier * period));
    return copies;
  });
}
