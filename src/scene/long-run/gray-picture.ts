import type { Sprite } from './sprite.ts';

/** Grey levels stay within these, as in video of limited range; the noise of a frame then fits without clipping (sensor-noise.ts). */
export const DARKEST = 16;
export const BRIGHTEST = 239;

/** A grey picture that is painted on many times a second: spans instead of tests where a shape is whole. */
export class GrayPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height);
  }

  /** A line thick and round at both ends, antialiased. */
  capsule(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number, gray: number): void {
    const { width, pixels } = this;
    const left = Math.max(0, Math.floor(Math.min(x0 - r0, x1 - r1) - 0.5));
    const right = Math.min(width - 1, Math.ceil(Math.max(x0 + r0, x1 + r1) + 0.5));
    const top = Math.max(0, Math.floor(Math.min(y0 - r0, y1 - r1) - 0.5));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(y0 + r0, y1 + r1) + 0.5));
    const dx = x1 - x0;
    const dy = y1 - y0;
    const inverseSquare = 1 / Math.max(1e-6, dx * dx + dy * dy);
    const widest = Math.max(r0, r1) + 0.5;
    for (let y = top; y <= bottom; y += 1) {
      const py = y - y0;
      rowSpan(x0, dx, py, dy, widest, widest);
      const last = Math.min(right, span.to);
      for (let x = Math.max(left, span.from); x <= last; x += 1) {
        const px = x - x0;
        let along = (px * dx + py * dy) * inverseSquare;
        along = along < 0 ? 0 : Math.min(along, 1);
        const ox = px - along * dx;
        const oy = py - along * dy;
        const reach = r0 + (r1 - r0) * along + 0.5;
        const square = ox * ox + oy * oy;
        if (square >= reach * reach) continue;
        const i = y * width + x;
        // whole inside: no root is needed
        if (reach >= 1 && square <= (reach - 1) * (reach - 1)) {
          pixels[i] = gray;
          continue;
        }
        const cover = reach - Math.sqrt(square);
        pixels[i] = (pixels[i] as number) * (1 - cover) + gray * cover + 0.5;
      }
    }
  }

  /** Upright ellipse around (x, y), its edges soft to the left and right. */
  ellipse(x: number, y: number, radiusX: number, radiusY: number, gray: number): void {
    const { width, pixels } = this;
    const bottom = Math.min(this.height - 1, Math.floor(y + radiusY));
    for (let py = Math.max(0, Math.ceil(y - radiusY)); py <= bottom; py += 1) {
      const up = (py - y) / radiusY;
      const half = radiusX * Math.sqrt(Math.max(0, 1 - up * up));
      const row = py * width;
      const first = Math.ceil(x - half);
      const last = Math.floor(x + half);
      if (last < first) continue;
      const end = row + Math.min(width - 1, last);
      for (let i = row + Math.max(0, first); i <= end; i += 1) pixels[i] = gray;
      this.#mix(first - 1, row, gray, first - (x - half));
      this.#mix(last + 1, row, gray, x + half - last);
    }
  }

  /** @param points corners of a convex polygon as x, y, x, y …, in either turning sense; edges are soft to the left and right. */
  polygon(points: readonly number[], gray: number): void {
    const { width, height, pixels } = this;
    const corners = points.length >> 1;
    let top = height;
    let bottom = -1;
    for (let i = 0; i < corners; i += 1) {
      top = Math.min(top, points[2 * i + 1] as number);
      bottom = Math.max(bottom, points[2 * i + 1] as number);
    }
    const lastRow = Math.min(height - 1, Math.floor(bottom));
    for (let y = Math.max(0, Math.ceil(top)); y <= lastRow; y += 1) {
      let left = Number.POSITIVE_INFINITY;
      let right = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < corners; i += 1) {
        const j = i + 1 === corners ? 0 : i + 1;
        const y0 = points[2 * i + 1] as number;
        const y1 = points[2 * j + 1] as number;
        if (y0 === y1 || y < Math.min(y0, y1) || y > Math.max(y0, y1)) continue;
        const x0 = points[2 * i] as number;
        const x = x0 + ((y - y0) / (y1 - y0)) * ((points[2 * j] as number) - x0);
        if (x < left) left = x;
        if (x > right) right = x;
      }
      if (!(right > left)) continue;
      const first = Math.ceil(left);
      const last = Math.floor(right);
      const row = y * width;
      if (last >= first) pixels.fill(gray, row + Math.max(0, first), row + Math.max(0, Math.min(width, last + 1)));
      this.#mix(first - 1, row, gray, first - left);
      this.#mix(last + 1, row, gray, right - last);
    }
  }

  #mix(x: number, row: number, gray: number, share: number): void {
    if (x < 0 || x >= this.width) return;
    this.pixels[row + x] = (this.pixels[row + x] as number) * (1 - share) + gray * share + 0.5;
  }

  /**
   * Lays a sprite with its anchor at (x, y), scaled by `ratio` (0.5 to 1), its greys g becoming `gain` g + `lift`.
   * @returns pixels of the picture that the sprite's box touches
   */
  blit(sprite: Sprite, x: number, y: number, ratio: number, gain: number, lift: number): number {
    const { width, pixels } = this;
    const { grains, from, until, width: sw, height: sh } = sprite;
    const x0 = x - sprite.anchorX * ratio;
    const y0 = y - sprite.anchorY * ratio;
    const left = Math.max(0, Math.ceil(x0));
    const right = Math.min(width - 1, Math.floor(x0 + (sw - 2) * ratio));
    const top = Math.max(0, Math.ceil(y0));
    const bottom = Math.min(this.height - 1, Math.floor(y0 + (sh - 2) * ratio));
    if (right < left || bottom < top) return 0;
    const step = 1 / ratio;
    const fixedStep = Math.round(step * 65_536);
    // weights of the four neighbours add up to 256, so an opaque pixel counts 255 x 256
    const opaque = 1 / 65_280;
    const raised = lift * opaque;
    const factor = gain / 256;
    for (let py = top; py <= bottom; py += 1) {
      const sy = (py - y0) * step;
      const iy = sy | 0;
      const fy = ((sy - iy) * 16) | 0;
      const first = Math.max(left, Math.ceil(x0 + ((from[iy] as number) - 1) * ratio));
      const last = Math.min(right, Math.floor(x0 + (until[iy] as number) * ratio));
      const row = iy * sw;
      let fixed = Math.max(0, Math.round((first - x0) * step * 65_536)) | 0;
      const end = py * width + last;
      for (let i = py * width + first; i <= end; i += 1, fixed = (fixed + fixedStep) | 0) {
        const at = row + (fixed >> 16);
        const fx = (fixed >> 12) & 15;
        const w11 = fx * fy;
        const w10 = 16 * fy - w11;
        const w01 = 16 * fx - w11;
        const sum =
          (Math.imul(256 - w11 - w10 - w01, grains[at] as number) +
            Math.imul(w01, grains[at + 1] as number) +
            Math.imul(w10, grains[at + sw] as number) +
            Math.imul(w11, grains[at + sw + 1] as number)) |
          0;
        const a = sum & 0xffff;
        if (a < 512) continue;
        const was = pixels[i] as number;
        const mixed = was + a * (raised - was * opaque) + (sum >>> 16) * factor + 0.5;
        pixels[i] = mixed < DARKEST ? DARKEST : Math.min(mixed, BRIGHTEST);
      }
    }
    return (right + 1 - left) * (bottom + 1 - top);
  }

  /**
   * Darkens (`strength` above 0) or brightens a soft stroke on the ground, which is seen flat: about twice as wide as high.
   * `strength` is the share of light taken away; negative ones add up to `-strength` grey levels / 255.
   */
  stroke(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number, strength: number): void {
    const { width, pixels } = this;
    const reach = Math.max(r0, r1) + 1;
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach * 0.6));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(y0, y1) + reach * 0.6));
    const dx = x1 - x0;
    const dy = y1 - y0;
    const inverseSquare = 1 / Math.max(1e-6, dx * dx + dy * dy);
    const widest = Math.max(r0, r1) + 0.8;
    for (let y = top; y <= bottom; y += 1) {
      const py = y - y0;
      rowSpan(x0, dx, py, dy, widest, widest / 1.8);
      const last = Math.min(right, span.to);
      for (let x = Math.max(left, span.from); x <= last; x += 1) {
        let along = ((x - x0) * dx + py * dy) * inverseSquare;
        along = along < 0 ? 0 : Math.min(along, 1);
        const ox = x - x0 - along * dx;
        const oy = (py - along * dy) * 1.8;
        const edge = r0 + (r1 - r0) * along + 0.8;
        const square = ox * ox + oy * oy;
        if (square >= edge * edge) continue;
        const i = y * width + x;
        const was = pixels[i] as number;
        if (strength > 0) {
          const core = edge - 1.6;
          const inside = core > 0 && square <= core * core ? 1 : Math.min(1, (edge - Math.sqrt(square)) / 1.6);
          const dark = was * (1 - strength * inside);
          pixels[i] = Math.max(dark, DARKEST);
        } else {
          const fall = 1 - square / (edge * edge);
          const bright = was * (1 - 2 * strength * fall) - strength * 90 * fall;
          pixels[i] = Math.min(bright, BRIGHTEST);
        }
      }
    }
  }
}

/** Result of `rowSpan`, kept to spare an object for each row. */
const span = { from: 0, to: 0 };

/**
 * Columns between which a row crosses a thick line; a little too wide, never too narrow.
 * @param py row, from the line's start
 * @param across widest half thickness in x
 * @param down likewise in y
 */
function rowSpan(x0: number, dx: number, py: number, dy: number, across: number, down: number): void {
  let a = 0;
  let b = 1;
  if (dy > 0.01 || dy < -0.01) {
    const one = (py - down) / dy;
    const other = (py + down) / dy;
    a = Math.max(0, Math.min(1, Math.min(one, other)));
    b = Math.max(0, Math.min(1, Math.max(one, other)));
  }
  const near = x0 + a * dx;
  const far = x0 + b * dx;
  span.from = Math.floor(Math.min(near, far) - across);
  span.to = Math.ceil(Math.max(near, far) + across);
}
