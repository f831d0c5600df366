import { between, type Random, seededRandom } from '../random.ts';
import type { SceneKind } from './scene-kind.ts';

/** What light the camera sees by at one moment. */
export interface Daytime {
  /** Factor on the plate, about 1 by day. */
  readonly level: number;
  /** Sunlight on top, 0 to 1; its shadows are as strong. */
  readonly sun: number;
  /** Where a shadow of 1 m height falls, metres. */
  readonly shadowS: number;
  readonly shadowD: number;
  /** 0 colour picture, 1 infrared picture. */
  readonly infrared: number;
  /** 0 to 1: lamps and headlights are lit. */
  readonly lamps: number;
  /** Factor on the noise, 1 by day. */
  readonly gain: number;
}

const SUNRISE = 6.6;
const SUNSET = 19.4;
/** The camera's infrared filter moves so long, during which the picture is washed out. */
const SWITCH_SECONDS = 1.4;

interface Wave {
  readonly speed: number;
  readonly phase: number;
  readonly weight: number;
}

interface Step {
  readonly second: number;
  readonly level: number;
}

/** Sun, clouds, lamps, infrared switch and exposure of one camera over its days; any second, in any order. */
export class DaytimeModel {
  readonly #kind: SceneKind;
  readonly #startHour: number;
  readonly #waves: readonly Wave[];
  readonly #steps: readonly Step[];
  /** Hour at which the camera goes to infrared and comes back. */
  readonly #duskHour: number;
  readonly #dawnHour: number;

  /** @param startHour of second 0 */
  constructor(kind: SceneKind, seed: number, startHour: number, durationSeconds: number) {
    const random = seededRandom(seed, 'daytime');
    this.#kind = kind;
    this.#startHour = startHour;
    this.#waves = [37, 83, 190, 410, 1300].map((period, order) => ({
      speed: (2 * Math.PI) / (period * between(random, 0.8, 1.25)),
      phase: random() * 2 * Math.PI,
      weight: [0.1, 0.15, 0.2, 0.25, 0.3][order] ?? 0,
    }));
    this.#duskHour = SUNSET + between(random, 0.2, 0.6);
    this.#dawnHour = SUNRISE - between(random, 0.1, 0.4);
    this.#steps = exposureSteps(random, kind, startHour, durationSeconds);
  }

  hourAt(second: number): number {
    const hour = this.#startHour + second / 3600;
    return hour - 24 * Math.floor(hour / 24);
  }

  at(second: number): Daytime {
    const hour = this.hourAt(second);
    const { clouds, night, noonDegrees } = this.#kind;
    const sky = this.#waves.reduce(
      (sum, { speed, phase, weight }) => sum + weight * Math.sin(speed * second + phase),
      0,
    );
    if (night === 'indoor') return this.#indoors(second, hour, sky);
    const day = (hour - SUNRISE) / (SUNSET - SUNRISE);
    const height = day > 0 && day < 1 ? Math.sin(Math.PI * day) : 0;
    const degrees = Math.max(4, noonDegrees * height);
    const cover = smoothstep((clouds - 0.5 + 0.9 * sky) / 0.5 + 0.5);
    const sun = smoothstep(height * 4) * (1 - 0.92 * cover);
    const twilight = smoothstep((Math.min(hour - SUNRISE, SUNSET - hour) + 0.7) / 1.2);
    const length = Math.min(6, 1 / Math.tan((degrees * Math.PI) / 180));
    const bearing = Math.PI * (0.15 + 0.7 * Math.max(0, Math.min(1, day)));
    const infrared = night === 'infrared' ? this.#infraredAt(second) : 0;
    const open = 0.86 + 0.05 * sky * (0.4 + clouds);
    const floor = night === 'lamps' ? 0.3 : 0.2;
    return {
      level: (floor + (open - floor) * twilight) * this.#exposureAt(second) * washed(infrared),
      sun,
      shadowS: -Math.cos(bearing) * length,
      shadowD: -0.55 * length,
      infrared,
      lamps: 1 - smoothstep(twilight * 2 - 0.6),
      gain: 1 + 1.2 * (1 - twilight),
    };
  }

  #indoors(second: number, hour: number, sky: number): Daytime {
    const daylight = 0.16 * smoothstep((Math.min(hour - SUNRISE, SUNSET - hour) + 0.5) / 1.5) * (1 + 0.2 * sky);
    const lit = this.#exposureAt(second);
    // fluorescent tubes against a 50 Hz shutter: a slow beat of half a percent
    const beat = 1 + 0.005 * Math.sin(second * 1.9);
    return {
      level: (0.2 + daylight + 0.56 * lit) * beat,
      sun: 0,
      shadowS: 0.15,
      shadowD: -0.1,
      infrared: 0,
      lamps: 0,
      gain: 1 + 1.1 * (1 - lit),
    };
  }

  #infraredAt(second: number): number {
    const hour = this.hourAt(second);
    const half = SWITCH_SECONDS / 3600;
    const since = hour - this.#duskHour;
    const until = this.#dawnHour - hour;
    if (hour > 12) return Math.max(0, Math.min(1, since / half));
    return Math.max(0, Math.min(1, until / half));
  }

  #exposureAt(second: number): number {
    let level = this.#steps[0]?.level ?? 1;
    for (const step of this.#steps) {
      if (step.second > second) break;
      // the change takes a third of a second
      level += (step.level - level) * Math.min(1, (second - step.second) / 0.3);
    }
    return level;
  }
}

/** While the filter moves, the picture is bright and flat. */
function washed(infrared: number): number {
  return 1 + 1.2 * Math.sin(Math.PI * infrared) ** 2;
}

/** Outdoors the exposure jumps a few times a day, on a cheap camera often; indoors someone switches the light. */
function exposureSteps(random: Random, kind: SceneKind, startHour: number, durationSeconds: number): Step[] {
  const steps: Step[] = [];
  if (kind.night === 'indoor') {
    const days = Math.ceil((startHour + durationSeconds / 3600) / 24) + 1;
    const at = (day: number, hour: number, level: number) =>
      steps.push({ second: (day * 24 + hour - startHour) * 3600, level });
    for (let day = -1; day < days; day += 1) {
      at(day, between(random, 5.6, 6.4), 1);
      for (let flick = 0; flick < 3; flick += 1) {
        // half of the lamps go off for a while when the sun is bright
        const off = 9 + 3 * flick + between(random, 0, 2);
        at(day, off, 0.72);
        at(day, off + between(random, 0.2, 1), 1);
      }
      at(day, between(random, 21.6, 22.4), 0.1);
      // a guard's round with the light on
      const round = between(random, 1, 3);
      at(day, 24 + round, 1);
      at(day, 24 + round + 0.1, 0.1);
    }
    return steps.sort((a, b) => a.second - b.second);
  }
  const everySeconds = kind.compression > 0 ? 400 : 5400;
  for (let second = 0; second < durationSeconds; second += everySeconds * between(random, 0.4, 1.6)) {
    steps.push({ second, level: between(random, 0.93, 1.06) });
  }
  return steps;
}

export function smoothstep(t: number): number {
  const c = t < 0 ? 0 : Math.min(t, 1);
  return c * c * (3 - 2 * c);
}
