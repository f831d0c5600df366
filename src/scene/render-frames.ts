import type { Actor } from './actor.ts';
import { anomalousActors, makeWayFor } from './anomalies.ts';
import { Canvas } from './canvas.ts';
import { daylight, noiseStrip } from './daylight.ts';
import { FURNITURE } from './furniture.ts';
import { type FrameTruth, isHere, truthReader } from './ground-truth.ts';
import { normalLife } from './normal-life.ts';
import { gaussian, hash32, mix32, seededRandom } from './random.ts';
import { frameCount, type SceneScript } from './scene-script.ts';
import { ShadowLayer } from './shadow.ts';
import { pictureSink } from './shape-sink.ts';
import { paintStreet, SHAKE_MARGIN } from './street.ts';
import { View } from './view.ts';

/** Length of the noise strip; each row of each frame reads it from a place of its own. */
const STRIP = 1 << 17;
/** The blue channel's own noise is read so much farther on. */
const CHROMA_LAG = 7919;

export interface SceneFrame {
  /** RGB24, `width * height * 3` bytes, row by row; the receiver's own. */
  readonly frame: Uint8Array;
  readonly truth: FrameTruth;
}

/** Paints any frame of a scene, alone and in any order: a frame depends on its number only. */
export class SceneRenderer {
  readonly script: SceneScript;
  readonly #street: Uint8Array;
  readonly #view: View;
  readonly #canvas: Canvas;
  readonly #shadows: ShadowLayer;
  readonly #actors: readonly Actor[];
  readonly #noise: Int16Array;
  readonly #light: ReturnType<typeof daylight>;
  readonly #truth: (frame: number) => FrameTruth;

  constructor(script: SceneScript) {
    this.script = script;
    this.#street = paintStreet(script.streetSeed, script.width, script.height);
    this.#view = new View(script.width, script.height);
    this.#canvas = new Canvas(script.width, script.height);
    this.#shadows = new ShadowLayer(this.#view);
    const strange = anomalousActors(script, this.#view);
    for (const thing of FURNITURE) thing.draw(0, this.#shadows);
    this.#shadows.keep();
    this.#actors = [...FURNITURE, ...normalLife(script, this.#view, makeWayFor(strange, script)), ...strange];
    this.#noise = noiseStrip(script, STRIP);
    this.#light = daylight(script);
    this.#truth = truthReader(script);
  }

  render(frame: number): SceneFrame {
    const second = frame / this.script.framesPerSecond;
    const light = this.#light(second);
    this.#placeStreet(frame);
    const present = this.#actors
      .filter((actor) => isHere(actor, second))
      .map((actor) => ({ actor, depth: this.#view.project({ ...actor.place(second), z: 0 }).depth }))
      .sort((a, b) => b.depth - a.depth);
    for (const { actor } of present) {
      if (actor.fromSecond !== Number.NEGATIVE_INFINITY) actor.draw(second, this.#shadows);
    }
    this.#shadows.applyTo(this.#canvas.pixels, light.shadow);
    const sink = pictureSink(this.#canvas, this.#view);
    for (const { actor } of present) actor.draw(second, sink);
    if (this.script.rain > 0) this.#rain(frame);
    return { frame: this.#expose(frame, light.gain), truth: this.#truth(frame) };
  }

  /** Copies the empty street in, shifted by the camera's shake of this frame. */
  #placeStreet(frame: number): void {
    const { width, height, shake, seed } = this.script;
    let shiftX = 0;
    let shiftY = 0;
    if (shake > 0) {
      const random = seededRandom(seed, 'shake', frame);
      const limit = (value: number) => Math.max(-SHAKE_MARGIN, Math.min(SHAKE_MARGIN, Math.round(value)));
      shiftX = limit(shake * gaussian(random));
      shiftY = limit(shake * gaussian(random));
    }
    this.#view.shiftX = shiftX;
    this.#view.shiftY = shiftY;
    const rowBytes = width * 3;
    const stride = (width + 2 * SHAKE_MARGIN) * 3;
    for (let row = 0; row < height; row += 1) {
      const start = (row + SHAKE_MARGIN - shiftY) * stride + (SHAKE_MARGIN - shiftX) * 3;
      this.#canvas.pixels.set(this.#street.subarray(start, start + rowBytes), row * rowBytes);
    }
  }

  #rain(frame: number): void {
    const { width, height, rain, seed } = this.script;
    const random = seededRandom(seed, 'rain', frame);
    const drops = Math.round(rain * width * height * 0.0012);
    for (let drop = 0; drop < drops; drop += 1) {
      const x = random() * width;
      const y = random() * height;
      const length = 5 + 9 * random();
      this.#canvas.capsule(x, y, 0.05, x + length * 0.15, y + length, 0.05, [196, 200, 206]);
    }
  }

  /** What the sensor makes of it: gain for each channel, then noise, then clipping; in sixteenths of a grey level. */
  #expose(frame: number, gain: readonly [number, number, number]): Uint8Array {
    const { width, height, seed } = this.script;
    const pixels = this.#canvas.pixels;
    const exposed = new Uint8ClampedArray(pixels.length);
    const red = gainTable(gain[0]);
    const green = gainTable(gain[1]);
    const blue = gainTable(gain[2]);
    const noise = this.#noise;
    const rowBytes = width * 3;
    const salt = hash32(seed, 'frame', frame);
    for (let row = 0; row < height; row += 1) {
      let n = mix32(salt + row) % (STRIP - width - CHROMA_LAG);
      const end = (row + 1) * rowBytes;
      for (let i = row * rowBytes; i < end; i += 3) {
        // Most of the noise is common to the three channels, as after a camera's own colour processing.
        const common = noise[n] as number;
        exposed[i] = ((red[pixels[i] as number] as number) + common) >> 4;
        exposed[i + 1] = ((green[pixels[i + 1] as number] as number) + common) >> 4;
        exposed[i + 2] =
          ((blue[pixels[i + 2] as number] as number) + common + ((noise[n + CHROMA_LAG] as number) >> 1)) >> 4;
        n += 1;
      }
    }
    return new Uint8Array(exposed.buffer);
  }
}

function gainTable(gain: number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, value) => Math.round(value * gain * 16) + 8);
}

/** All frames of a scene in order, each a fresh RGB24 buffer with its ground truth. */
export function* renderFrames(script: SceneScript): Generator<SceneFrame, void, undefined> {
  const renderer = new SceneRenderer(script);
  const frames = frameCount(script);
  for (let frame = 0; frame < frames; frame += 1) yield renderer.render(frame);
}
