import { Canvas } from '../canvas.ts';
import { FURNITURE } from '../furniture.ts';
import { mix32, seededRandom } from '../random.ts';
import { pictureSink } from '../shape-sink.ts';
import { paintStreet, SHAKE_MARGIN } from '../street.ts';
import { drawVehicle, randomCar } from '../vehicle.ts';
import { CAMERA, View } from '../view.ts';
import { BRIGHTEST, DARKEST } from './gray-picture.ts';
import type { SceneKind } from './scene-kind.ts';
import { grayOf } from './sprite.ts';

/** The empty place, once, with room around it for a shaking camera. */
export interface Plate {
  readonly width: number;
  readonly height: number;
  /** Pinhole view in the plate's pixels. */
  readonly view: View;
  /** Grey in full daylight without sun, 0 to 255. */
  readonly day: Float32Array;
  /** Grey under infrared light, which falls off with distance. */
  readonly infrared: Float32Array;
  /** Ground point of each pixel; NaN where it shows no ground. */
  readonly groundS: Float32Array;
  readonly groundD: Float32Array;
  /** Metres from the camera. */
  readonly distance: Float32Array;
  /** Pixels of what stands before the pavement (bollards, lamps): people behind it go behind it. */
  readonly occluder: Uint32Array;
  /** Distance from the wall of what stands there; who is nearer to the camera goes before it. */
  readonly occluderLane: number;
}

/** Paints the plate of a kind of place for pictures of `width` x `height`; the seed decides its look. */
export function paintPlate(kind: Pick<SceneKind, 'ground'>, seed: number, width: number, height: number): Plate {
  const columns = width + 2 * SHAKE_MARGIN;
  const rows = height + 2 * SHAKE_MARGIN;
  const view = new View(width, height);
  view.shiftX = SHAKE_MARGIN;
  view.shiftY = SHAKE_MARGIN;
  const canvas = new Canvas(columns, rows);
  const size = columns * rows;
  const groundS = new Float32Array(size);
  const groundD = new Float32Array(size);
  const distance = new Float32Array(size);
  const outdoors = kind.ground === 'street' || kind.ground === 'snowy-street';
  if (outdoors) canvas.pixels.set(paintStreet(seed, width, height));
  for (let i = 0; i < size; i += 1) {
    const ray = view.ray((i % columns) - SHAKE_MARGIN, Math.floor(i / columns) - SHAKE_MARGIN);
    const toGround = ray.z < 0 ? -CAMERA.z / ray.z : Number.POSITIVE_INFINITY;
    const toWall = ray.d < 0 ? -CAMERA.d / ray.d : Number.POSITIVE_INFINITY;
    const reach = Math.min(toGround, toWall, 200);
    const s = CAMERA.s + reach * ray.s;
    const d = CAMERA.d + reach * ray.d;
    distance[i] = reach;
    groundS[i] = toGround <= toWall ? s : Number.NaN;
    groundD[i] = toGround <= toWall ? d : Number.NaN;
    if (outdoors) continue;
    const z = CAMERA.z + reach * ray.z;
    const gray = (kind.ground === 'hall' ? hall : carPark)(seed, s, d, toGround <= toWall ? 0 : z);
    canvas.pixels.fill(gray, 3 * i, 3 * i + 3);
  }
  const bare = canvas.pixels.slice();
  const snowy = kind.ground === 'snowy-street';
  const sink = pictureSink(canvas, view);
  const occluder: number[] = [];
  if (outdoors) for (const thing of FURNITURE) thing.draw(0, sink);
  if (kind.ground === 'car-park') {
    const random = seededRandom(seed, 'parked');
    for (let bay = 9; bay >= -2; bay -= 1) {
      // a few bays stay free
      if (random() < 0.25) continue;
      drawVehicle(sink, randomCar(random), { s: bay * 5.4 + 2.7, d: 1.7 }, random() < 0.5 ? 1 : -1);
    }
  }
  for (let i = 0; i < size; i += 1) if (canvas.pixels[3 * i] !== bare[3 * i]) occluder.push(i);
  const day = new Float32Array(size);
  const infrared = new Float32Array(size);
  for (let i = 0; i < size; i += 1) {
    let gray = grayOf(
      canvas.pixels[3 * i] as number,
      canvas.pixels[3 * i + 1] as number,
      canvas.pixels[3 * i + 2] as number,
    );
    if (snowy && canvas.pixels[3 * i] === bare[3 * i])
      gray = snowed(gray, seed, groundS[i] as number, groundD[i] as number);
    day[i] = gray;
    const fall = Math.min(1.25, 15 / Math.max(6, distance[i] as number));
    infrared[i] = clamp((snowy ? 30 + 0.5 * gray : 38 + 0.62 * gray) * fall * fall);
  }
  return {
    width: columns,
    height: rows,
    view,
    day,
    infrared,
    groundS,
    groundD,
    distance,
    occluder: Uint32Array.from(occluder),
    occluderLane: outdoors ? 4.6 : 2.7,
  };
}

