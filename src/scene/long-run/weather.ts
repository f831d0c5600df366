import { between, mix32, seededRandom } from '../random.ts';
import { BRIGHTEST, type GrayPicture } from './gray-picture.ts';

/** Share of a gust at a moment, 0.2 to 1; the same for leaves, drops and the camera's mast. */
export function gust(second: number, seed: number): number {
  const phase = (seed % 97) / 9;
  return (
    0.6 +
    0.22 * Math.sin(second / 3.1 + phase) +
    0.12 * Math.sin(second / 1.3 + 2 * phase) +
    0.06 * Math.sin(second * 2.1 + 3 * phase)
  );
}

/** Streaks of rain, new ones in each frame. */
export function drawRain(picture: GrayPicture, amount: number, wind: number, salt: number): void {
  const { width, height, pixels } = picture;
  const drops = Math.round(amount * 75);
  const slant = 0.08 + 0.25 * wind;
  let state = mix32(salt);
  for (let drop = 0; drop < drops; drop += 1) {
    state = mix32(state + 0x9e3779b9);
    let x = state % width;
    const y = (state >>> 10) % height;
    const length = 4 + ((state >>> 20) & 7);
    const bright = 14 + ((state >>> 24) & 31);
    for (let step = 0; step < length && y + step < height && x < width; step += 1, x += slant) {
      const i = (y + step) * width + (x | 0);
      const value = (pixels[i] as number) + bright;
      pixels[i] = Math.min(value, BRIGHTEST);
    }
  }
}

interface Flake {
  readonly x: number;
  readonly y: number;
  readonly fall: number;
  readonly drift: number;
  readonly radius: number;
}

/** Flakes that fall on from frame to frame; near ones are large and fast. */
export class Snowfall {
  readonly #flakes: readonly Flake[];

  constructor(seed: number) {
    const random = seededRandom(seed, 'flakes');
    this.#flakes = Array.from({ length: 170 }, () => {
      const near = random() ** 3;
      return {
        x: random() * 1000,
        y: random() * 1000,
        fall: 22 + 70 * near,
        drift: between(random, -4, 4) + 8 * near,
        radius: 0.35 + 1.1 * near,
      };
    });
  }

  draw(picture: GrayPicture, amount: number, wind: number, second: number, gray: number): void {
    const count = Math.round(this.#flakes.length * amount);
    for (let index = 0; index < count; index += 1) {
      const flake = this.#flakes[index] as Flake;
      const x = (flake.x + second * (flake.drift + 30 * wind) + 3 * Math.sin(second * 1.3 + index)) % picture.width;
      const y = (flake.y + second * flake.fall) % picture.height;
      const at = x < 0 ? x + picture.width : x;
      picture.capsule(at, y, flake.radius, at + 0.02 * wind, y + flake.fall * 0.012, flake.radius, gray);
    }
  }
}

interface Leaf {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly gray: number;
  readonly phase: number;
  readonly swing: number;
}

/** A branch that hangs into the upper corner of the picture and moves in the wind. */
export class Branch {
  readonly #leaves: readonly Leaf[];
  readonly #seed: number;

  constructor(seed: number, width: number, bare: boolean) {
    const random = seededRandom(seed, 'branch');
    this.#seed = seed;
    const left = random() < 0.5;
    this.#leaves = Array.from({ length: bare ? 14 : 34 }, () => {
      const out = random();
      const reach = 62 * out;
      return {
        x: left ? reach : width - reach,
        y: random() * (30 - 16 * out) + 6 * out,
        radius: bare ? between(random, 0.7, 1.3) : between(random, 2, 4.5),
        gray: between(random, 34, 92),
        phase: random() * 6.3,
        swing: 0.4 + out,
      };
    });
  }

  draw(picture: GrayPicture, wind: number, second: number, light: (gray: number) => number): void {
    const blow = wind * gust(second, this.#seed);
    for (const leaf of this.#leaves) {
      const sway = leaf.swing * blow * (1.6 + 1.7 * Math.sin(second * (2.1 + 0.4 * leaf.swing) + leaf.phase));
      const dip = 0.5 * leaf.swing * blow * Math.sin(second * 2.9 + 2 * leaf.phase);
      const x = leaf.x + sway;
      const y = leaf.y + dip;
      picture.ellipse(x, y + 0.5, 1.5 * leaf.radius + 0.25, leaf.radius + 0.25, light(leaf.gray));
    }
  }
}
