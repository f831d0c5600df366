import type { Actor, GroundPoint } from './actor.ts';
import { cycleMetres, drawPerson, gaitPose, type Person } from './person.ts';
import { between, gaussian, type Random } from './random.ts';

/** A walker's way along the street: a straight course with a slight sway and perhaps one stop. */
export interface Course {
  readonly person: Person;
  readonly startSecond: number;
  readonly fromS: number;
  readonly toS: number;
  /** Distance from the wall that is kept, metres. */
  readonly lane: number;
  readonly metresPerSecond: number;
  readonly swayMetres: number;
  readonly swayPhase: number;
  /** Stops once after `afterMetres` for `seconds`. */
  readonly stop: { readonly afterMetres: number; readonly seconds: number } | null;
  /** Comes out of, or goes into, a shop door at the start or the end of the way. */
  readonly door: 'start' | 'end' | null;
}

/** Pushes a place aside, for instance out of the way of a van; returns the new distance from the wall. */
export type Yield = (place: GroundPoint, second: number) => number;
export const yieldNothing: Yield = (place) => place.d;

/** Seconds to slow down to a stop, and to start again. */
const EASE_SECONDS = 0.6;
/** Within so many metres of a door, the way bends towards it. */
const DOOR_METRES = 3;

interface Progress {
  readonly metres: number;
  /** 1 while walking, 0 while standing. */
  readonly vigour: number;
}

function progressAt(course: Course, elapsedSeconds: number): Progress {
  const v = course.metresPerSecond;
  const stop = course.stop;
  if (stop === null) return { metres: v * elapsedSeconds, vigour: 1 };
  // Slowing down evenly over EASE takes half the way that walking on would: the eases cost one EASE together.
  const brake = stop.afterMetres / v - EASE_SECONDS / 2;
  const still = brake + EASE_SECONDS;
  const go = still + stop.seconds;
  if (elapsedSeconds <= brake) return { metres: v * elapsedSeconds, vigour: 1 };
  if (elapsedSeconds < still) {
    const t = elapsedSeconds - brake;
    return { metres: v * (brake + t - (t * t) / (2 * EASE_SECONDS)), vigour: 1 - t / EASE_SECONDS };
  }
  if (elapsedSeconds <= go) return { metres: stop.afterMetres, vigour: 0 };
  const t = elapsedSeconds - go;
  if (t < EASE_SECONDS)
    return { metres: stop.afterMetres + (v * t * t) / (2 * EASE_SECONDS), vigour: t / EASE_SECONDS };
  return { metres: stop.afterMetres + v * (t - EASE_SECONDS / 2), vigour: 1 };
}

function durationOf(course: Course): number {
  const walking = Math.abs(course.toS - course.fromS) / course.metresPerSecond;
  return walking + (course.stop === null ? 0 : course.stop.seconds + EASE_SECONDS);
}

function smoothstep(t: number): number {
  const c = Math.max(0, Math.min(1, t));
  return c * c * (3 - 2 * c);
}

function groundAt(course: Course, metres: number): GroundPoint {
  const direction = Math.sign(course.toS - course.fromS);
  const total = Math.abs(course.toS - course.fromS);
  const sway = course.swayMetres * Math.sin(course.swayPhase + metres * 0.55);
  let d = course.lane + sway;
  if (course.door === 'start') d = 0.12 + (d - 0.12) * smoothstep(metres / DOOR_METRES);
  if (course.door === 'end') d = 0.12 + (d - 0.12) * smoothstep((total - metres) / DOOR_METRES);
  return { s: course.fromS + direction * metres, d };
}

/** Makes the actor that walks a course. */
export function walker(course: Course, makeWay: Yield = yieldNothing, anomaly: Actor['anomaly'] = null): Actor {
  const placeAfter = (metres: number, second: number): GroundPoint => {
    const ground = groundAt(course, metres);
    return { s: ground.s, d: makeWay(ground, second) };
  };
  const cycle = cycleMetres(course.metresPerSecond);
  const runs = Math.max(0, course.metresPerSecond - 2) / 2;
  return {
    fromSecond: course.startSecond,
    untilSecond: course.startSecond + durationOf(course),
    anomaly,
    place: (second) => placeAfter(progressAt(course, second - course.startSecond).metres, second),
    draw(second, sink) {
      const { metres, vigour } = progressAt(course, second - course.startSecond);
      const place = placeAfter(metres, second);
      const ahead = placeAfter(metres + 0.3, second);
      const heading = Math.atan2(ahead.d - place.d, ahead.s - place.s);
      const phase = course.swayPhase + (2 * Math.PI * metres) / cycle;
      drawPerson(sink, course.person, place, heading, gaitPose(phase, vigour * (1 + Math.min(1, runs))));
    },
  };
}

/** A usual walking speed, metres a second: most near 1.35, a few strollers and old people slower. */
export function walkingSpeed(random: Random): number {
  if (random() < 0.12) return between(random, 0.65, 0.95);
  return Math.max(0.9, Math.min(1.85, 1.36 + 0.19 * gaussian(random)));
}
