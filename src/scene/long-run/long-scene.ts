import type { Color } from '../canvas.ts';
import { randomPerson } from '../person.ts';
import { hash32, mix32, seededRandom } from '../random.ts';
import type { ShapeSink } from '../shape-sink.ts';
import { SHAKE_MARGIN } from '../street.ts';
import type { Point3 } from '../view.ts';
import type { LongAnomalyKind } from './anomaly-kind.ts';
import { eventOf, type PlannedAnomaly, planAnomalies, type SceneEvent, strangeFigures } from './anomaly-plan.ts';
import { BlockCodec } from './block-codec.ts';
import { DayLife, PEOPLE } from './day-life.ts';
import { type Daytime, DaytimeModel } from './daytime.ts';
import type { Figure, Stage } from './figure.ts';
import { GrayPicture } from './gray-picture.ts';
import { LitPlate } from './lit-plate.ts';
import { clamp, type Plate, paintPlate } from './plate.ts';
import { atHour, type SceneKind } from './scene-kind.ts';
import { SensorNoise } from './sensor-noise.ts';
import { shiftBetweenPixels } from './shift-picture.ts';
import { grayOf, PersonSprites } from './sprite.ts';
import { Branch, drawRain, gust, Snowfall } from './weather.ts';

export interface LongSceneOptions {
  readonly kind: SceneKind;
  /** Decides the place, the people, the weather's details and the anomalies. */
  readonly seed: number;
  /** Hour of the day at which the scene begins, 0 to 24. */
  readonly startHour: number;
  readonly durationSeconds: number;
  /** No anomalies before this second: the camera learns until then. */
  readonly quietSeconds: number;
  readonly gapMinutes?: readonly [number, number];
  readonly anomalyKinds?: readonly LongAnomalyKind[];
}

export const LONG_SCENE_WIDTH = 240;
export const LONG_SCENE_HEIGHT = 160;
export const LONG_SCENE_FRAMES_PER_SECOND = 10;

/** Strengths of noise that are kept ready, grey levels. */
const NOISE_STEPS = [1.2, 1.6, 2, 2.4, 3, 3.6, 4.4, 5.2] as const;

/**
 * Hours of a camera's pictures at many times real speed: grey, 240 x 160, ten a second. People are sprites on a plate that is painted once;
 * light, weather, noise and compression go over it. The same options give the same bytes. Frames are drawn in order (compression and
 * slow shadows remember), from the first.
 */
export class LongScene {
  readonly options: LongSceneOptions;
  readonly plan: readonly PlannedAnomaly[];
  /** The truth, in order of time. */
  readonly events: readonly SceneEvent[];
  readonly frames: number;
  readonly #plate: Plate;
  readonly #day: DaytimeModel;
  readonly #life: DayLife;
  readonly #sprites: PersonSprites;
  readonly #strange: readonly Figure[];
  #present: Figure[] = [];
  #nextChunk = -1;
  #waiting: Figure[] = [];
  #nextFrame = 0;

  readonly #picture: GrayPicture;
  readonly #out: Uint8Array;
  readonly #outWords: Int32Array;
  readonly #lit: LitPlate;
  readonly #noise: readonly SensorNoise[];
  readonly #snowfall: Snowfall;
  readonly #branch: Branch | null;
  readonly #codec: BlockCodec | null;
  #light: Daytime;

