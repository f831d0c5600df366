import type { Color } from './canvas.ts';
import { mix32, type Random, seededRandom, shuffled } from './random.ts';
import { CAMERA, KERB_METRES, View } from './view.ts';

/** Pixels kept around the picture so that a shaking camera never looks past its edge. */
export const SHAKE_MARGIN = 4;

interface StreetLook {
  readonly salt: number;
  readonly wall: Color;
  readonly plinth: Color;
  readonly slab: Color;
  readonly shopTints: readonly Color[];
}

const WALLS: readonly Color[] = [
  [172, 128, 106],
  [186, 172, 148],
  [150, 146, 142],
  [178, 150, 116],
];
const SHOP_TINTS: readonly Color[] = [
  [148, 52, 48],
  [44, 84, 110],
  [54, 96, 70],
  [176, 140, 66],
  [92, 72, 108],
];

function lookOf(streetSeed: number): StreetLook {
  const random: Random = seededRandom('street', streetSeed);
  const wall = WALLS[Math.floor(random() * WALLS.length)] ?? WALLS[0] ?? [170, 150, 130];
  const warmth = random() * 10;
  return {
    salt: Math.floor(random() * 0x7fffffff),
    wall,
    plinth: [wall[0] * 0.62, wall[1] * 0.62, wall[2] * 0.64],
    slab: [158 + warmth, 156 + warmth * 0.5, 150],
    shopTints: shuffled(random, SHOP_TINTS),
  };
}

/** Lattice noise, 0 to 1. */
function cell(salt: number, x: number, y: number): number {
  return mix32(salt ^ Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77)) / 4_294_967_296;
}

/** Smooth noise with features of about one unit, 0 to 1. */
function smooth(salt: number, x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const u = (x - column) ** 2 * (3 - 2 * (x - column));
  const v = (y - row) ** 2 * (3 - 2 * (y - row));
  const upper = cell(salt, column, row) * (1 - u) + cell(salt, column + 1, row) * u;
  const lower = cell(salt, column, row + 1) * (1 - u) + cell(salt, column + 1, row + 1) * u;
  return upper * (1 - v) + lower * v;
}

function lit(color: Color, light: number): Color {
  return [color[0] * light, color[1] * light, color[2] * light];
}

function within(value: number, period: number): number {
  return value - Math.floor(value / period) * period;
}

function pavement(look: StreetLook, s: number, d: number): Color {
  const row = Math.floor(d / 0.62);
  const offset = (row % 2) * 0.45;
  const column = Math.floor((s + offset) / 0.9);
  const joint = Math.min(within(d, 0.62), within(s + offset, 0.9));
  const tone = 0.92 + 0.14 * cell(look.salt, column, row);
  const stain = 0.9 + 0.16 * smooth(look.salt + 1, s * 0.8, d * 0.8);
  const gum = smooth(look.salt + 2, s * 6, d * 6) > 0.93 ? 0.82 : 1;
  const nearWall = d < 0.5 ? 0.72 + 0.56 * d : 1;
  return lit(look.slab, tone * stain * gum * nearWall * (joint < 0.028 ? 0.7 : 1));
}

function road(look: StreetLook, s: number, d: number): Color {
  const grain = 0.88 + 0.2 * cell(look.salt + 3, Math.floor(s * 28), Math.floor(d * 28));
  const wear = 0.9 + 0.2 * smooth(look.salt + 4, s * 0.35, d * 0.9);
  const patch = smooth(look.salt + 5, s * 0.22 + 7, d * 0.3) > 0.72 ? 0.85 : 1;
  const asphalt = lit([92, 93, 97], grain * wear * patch);
  if (Math.abs(d - 9) < 0.07 && within(s, 4.5) < 2.4) return lit([206, 204, 196], wear * grain);
  if (Math.abs(d - 5.55) < 0.05 || Math.abs(d - 5.72) < 0.05) return lit([190, 168, 70], wear * grain);
  // The gutter and a drain now and then.
  if (d < 5.38) return within(s, 9) < 0.6 ? [34, 35, 37] : lit([80, 80, 82], grain * wear);
  return asphalt;
}

function glass(look: StreetLook, s: number, z: number): Color {
  const sheen = smooth(look.salt + 6, s * 0.7 + z * 0.9, z * 0.6);
  return [46 + 52 * sheen, 58 + 58 * sheen, 70 + 62 * sheen];
}

/** Shop doors are 1.1 m wide at the start of each 6 m bay; people come out of them. */
export const BAY_METRES = 6;
export const DOOR_CENTRE_METRES = 0.95;

