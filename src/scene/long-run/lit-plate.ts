import { seededRandom } from '../random.ts';
import type { Daytime } from './daytime.ts';
import { BRIGHTEST, DARKEST } from './gray-picture.ts';
import type { Plate } from './plate.ts';
import type { SceneKind } from './scene-kind.ts';

/** Half of the rows are lit anew when the light has changed by so much, all of them at so many times that. */
const LIGHT_STEP = 0.005;
const JUMP_STEPS = 4;
/** Rows whose sunlight is worked out anew every other frame; the whole picture takes 11 s, in which shadows hardly move. */
const SUN_ROWS = 3;
/** The moved shadows come into the picture so often. */
const SUN_EVERY_FRAMES = 50;
const LAMPS_AT = [6.5, 16.5, 26.5] as const;

/** The empty place in the light of the moment, kept from frame to frame and lit anew only where and when the light changes. */
export class LitPlate {
  /** Grey of each pixel of the plate, `DARKEST` to `BRIGHTEST`. */
  readonly pixels: Uint8Array;
  readonly #plate: Plate;
  readonly #sunlight: Float32Array;
  readonly #lampLight: Float32Array;
  /** Products with the plate's grey by day, so that each pixel costs two multiplications in daylight. */
  readonly #daySun: Float32Array;
  readonly #dayLamp: Float32Array;
  readonly #dither: Float32Array;
  #light: Daytime;
  #litBy: Daytime;
  #parity: 0 | 1 = 0;
  #sunRow = 0;

  constructor(plate: Plate, kind: Pick<SceneKind, 'night'>, seed: number, light: Daytime) {
    const size = plate.width * plate.height;
    const dither = seededRandom(seed, 'dither');
    this.#plate = plate;
    this.#light = light;
    this.#litBy = light;
    this.pixels = new Uint8Array(size);
    this.#sunlight = new Float32Array(size);
    this.#daySun = new Float32Array(size);
    this.#lampLight = lampLight(plate, kind);
    this.#dayLamp = this.#lampLight.map((lamp, i) => lamp * (plate.day[i] as number));
    this.#dither = Float32Array.from({ length: size }, () => dither());
    this.#sunRows(0, plate.height);
    this.#lightRows(0, 1);
  }

  /** @param frame counts from 1 */
  update(light: Daytime, frame: number): void {
    this.#light = light;
    if (frame % 2 === 0) {
      const until = Math.min(this.#plate.height, this.#sunRow + SUN_ROWS);
      this.#sunRows(this.#sunRow, until);
      this.#sunRow = until >= this.#plate.height ? 0 : until;
    }
    const before = this.#litBy;
    const steps =
      Math.max(
        Math.abs(light.level - before.level) / before.level,
        Math.abs(light.sun - before.sun) / 3,
        Math.abs(light.lamps - before.lamps) / 3,
      ) / LIGHT_STEP;
    const jumps = steps >= JUMP_STEPS || light.infrared !== before.infrared;
    if (!jumps && steps < 1 && frame % SUN_EVERY_FRAMES !== 0) return;
    this.#litBy = light;
    if (jumps) this.#lightRows(0, 1);
    else this.#lightRows(this.#parity, 2);
    this.#parity = this.#parity === 0 ? 1 : 0;
  }

  /** Factor of the light of day and lamps on a thing at pixel `i`. */
  daylight(i: number): number {
    const { level, sun, lamps } = this.#light;
    return level * (1 - 0.2 * sun + 0.4 * sun * (this.#sunlight[i] as number)) + lamps * (this.#lampLight[i] as number);
  }

  /** Which ground the sun reaches: the edge of a building's shadow moves over it, walls get it from the side. */
  #sunRows(from: number, until: number): void {
    const { width, groundS, groundD, day } = this.#plate;
    const { shadowS, shadowD } = this.#light;
    for (let i = from * width; i < until * width; i += 1) {
      const s = groundS[i] as number;
      let reached = 0.6;
      if (!Number.isNaN(s)) {
        // a house across the street, 9 m high and 18 m from the wall, with a gap beside it
        const house = (18 + 9 * shadowD - (groundD[i] as number)) / 0.8;
        const gap = (s - 9 - 6 * shadowS) / 1.2;
        reached = 1 - Math.max(0, Math.min(1, 0.5 - house)) * Math.max(0, Math.min(1, 0.5 + gap));
      }
      this.#sunlight[i] = reached;
      this.#daySun[i] = reached * (day[i] as number);
    }
  }

  /** As `daylight`, for every pixel of rows `first`, `first + every` …, infrared light on top. */
  #lightRows(first: number, every: number): void {
    const { width, height, day, infrared } = this.#plate;
    const light = this.#light;
    const pixels = this.pixels;
    const share = light.infrared;
    const flat = light.level * (1 - 0.2 * light.sun) * (1 - share);
    const sunny = light.level * 0.4 * light.sun * (1 - share);
    const lamps = light.lamps * (1 - share);
    const thrown = (1 + 1.2 * Math.sin(Math.PI * share) ** 2) * share;
    const daySun = this.#daySun;
    const dayLamp = this.#dayLamp;
    const dither = this.#dither;
    const plain = lamps === 0 && thrown === 0;
    for (let row = first; row < height; row += every) {
      const end = (row + 1) * width;
      for (let i = row * width; i < end; i += 1) {
        let gray = flat * (day[i] as number) + sunny * (daySun[i] as number) + (dither[i] as number);
        if (!plain) gray += lamps * (dayLamp[i] as number) + thrown * (infrared[i] as number);
        pixels[i] = gray < DARKEST ? DARKEST : Math.min(gray, BRIGHTEST);
      }
    }
  }
}

/** Pools of light below street lamps. */
function lampLight({ groundS, groundD, distance }: Plate, kind: Pick<SceneKind, 'night'>): Float32Array {
  const light = new Float32Array(groundS.length);
  if (kind.night === 'indoor') return light;
  const strength = kind.night === 'lamps' ? 0.5 : 0.12;
  for (let i = 0; i < light.length; i += 1) {
    const s = groundS[i] as number;
    if (Number.isNaN(s)) {
      light[i] = (strength * 0.35 * 14) / Math.max(10, distance[i] as number);
      continue;
    }
    let sum = 0;
    for (const lamp of LAMPS_AT) {
      const square = (s - lamp) ** 2 + ((groundD[i] as number) - 4.6) ** 2;
      sum += 1 / (1 + square / 14);
    }
    light[i] = strength * Math.min(1.2, sum);
  }
  return light;
}
