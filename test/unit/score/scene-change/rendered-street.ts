import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { SceneRenderer } from '../../../../src/scene/render-frames.ts';
import { type SceneScript, sceneScript } from '../../../../src/scene/scene-script.ts';
import type { SegmentFeatures } from '../../../../src/score/segment-features.ts';
import { SHAPE } from './still-street.ts';

const WIDTH = 240;
const HEIGHT = 160;
const FRAMES = 5;
const FRAMES_PER_SECOND = 10;
const EPOCH = 1_000_000;

/** Alters a gray picture in place. */
export type Spoil = (picture: Uint8Array, second: number) => void;

/** Grids of a generated scene, rendered in the pack's own size and rate, and put through the default pack. */
export async function renderedGrids(
  fields: Partial<SceneScript>,
  spoil: Spoil = () => {},
): Promise<readonly SegmentFeatures[]> {
  const model = readFileSync(new URL('../../../../models/motion-grid/motion-grid.onnx', import.meta.url));
  const session = await ort.InferenceSession.create(new Uint8Array(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const script = sceneScript({ width: WIDTH, height: HEIGHT, framesPerSecond: FRAMES_PER_SECOND, ...fields });
  const clean = renderedOnce(script);
  const segments: SegmentFeatures[] = [];
  const count = Math.floor((script.durationSeconds * FRAMES_PER_SECOND) / FRAMES);
  for (let sequence = 0; sequence < count; sequence++) {
    const pixels = new Uint8Array(FRAMES * WIDTH * HEIGHT);
    for (let index = 0; index < FRAMES; index++) {
      const frame = sequence * FRAMES + index;
      const picture = pixels.subarray(index * WIDTH * HEIGHT, (index + 1) * WIDTH * HEIGHT);
      picture.set(clean[frame] ?? []);
      spoil(picture, frame / FRAMES_PER_SECOND);
    }
    const frames = new ort.Tensor('uint8', pixels, [1, FRAMES, HEIGHT, WIDTH]);
    const { grid } = await session.run({ frames }, ['grid']);
    if (!(grid?.data instanceof Float32Array)) throw new TypeError('no grid');
    const startMs = EPOCH + sequence * 500;
    segments.push({ epoch: EPOCH, sequence, startMs, endMs: startMs + 400, ...SHAPE, values: grid.data.slice() });
  }
  await session.release();
  return segments;
}

const rendered = new Map<string, readonly Uint8Array[]>();

/** The frames of a scene, gray; the same scene is drawn only once, since it may be spoilt in several ways. */
function renderedOnce(script: SceneScript): readonly Uint8Array[] {
  const key = JSON.stringify(script);
  const known = rendered.get(key);
  if (known !== undefined) return known;
  const renderer = new SceneRenderer(script);
  const frames = Array.from({ length: script.durationSeconds * FRAMES_PER_SECOND }, (_, frame) => {
    const picture = new Uint8Array(WIDTH * HEIGHT);
    writeGray(renderer.render(frame).frame, picture);
    return picture;
  });
  rendered.set(key, frames);
  return frames;
}

function writeGray(rgb: Uint8Array, out: Uint8Array): void {
  for (let at = 0; at < out.length; at++) {
    out[at] = ((rgb[3 * at] ?? 0) * 77 + (rgb[3 * at + 1] ?? 0) * 150 + (rgb[3 * at + 2] ?? 0) * 29) >> 8;
  }
}

/** Multiplies the brightness. */
export function relight(picture: Uint8Array, factor: number): void {
  for (let at = 0; at < picture.length; at++) picture[at] = Math.min(255, Math.round((picture[at] ?? 0) * factor));
}

/** A box blur of `2 * radius + 1` pixels each way. */
export function blur(picture: Uint8Array, radius: number): void {
  const across = Uint8Array.from(picture);
  average(picture, across, 1, WIDTH, radius);
  average(across, picture, WIDTH, HEIGHT, radius);
}

function average(from: Uint8Array, to: Uint8Array, step: number, length: number, radius: number): void {
  for (let at = 0; at < from.length; at++) {
    const place = Math.floor(at / step) % length;
    let sum = 0;
    let count = 0;
    for (let offset = -radius; offset <= radius; offset++) {
      if (place + offset < 0 || place + offset >= length) continue;
      sum += from[at + offset * step] ?? 0;
      count += 1;
    }
    to[at] = sum / count;
  }
}

/** Moves the picture by so many pixels, round its edges. */
export function shift(picture: Uint8Array, right: number, down: number): void {
  const before = Uint8Array.from(picture);
  for (let at = 0; at < picture.length; at++) {
    const x = (at + right) % WIDTH;
    const y = (Math.floor(at / WIDTH) + down) % HEIGHT;
    picture[at] = before[y * WIDTH + x] ?? 0;
  }
}
