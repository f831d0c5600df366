import type { Actor } from './actor.ts';
import { drawCyclist } from './bicycle.ts';
import { brawl } from './brawl.ts';
import { leftBag } from './left-bag.ts';
import { randomPerson } from './person.ts';
import { type Random, seededRandom } from './random.ts';
import type { Anomaly, Cyclist, Direction, Runner, SceneScript, VehicleOnPavement } from './scene-script.ts';
import { drawVehicle, randomVan } from './vehicle.ts';
import type { View } from './view.ts';
import { walker, type Yield } from './walker.ts';

/** The walking speed that a runner's factor multiplies, metres a second. */
const USUAL_SPEED = 1.4;
const RUNNER_LANE = 2.2;
/** The lane of those who go right; a cyclist comes the other way by default. */
const CYCLIST_LANE = 2.7;
const VAN_LANE = 3.7;

const always = () => true;

function ends(view: View, lane: number, height: number, margin: number, direction: Direction): [number, number] {
  const { from, to } = view.visibleStretch(lane, height, margin);
  return direction === 'right' ? [from, to] : [to, from];
}

function runner(anomaly: Runner, index: number, view: View, random: Random): Actor[] {
  const [fromS, toS] = ends(view, RUNNER_LANE, 1.9, 0.4, anomaly.direction ?? 'right');
  const course = {
    person: randomPerson(random),
    startSecond: anomaly.atSecond,
    fromS,
    toS,
    lane: RUNNER_LANE,
    metresPerSecond: USUAL_SPEED * (anomaly.speedFactor ?? 3),
    swayMetres: 0.1,
    swayPhase: random() * 6,
    stop: null,
    door: null,
  } as const;
  return [walker(course, undefined, { index, kind: 'runner', activeAt: always })];
}

interface Ride {
  readonly atSecond: number;
  readonly fromS: number;
  readonly toS: number;
  readonly lane: number;
  readonly speed: number;
}

function ride(
  way: Ride,
  anomaly: NonNullable<Actor['anomaly']>,
  draw: (second: number, travelled: number) => Actor['draw'],
): Actor {
  const facing = Math.sign(way.toS - way.fromS);
  const place = (second: number) => ({ s: way.fromS + facing * way.speed * (second - way.atSecond), d: way.lane });
  return {
    fromSecond: way.atSecond,
    untilSecond: way.atSecond + Math.abs(way.toS - way.fromS) / way.speed,
    anomaly,
    place,
    draw: (second, sink) => draw(second, way.speed * (second - way.atSecond))(second, sink),
  };
}

function cyclist(anomaly: Cyclist, index: number, view: View, random: Random): Actor[] {
  const direction = anomaly.direction ?? 'left';
  const [fromS, toS] = ends(view, CYCLIST_LANE, 1.9, 1, direction);
  const rider = { ...randomPerson(random), coat: false, skirt: false, handbag: null };
  const way = { atSecond: anomaly.atSecond, fromS, toS, lane: CYCLIST_LANE, speed: anomaly.metresPerSecond ?? 4.8 };
  const facing = direction === 'right' ? 1 : -1;
  const actor: Actor = ride(
    way,
    { index, kind: 'cyclist', activeAt: always },
    (_, travelled) => (second, sink) => drawCyclist(sink, rider, actor.place(second), facing, travelled),
  );
  return [actor];
}

function vehicle(anomaly: VehicleOnPavement, index: number, view: View, random: Random): Actor[] {
  const direction = anomaly.direction ?? 'right';
  const van = randomVan(random);
  const [fromS, toS] = ends(view, VAN_LANE, van.roofMetres, van.lengthMetres / 2 + 0.3, direction);
  const way = { atSecond: anomaly.atSecond, fromS, toS, lane: VAN_LANE, speed: anomaly.metresPerSecond ?? 3.2 };
  const facing = direction === 'right' ? 1 : -1;
  const actor: Actor = ride(
    way,
    { index, kind: 'vehicle', activeAt: always },
    () => (second, sink) => drawVehicle(sink, van, actor.place(second), facing),
  );
  return [actor];
}

function actorsOf(anomaly: Anomaly, index: number, script: SceneScript, view: View): Actor[] {
  const random = seededRandom(script.seed, 'anomaly', index);
  switch (anomaly.kind) {
    case 'runner':
      return runner(anomaly, index, view, random);
    case 'cyclist':
      return cyclist(anomaly, index, view, random);
    case 'vehicle':
      return vehicle(anomaly, index, view, random);
    case 'left-bag':
      return leftBag(anomaly, index, script.durationSeconds, view, random);
    case 'brawl':
      return brawl(anomaly, index, view, random);
  }
}

/** The actors of the scripted anomalies, with those (a bag's owner, fighters who arrive) that make them. */
export function anomalousActors(script: SceneScript, view: View): Actor[] {
  return script.anomalies.flatMap((anomaly, index) => actorsOf(anomaly, index, script, view));
}

/** Walkers step aside for a vehicle on the pavement, towards the wall. */
export function makeWayFor(actors: readonly Actor[], script: SceneScript): Yield {
  const vehicles = actors.filter((actor) => actor.anomaly?.kind === 'vehicle');
  return (place, time) => {
    // In a loop, who was there before the seam counts time from before it.
    const second = script.loop ? time - Math.floor(time / script.durationSeconds) * script.durationSeconds : time;
    let d = place.d;
    for (const van of vehicles) {
      if (second < van.fromSecond || second > van.untilSecond) continue;
      const gap = Math.abs(van.place(second).s - place.s);
      const near = Math.max(0, Math.min(1, (7.5 - gap) / 3));
      const refuge = Math.min(d, 0.7 + 0.45 * d);
      d += (refuge - d) * near * near * (3 - 2 * near);
    }
    return d;
  };
}
