import type { ShapeSink } from './shape-sink.ts';
import type { Point3, View } from './view.ts';

/** How far a shadow falls for each metre of height; the sun stands behind the camera's left shoulder. */
const PER_METRE = { s: 0.62, d: -0.34 };
/** Blur at the edge of a shadow, pixels. */
const SOFTNESS = 1.6;

function onGround(point: Point3): Point3 {
  return { s: point.s + point.z * PER_METRE.s, d: Math.max(0.02, point.d + point.z * PER_METRE.d), z: 0 };
}

/**
 * A layer of darkness, 0 to 255 a pixel, which is laid over the street before anyone is painted. Overlapping shadows do not add up.
 */
export class ShadowLayer implements ShapeSink {
  readonly #view: View;
  readonly #darkness: Uint8Array;
  readonly #standing: Uint8Array;

  constructor(view: View) {
    this.#view = view;
    this.#darkness = new Uint8Array(view.width * view.height);
    this.#standing = new Uint8Array(view.width * view.height);
  }

  /** Makes what was drawn so far stay for ever: the shadows of what never moves. */
  keep(): void {
    this.#standing.set(this.#darkness);
  }

  capsule(from: Point3, fromRadius: number, to: Point3, toRadius: number): void {
    const a = this.#view.project(onGround(from));
    const b = this.#view.project(onGround(to));
    this.#stroke(a.x, a.y, fromRadius * a.scale * 0.9, b.x, b.y, toRadius * b.scale * 0.9);
  }

  face(corners: readonly Point3[]): void {
    // Faces are large and near the ground: strokes between their grounded corners and centre cover them well enough.
    const grounded = corners.map((corner) => this.#view.project(onGround(corner)));
    const first = grounded[0];
    if (first === undefined) return;
    const x = grounded.reduce((sum, point) => sum + point.x, 0) / grounded.length;
    const y = grounded.reduce((sum, point) => sum + point.y, 0) / grounded.length;
    for (const point of grounded) {
      this.#stroke(
        x,
        y,
        first.scale * 0.4,
        point.x + (x - point.x) * 0.15,
        point.y + (y - point.y) * 0.15,
        first.scale * 0.1,
      );
    }
  }

  #stroke(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number): void {
    const { width, height } = this.#view;
    const reach = Math.max(r0, r1) * 1 + SOFTNESS;
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach * 0.6));
    const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + reach * 0.6));
    if (left > right || top > bottom) return;
    const dx = x1 - x0;
    const dy = y1 - y0;
    const inverseSquare = 1 / Math.max(1e-6, dx * dx + dy * dy);
    for (let y = top; y <= bottom; y += 1) {
      for (let x = left; x <= right; x += 1) {
        const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) * inverseSquare));
        // The ground is seen flat: a disc on it is about twice as wide as high.
        const ox = x - x0 - along * dx;
        const oy = (y - y0 - along * dy) * 1.8;
        const edge = r0 + (r1 - r0) * along + SOFTNESS * 0.5;
        const square = ox * ox + oy * oy;
        if (square >= edge * edge) continue;
        const inside = (edge - Math.sqrt(square)) / SOFTNESS;
        const value = inside >= 1 ? 255 : inside * 255;
        const index = y * width + x;
        if (value > (this.#darkness[index] ?? 0)) this.#darkness[index] = value;
      }
    }
  }

  /** Darkens RGB24 `pixels` by up to `strength` (0 to 1) and clears what moved. */
  applyTo(pixels: Uint8Array, strength: number): void {
    const darkness = this.#darkness;
    for (let index = 0; index < darkness.length; index += 1) {
      const dark = darkness[index] as number;
      if (dark === 0) continue;
      const offset = index * 3;
      const keep = 1 - (strength * dark) / 255;
      pixels[offset] = (pixels[offset] as number) * keep;
      pixels[offset + 1] = (pixels[offset + 1] as number) * keep;
      // Shade is lit by the blue sky.
      pixels[offset + 2] = (pixels[offset + 2] as number) * (keep + (1 - keep) * 0.12);
    }
    darkness.set(this.#standing);
  }
}