function wall(look: StreetLook, s: number, z: number): Color {
  const bay = Math.floor(s / BAY_METRES);
  const x = s - bay * BAY_METRES;
  const tint =
    look.shopTints[((bay % look.shopTints.length) + look.shopTints.length) % look.shopTints.length] ?? look.wall;
  const brickRow = Math.floor(z / 0.085);
  const brick =
    0.9 +
    0.16 * cell(look.salt + 7, Math.floor((s + (brickRow % 2) * 0.12) / 0.24), brickRow) +
    0.06 * smooth(look.salt + 8, s, z);
  const grime = z < 0.6 ? 0.8 + 0.33 * z : 1;
  if (z < 3.4) {
    if (z > 2.75 && x > 0.2 && x < 5.8) return lit(tint, z > 3.28 || z < 2.83 ? 0.7 : 1 + 0.08 * Math.sin(x * 9) ** 8);
    if (x > 0.4 && x < 1.5) {
      if (z > 2.4) return glass(look, s, z);
      if (x < 0.47 || x > 1.43 || z > 2.33) return lit(tint, 0.8);
      return x > 0.62 && x < 1.28 && z > 0.9 ? lit(glass(look, s, z), 0.72) : lit(tint, 0.5);
    }
    if (x > 1.9 && x < 5.6 && z > 0.55) {
      const mullion = within(x - 1.9, 1.234) < 0.07 || z < 0.64 || z > 2.66 || x > 5.53;
      if (mullion) return [62, 60, 58];
      const goods = z < 1.35 && smooth(look.salt + 9, s * 2.6, z * 2.2) > 0.55 ? 1.35 : 1;
      return lit(glass(look, s, z), goods);
    }
    return z < 0.55 ? lit(look.plinth, brick * grime) : lit(look.wall, brick * 0.94);
  }
  const up = within(z - 3.4, 3);
  const along = within(s, 3);
  if (along > 0.85 && along < 2.15 && up > 0.7 && up < 2.4) {
    const frame = along < 0.95 || along > 2.05 || up < 0.8 || up > 2.3 || Math.abs(along - 1.5) < 0.04;
    return frame ? [214, 210, 202] : glass(look, s, z);
  }
  if (along > 0.75 && along < 2.25 && up > 0.58 && up < 0.7) return lit([196, 190, 178], brick);
  if (up < 0.14) return lit(look.plinth, 1.25 * brick);
  return lit(look.wall, brick);
}

/** What a ray from the camera meets first: the ground or the house fronts. */
function surface(look: StreetLook, view: View, x: number, y: number): Color {
  const ray = view.ray(x, y);
  const toGround = ray.z < 0 ? -CAMERA.z / ray.z : Number.POSITIVE_INFINITY;
  const toWall = ray.d < 0 ? -CAMERA.d / ray.d : Number.POSITIVE_INFINITY;
  if (toWall < toGround) return wall(look, CAMERA.s + toWall * ray.s, CAMERA.z + toWall * ray.z);
  const s = CAMERA.s + toGround * ray.s;
  const d = CAMERA.d + toGround * ray.d;
  if (d < KERB_METRES - 0.22) return pavement(look, s, d);
  if (d < KERB_METRES + 0.02) return lit([182, 178, 170], within(s, 1.2) < 0.03 ? 0.7 : 1);
  if (d < KERB_METRES + 0.14) return [58, 57, 57];
  return road(look, s, d);
}

/**
 * Paints the empty street once, by casting rays with 2 x 2 samples a pixel.
 * @returns RGB24 rows of `width + 2 * SHAKE_MARGIN` pixels, `height + 2 * SHAKE_MARGIN` of them.
 */
export function paintStreet(streetSeed: number, width: number, height: number): Uint8Array {
  const look = lookOf(streetSeed);
  const view = new View(width, height);
  const columns = width + 2 * SHAKE_MARGIN;
  const rows = height + 2 * SHAKE_MARGIN;
  const pixels = new Uint8Array(columns * rows * 3);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const sum = [0, 0, 0] as [number, number, number];
      for (let sample = 0; sample < 4; sample += 1) {
        const x = column - SHAKE_MARGIN + (sample % 2) * 0.5 - 0.25;
        const y = row - SHAKE_MARGIN + Math.floor(sample / 2) * 0.5 - 0.25;
        const color = surface(look, view, x, y);
        sum[0] += color[0];
        sum[1] += color[1];
        sum[2] += color[2];
      }
      const offset = (row * columns + column) * 3;
      for (let channel = 0; channel < 3; channel += 1) {
        pixels[offset + channel] = Math.min(255, (sum[channel] ?? 0) / 4 + 0.5);
      }
    }
  }
  return pixels;
}