  constructor(options: LongSceneOptions) {
    const { kind, seed, startHour, durationSeconds } = options;
    this.options = options;
    this.frames = Math.floor(durationSeconds * LONG_SCENE_FRAMES_PER_SECOND);
    const width = LONG_SCENE_WIDTH;
    const height = LONG_SCENE_HEIGHT;
    const placeSeed = hash32(kind.name, seed) % 100_000;
    this.#plate = paintPlate(kind, placeSeed, width, height);
    this.#day = new DaytimeModel(kind, placeSeed, startHour, durationSeconds);
    this.#life = new DayLife(kind, placeSeed, this.#plate.view, (second) => this.#day.hourAt(second));
    const people = seededRandom(placeSeed, 'people');
    this.#sprites = new PersonSprites(
      this.#plate.view,
      Array.from({ length: PEOPLE }, () => randomPerson(people)),
    );
    this.plan = planAnomalies(kind, placeSeed, (second) => atHour(kind.walkersPerMinute, this.#day.hourAt(second)), {
      fromSecond: options.quietSeconds,
      untilSecond: durationSeconds,
      ...(options.gapMinutes ? { gapMinutes: options.gapMinutes } : {}),
      ...(options.anomalyKinds ? { kinds: options.anomalyKinds } : {}),
    });
    const strange = this.plan.map((planned, index) =>
      strangeFigures(planned, index, kind, placeSeed, this.#plate.view, this.#life),
    );
    this.#strange = strange.flat();
    this.events = strange.flatMap((figures, index) => {
      const planned = this.plan[index];
      const event = planned ? eventOf(figures, planned, this.#plate.view) : null;
      return event ? [event] : [];
    });

    this.#picture = new GrayPicture(this.#plate.width, this.#plate.height);
    this.#out = new Uint8Array(width * height);
    this.#outWords = new Int32Array(this.#out.buffer);
    this.#noise = NOISE_STEPS.map((deviation) => new SensorNoise(placeSeed, deviation));
    this.#snowfall = new Snowfall(placeSeed);
    this.#branch = kind.tree ? new Branch(placeSeed, this.#plate.width, kind.ground === 'snowy-street') : null;
    this.#codec = kind.compression > 0 ? new BlockCodec(width, height, kind.compression) : null;
    this.#light = this.#day.at(0);
    this.#lit = new LitPlate(this.#plate, kind, placeSeed, this.#light);
  }

  /** Hour of the day, 0 to 24, at a second of the scene. */
  hourAt(second: number): number {
    return this.#day.hourAt(second);
  }

  /** The frame that comes next, `LONG_SCENE_WIDTH * LONG_SCENE_HEIGHT` bytes, copied to `target` at `offset`. */
  render(target: Uint8Array, offset = 0): void {
    const frame = this.#nextFrame;
    this.#nextFrame += 1;
    const second = frame / LONG_SCENE_FRAMES_PER_SECOND;
    const { kind } = this.options;
    const hour = this.#day.hourAt(second);
    this.#light = this.#day.at(second);
    this.#lit.update(this.#light, this.#nextFrame);
    this.#picture.pixels.set(this.#lit.pixels);
    this.#drawFigures(second);
    const wind = atHour(kind.wind, hour);
    this.#branch?.draw(this.#picture, wind, second, (gray) => this.#seen(gray, 0.9, 12));
    const rain = atHour(kind.rain, hour);
    const salt = hash32(this.options.seed, 'frame', frame);
    if (rain > 0.02) drawRain(this.#picture, rain, wind, salt);
    const snow = atHour(kind.snow, hour);
    if (snow > 0.02) {
      const gray = this.#light.infrared > 0.5 ? 228 : clamp(90 + 150 * this.#light.level);
      this.#snowfall.draw(this.#picture, snow, wind, second, gray);
    }
    this.#crop(frame, wind * gust(second, this.options.seed) * kind.shakePixels);
    const deviation = kind.noise * this.#light.gain * (1 + 0.5 * rain);
    const step = NOISE_STEPS.findIndex((kept) => kept >= deviation);
    this.#noise[step < 0 ? NOISE_STEPS.length - 1 : step]?.addTo(this.#outWords, mix32(salt));
    this.#codec?.pass(this.#outWords, frame);
    target.set(this.#out, offset);
  }

  /** Those who are there, far ones first; what stands before the pavement goes over those behind it. */
  #drawFigures(second: number): void {
    this.#admit(second);
    if (this.#present.length === 0) return;
    const { view, occluder, occluderLane } = this.#plate;
    const here = this.#present
      .filter((figure) => second >= figure.fromSecond)
      .map((figure) => {
        const place = figure.place(second);
        return { figure, depth: view.project({ s: place.s, d: place.d, z: 0 }).depth, behind: place.d < occluderLane };
      })
      .sort((a, b) => b.depth - a.depth);
    for (const { figure, behind } of here) if (behind) figure.draw(second, this.#stage);
    const pixels = this.#picture.pixels;
    const lit = this.#lit.pixels;
    for (let k = 0; k < occluder.length; k += 1) {
      const i = occluder[k] as number;
      pixels[i] = lit[i] as number;
    }
    for (const { figure, behind } of here) if (!behind) figure.draw(second, this.#stage);
  }

  #admit(second: number): void {
    while (this.#nextChunk * DayLife.chunkSeconds <= second) {
      const chunk = this.#life.arrivals(this.#nextChunk);
      this.#waiting.push(...chunk);
      const from = this.#nextChunk * DayLife.chunkSeconds;
      const until = from + DayLife.chunkSeconds;
      this.#waiting.push(...this.#strange.filter(({ fromSecond }) => fromSecond >= from && fromSecond < until));
      this.#waiting.sort((a, b) => b.fromSecond - a.fromSecond);
      this.#nextChunk += 1;
    }
    for (let next = this.#waiting.at(-1); next && next.fromSecond <= second; next = this.#waiting.at(-1)) {
      this.#present.push(next);
      this.#waiting.pop();
    }
    if (this.#present.some((figure) => figure.untilSecond <= second)) {
      this.#present = this.#present.filter((figure) => figure.untilSecond > second);
    }
  }

  readonly #stage: Stage = {
    person: (index, place, facing, phase, walking, tint) => {
      const foot = this.#plate.view.project({ s: place.s, d: place.d, z: 0 });
      const { sprite, scale } = this.#sprites.of(index, facing, phase, walking, foot.scale);
      const { gain, lift } = this.#lightAt(foot.x, foot.y);
      this.#picture.blit(sprite, foot.x, foot.y, foot.scale / scale, gain * tint, lift);
    },
    shapes: (place) => {
      const foot = this.#plate.view.project({ s: place.s, d: place.d, z: 0 });
      const { gain, lift } = this.#lightAt(foot.x, foot.y);
      return this.#shapes(gain, lift);
    },
    shadow: (place, heightMetres, widthMetres, lengthMetres) => {
      const { sun, shadowS, shadowD, infrared } = this.#light;
      const { view } = this.#plate;
      const foot = view.project({ s: place.s, d: place.d, z: 0 });
      const half = lengthMetres / 2;
      // the small dark spot that everything has below it
      const left = view.project({ s: place.s - half, d: place.d, z: 0 });
      const right = view.project({ s: place.s + half, d: place.d, z: 0 });
      const soft = widthMetres * 1.3 * foot.scale;
      this.#picture.stroke(left.x, left.y, soft, right.x, right.y, soft, infrared > 0.5 ? 0.1 : 0.2);
      if (sun < 0.08 || infrared > 0.5) return;
      const d = Math.max(0.05, place.d + shadowD * heightMetres);
      const tip = view.project({ s: place.s + shadowS * heightMetres, d, z: 0 });
      const radius = (widthMetres + half * 0.4) * foot.scale;
      this.#picture.stroke(foot.x, foot.y, radius, tip.x, tip.y, radius * 0.7, 0.38 * sun);
    },
    headlights: (place, facing, lengthMetres) => {
      const { lamps } = this.#light;
      if (lamps < 0.3) return;
      const { view } = this.#plate;
      const near = view.project({ s: place.s + facing * (lengthMetres / 2 + 0.3), d: place.d, z: 0 });
      const far = view.project({ s: place.s + facing * (lengthMetres / 2 + 7), d: place.d - 0.6, z: 0 });
      this.#picture.stroke(near.x, near.y, 0.7 * near.scale, far.x, far.y, 2 * far.scale, -0.55 * lamps);
    },
  };

  #shapes(gain: number, lift: number): ShapeSink {
    const { view } = this.#plate;
    const picture = this.#picture;
    const seen = (color: Color): number => clamp(gain * grayOf(color[0], color[1], color[2]) + lift);
    return {
      capsule(from, fromRadius, to, toRadius, color) {
        const a = view.project(from);
        const b = view.project(to);
        picture.capsule(a.x, a.y, fromRadius * a.scale, b.x, b.y, toRadius * b.scale, seen(color));
      },
      face(corners: readonly Point3[], color) {
        const points: number[] = [];
        for (const corner of corners) {
          const { x, y } = view.project(corner);
          points.push(x, y);
        }
        picture.polygon(points, seen(color));
      },
    };
  }

  /** How greys of things at a place of the picture look in the present light. */
  #lightAt(x: number, y: number): { readonly gain: number; readonly lift: number } {
    const { width, height, distance } = this.#plate;
    const column = Math.max(0, Math.min(width - 1, Math.round(x)));
    const row = Math.max(0, Math.min(height - 1, Math.round(y)));
    const i = row * width + column;
    return this.#mixLight(this.#lit.daylight(i), distance[i] as number);
  }

  #mixLight(daylight: number, distanceMetres: number): { readonly gain: number; readonly lift: number } {
    const { infrared } = this.#light;
    if (infrared === 0) return { gain: daylight, lift: 0 };
    const fall = Math.min(1.25, 15 / Math.max(6, distanceMetres)) ** 2;
    // clothes throw infrared light back more evenly than they do daylight
    return {
      gain: daylight * (1 - infrared) + 0.5 * fall * infrared,
      lift: 62 * fall * infrared,
    };
  }

