import { Canvas } from '../canvas.ts';
import { drawPerson, gaitPose, type Person } from '../person.ts';
import { pictureSink } from '../shape-sink.ts';
import type { Point3, View } from '../view.ts';

/** A small grey picture with transparency. */
export interface Sprite {
  readonly width: number;
  readonly height: number;
  /** Where the ground point lies in it, pixels. */
  readonly anchorX: number;
  readonly anchorY: number;
  /** Opacity, 0 to 255, and 16 bits above it the grey already multiplied by it: one product weighs both. */
  readonly grains: Int32Array;
  /** Columns of each row and the next between which anything can be seen; `from` is past `until` where nothing is. */
  readonly from: Int16Array;
  readonly until: Int16Array;
}

/** Which way someone faces: along the street to the right, away from the wall, to the left, towards the wall. */
export type Facing = 0 | 1 | 2 | 3;

/** Gait phases kept of each walker. */
const PHASES = 16;
/** Sizes kept to each doubling: a sprite is shrunk by at most 16 % when it is laid into the picture. */
const SIZES_PER_OCTAVE = 4;
const LANE_METRES = 2.2;

export interface SizedSprite {
  readonly sprite: Sprite;
  /** Pixels a metre at which it was drawn. */
  readonly scale: number;
}

/** Sprites of a camera's people in every size and phase, drawn when first needed. */
export class PersonSprites {
  readonly #view: View;
  readonly #people: readonly Person[];
  readonly #kept = new Map<number, SizedSprite>();
  readonly #places = new Map<number, Point3>();

  constructor(view: View, people: readonly Person[]) {
    this.#view = view;
    this.#people = people;
  }

  /**
   * @param phase radians of the two-step cycle
   * @param scale pixels a metre wanted; the sprite is at most 19 % larger
   */
  of(person: number, facing: Facing, phase: number, walking: boolean, scale: number): SizedSprite {
    const turn = walking ? Math.floor((phase / (2 * Math.PI)) * PHASES) : -1;
    const step = walking ? ((turn % PHASES) + PHASES) % PHASES : PHASES;
    const size = Math.ceil(Math.log2(scale) * SIZES_PER_OCTAVE);
    const key = ((person * 4 + facing) * (PHASES + 1) + step) * 64 + size;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const drawn = this.#draw(person, facing, step, size);
    this.#kept.set(key, drawn);
    return drawn;
  }

  #draw(index: number, facing: Facing, step: number, size: number): SizedSprite {
    const person = this.#people[index];
    if (!person) throw new RangeError(`no person ${index}`);
    const wanted = 2 ** (size / SIZES_PER_OCTAVE);
    const place = this.#placeOf(wanted, size);
    const foot = this.#view.project(place);
    const zoom = wanted / foot.scale;
    const width = Math.ceil(1.5 * wanted) + 4;
    const height = Math.ceil(2.25 * wanted) + 4;
    const anchorX = Math.round(width / 2);
    const anchorY = height - 2 - Math.ceil(0.15 * wanted);
    const near = {
      project: (point: Point3) => {
        const seen = this.#view.project(point);
        return {
          x: anchorX + (seen.x - foot.x) * zoom,
          y: anchorY + (seen.y - foot.y) * zoom,
          scale: seen.scale * zoom,
          depth: seen.depth,
        };
      },
    };
    const pose = gaitPose(((step + 0.5) * 2 * Math.PI) / PHASES, step === PHASES ? 0 : 1);
    const paint = (ground: number): Uint8Array => {
      const canvas = new Canvas(width, height);
      canvas.pixels.fill(ground);
      drawPerson(pictureSink(canvas, near), person, place, (facing * Math.PI) / 2, pose);
      return canvas.pixels;
    };
    const onBlack = paint(0);
    const onWhite = paint(255);
    const grains = new Int32Array(width * height);
    for (let i = 0; i < grains.length; i += 1) {
      const opacity = 255 - ((onWhite[3 * i + 1] as number) - (onBlack[3 * i + 1] as number));
      const gray = grayOf(onBlack[3 * i] as number, onBlack[3 * i + 1] as number, onBlack[3 * i + 2] as number);
      grains[i] = Math.max(0, Math.min(255, opacity)) | (gray << 16);
    }
    return { sprite: trimmed(grains, width, height, anchorX, anchorY), scale: wanted };
  }

  /** Where on the pavement things are as large as wanted. */
  #placeOf(scale: number, size: number): Point3 {
    let place = this.#places.get(size);
    if (place) return place;
    let low = -8;
    let high = 80;
    for (let round = 0; round < 40; round += 1) {
      const middle = (low + high) / 2;
      if (this.#view.project({ s: middle, d: LANE_METRES, z: 0 }).scale > scale) low = middle;
      else high = middle;
    }
    place = { s: low, d: LANE_METRES, z: 0 };
    this.#places.set(size, place);
    return place;
  }
}

/** Luma of ITU-R BT.601, as decoders give it. */
export function grayOf(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** Cuts off what is empty, but for a margin of one pixel between which and the figure the edge is mixed. */
function trimmed(grains: Int32Array, wide: number, high: number, anchorX: number, anchorY: number): Sprite {
  let left = wide;
  let right = 0;
  let top = high;
  let bottom = 0;
  for (let i = 0; i < grains.length; i += 1) {
    if (((grains[i] as number) & 0xff) === 0) continue;
    left = Math.min(left, i % wide);
    right = Math.max(right, i % wide);
    top = Math.min(top, Math.floor(i / wide));
    bottom = Math.floor(i / wide);
  }
  left = Math.max(0, left - 1);
  top = Math.max(0, top - 1);
  const width = Math.max(2, Math.min(wide, right + 3) - left);
  const height = Math.max(2, Math.min(high, bottom + 3) - top);
  const kept = new Int32Array(width * height);
  const from = new Int16Array(height).fill(width);
  const until = new Int16Array(height).fill(-1);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const grain = grains[(top + row) * wide + left + column] ?? 0;
      kept[row * width + column] = grain;
      if ((grain & 0xff) === 0) continue;
      // a row of the picture lies between two rows of the sprite
      for (const either of row > 0 ? [row - 1, row] : [row]) {
        from[either] = Math.min(from[either] as number, column);
        until[either] = Math.max(until[either] as number, column + 1);
      }
    }
  }
  return { width, height, anchorX: anchorX - left, anchorY: anchorY - top, grains: kept, from, until };
}