export function clamp(gray: number): number {
  return gray < DARKEST ? DARKEST : Math.min(gray, BRIGHTEST);
}

function cell(salt: number, x: number, y: number): number {
  return mix32(salt ^ Math.imul(Math.floor(x), 0x9e3779b1) ^ Math.imul(Math.floor(y), 0x85ebca77)) / 4_294_967_296;
}

function patches(salt: number, x: number, y: number): number {
  const u = x - Math.floor(x);
  const v = y - Math.floor(y);
  const upper = cell(salt, x, y) * (1 - u) + cell(salt, x + 1, y) * u;
  const lower = cell(salt, x, y + 1) * (1 - u) + cell(salt, x + 1, y + 1) * u;
  return upper * (1 - v) + lower * v;
}

function snowed(gray: number, seed: number, s: number, d: number): number {
  if (Number.isNaN(s)) return gray * 0.95;
  // people and cars have trodden paths
  const trodden = d > 1 && d < 4 ? 0.35 : Math.abs(d - 6.4) < 0.3 || Math.abs(d - 7.9) < 0.3 ? 0.65 : 0.12;
  const bare = trodden * (0.6 + 0.8 * patches(seed + 11, s * 0.9, d * 1.4));
  return gray * bare + (1 - bare) * (188 + 22 * patches(seed + 12, s * 0.7, d * 0.8));
}

function within(value: number, period: number): number {
  return value - Math.floor(value / period) * period;
}

function carPark(seed: number, s: number, d: number, z: number): number {
  if (z > 0) {
    // a hedge, then trees far behind
    const leaf = patches(seed + 1, s * 5, z * 5) * 0.6 + patches(seed + 2, s * 1.2, z * 1.2) * 0.4;
    return z < 1.9 ? 38 + 50 * leaf : 70 + 60 * patches(seed + 3, s * 0.6, z * 0.6) + 30 * leaf;
  }
  if (d < 0.35) return 62;
  const grain = 0.86 + 0.2 * cell(seed + 4, s * 20, d * 20) + 0.16 * patches(seed + 5, s * 0.4, d * 0.5);
  if (d < 3.2 && within(s, 5.4) < 0.12) return 188 * grain;
  if (Math.abs(d - 3.2) < 0.06) return 180 * grain;
  if (Math.abs(d - 9.2) < 0.06 && within(s, 3) < 1.5) return 170 * grain;
  const oil = patches(seed + 6, s * 1.1, d * 1.1) > 0.82 ? 0.8 : 1;
  return 96 * grain * oil;
}

function hall(seed: number, s: number, d: number, z: number): number {
  if (z > 0) {
    if (z > 4.2) return 206 - 6 * within(s, 2);
    const x = within(s, 5);
    if (z < 2.4 && x > 0.5 && x < 1.7) return x < 0.6 || x > 1.6 ? 70 : 112 + 14 * patches(seed + 1, s * 3, z * 3);
    if (z > 1.2 && z < 2.6 && x > 2.4 && x < 4.4) return 62 + 70 * patches(seed + 2, s * 2.3, z * 2.3);
    return (z < 0.15 ? 88 : 176) + 8 * patches(seed + 3, s * 0.8, z * 0.8);
  }
  // a long counter stands along the wall; in front of it large tiles that shine a little
  if (d < 1.05 && d > 0.9) return 84;
  const joint = Math.min(within(s, 1.2), within(d, 1.2)) < 0.03 ? 0.82 : 1;
  const tile = 0.94 + 0.1 * cell(seed + 4, s / 1.2, d / 1.2);
  const shine = 1 + 0.18 * patches(seed + 5, s * 0.35, d * 0.25);
  return 142 * joint * tile * shine;
}