  #seen(gray: number, daylightShare: number, distanceMetres: number): number {
    const { gain, lift } = this.#mixLight(this.#light.level * daylightShare, distanceMetres);
    return clamp(gray * gain + lift);
  }

  /** The picture without its margin, shifted by what shakes the mast. */
  #crop(frame: number, shake: number): void {
    const { width } = this.#plate;
    const pixels = this.#picture.pixels;
    const out = this.#out;
    if (shake < 0.05) {
      for (let row = 0; row < LONG_SCENE_HEIGHT; row += 1) {
        const start = (row + SHAKE_MARGIN) * width + SHAKE_MARGIN;
        out.set(pixels.subarray(start, start + LONG_SCENE_WIDTH), row * LONG_SCENE_WIDTH);
      }
      return;
    }
    // a mast swings: two frequencies, a random push now and then
    const second = frame / LONG_SCENE_FRAMES_PER_SECOND;
    const push = (mix32(hash32(this.options.seed, 'push', frame)) / 4_294_967_296 - 0.5) * 0.5;
    const dx = Math.max(-3, Math.min(3, shake * (Math.sin(second * 9.7) * 0.8 + Math.sin(second * 5.3) * 0.6 + push)));
    const dy = Math.max(-3, Math.min(3, shake * (Math.sin(second * 11.9 + 1) * 0.4 + push)));
    const ix = Math.floor(dx);
    const iy = Math.floor(dy);
    shiftBetweenPixels(this.#picture, Math.round((dx - ix) * 16), Math.round((dy - iy) * 16));
    for (let row = 0; row < LONG_SCENE_HEIGHT; row += 1) {
      const start = (row + SHAKE_MARGIN + iy) * width + SHAKE_MARGIN + ix;
      out.set(pixels.subarray(start, start + LONG_SCENE_WIDTH), row * LONG_SCENE_WIDTH);
    }
  }
}
