import type { Actor, GroundPoint } from './actor.ts';
import { drawPerson, type Pose, randomPerson } from './person.ts';
import { between, type Random } from './random.ts';
import type { Brawl } from './scene-script.ts';
import type { View } from './view.ts';
import { walker } from './walker.ts';

/** A smooth irregular motion in about -1 to 1: three sines of unrelated frequency near `hertz`. */
function jolt(random: Random, hertz: number): (second: number) => number {
  const waves = [0.7, 1, 1.63].map((ratio) => ({
    speed: 2 * Math.PI * hertz * ratio * between(random, 0.9, 1.1),
    phase: random() * 6.3,
  }));
  return (second) => waves.reduce((sum, wave) => sum + Math.sin(wave.speed * second + wave.phase), 0) / 2.2;
}

interface Fighter {
  readonly angle: number;
  readonly s: (second: number) => number;
  readonly d: (second: number) => number;
  readonly arm: readonly [(second: number) => number, (second: number) => number];
  readonly leg: (second: number) => number;
  readonly trunk: (second: number) => number;
}

function fightingPose(fighter: Fighter, second: number): Pose {
  const kick = fighter.leg(second);
  const [left, right] = fighter.arm;
  return {
    thigh: [0.25 + 0.5 * Math.max(-0.4, kick), -0.25 - 0.35 * kick],
    knee: [0.45 + 0.4 * kick, 0.35],
    arm: [1.2 + 0.9 * left(second), 1.2 + 0.9 * right(second)],
    elbow: [0.7 - 0.6 * left(second), 0.7 - 0.6 * right(second)],
    lean: 0.25 + 0.3 * fighter.trunk(second),
    hips: 0.95 - 0.06 * Math.abs(fighter.trunk(second)),
  };
}

/**
 * Two or three people meet at `atSecond`, fight for `lastsSeconds` and walk off. They are anomalous while they fight, not while
 * they come and go.
 */
export function brawl(anomaly: Brawl, index: number, view: View, random: Random): Actor[] {
  const lane = 2.5;
  const stretch = view.visibleStretch(lane, 1.9, 1.2);
  const centre: GroundPoint = { s: stretch.from + (stretch.to - stretch.from) * between(random, 0.22, 0.42), d: lane };
  const begin = anomaly.atSecond;
  const end = begin + (anomaly.lastsSeconds ?? 8);
  const people = anomaly.people ?? 2;
  const actors: Actor[] = [];
  for (let member = 0; member < people; member += 1) {
    const person = { ...randomPerson(random), handbag: null };
    const fromLeft = member % 2 === 0;
    const angle = fromLeft ? Math.PI : member === 2 ? Math.PI / 2 : 0;
    const spot = { s: centre.s + 0.42 * Math.cos(angle), d: centre.d + 0.42 * Math.sin(angle) };
    const speed = between(random, 1.25, 1.55);
    const origin = fromLeft ? stretch.from : stretch.to;
    const course = {
      person,
      lane: spot.d,
      metresPerSecond: speed,
      swayMetres: 0,
      swayPhase: 0,
      stop: null,
      door: null,
    };
    const arrive = { ...course, startSecond: begin - Math.abs(spot.s - origin) / speed, fromS: origin, toS: spot.s };
    actors.push(walker(arrive), walker({ ...course, startSecond: end, fromS: spot.s, toS: origin }));
    const fighter: Fighter = {
      angle,
      s: jolt(random, 1.3),
      d: jolt(random, 1.1),
      arm: [jolt(random, 2.3), jolt(random, 2.6)],
      leg: jolt(random, 1.6),
      trunk: jolt(random, 1.7),
    };
    const place = (second: number): GroundPoint => {
      // Starts and ends at the meeting place, so that nobody jumps.
      const ease = Math.max(0, Math.min(1, (second - begin) / 0.4, (end - second) / 0.4));
      return { s: spot.s + 0.34 * ease * fighter.s(second), d: spot.d + 0.3 * ease * fighter.d(second) };
    };
    actors.push({
      fromSecond: begin,
      untilSecond: end,
      anomaly: { index, kind: 'brawl', activeAt: () => true },
      place,
      draw(second, sink) {
        const here = place(second);
        const facing = Math.atan2(centre.d - here.d, centre.s - here.s) + 0.4 * fighter.trunk(second);
        drawPerson(sink, person, here, facing, fightingPose(fighter, second));
      },
    });
  }
  return actors;
}
