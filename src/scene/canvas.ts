/** Red, green, blue, 0 to 255; fractions are allowed and rounded when painted. */
export type Color = readonly [red: number, green: number, blue: number];

/** Pixels touched since the trace began: how much of an actor lies in the picture, and where. */
export interface Trace {
  pixels: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * An RGB24 picture with antialiased capsules and convex polygons. A capsule (a line thick and round at both ends, tapered if the
 * radii differ) makes limbs, heads and wheels; a convex polygon makes boxes. A trace counts each pixel once.
 */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  #stamps: Uint32Array | null = null;
  #stamp = 0;
  #trace: Trace | null = null;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
  }

  /** Starts counting the pixels covered by at least a half, until `endTrace`. */
  beginTrace(): void {
    this.#stamps ??= new Uint32Array(this.width * this.height);
    this.#stamp += 1;
    this.#trace = { pixels: 0, left: this.width, top: this.height, right: -1, bottom: -1 };
  }

  endTrace(): Trace {
    const trace = this.#trace ?? { pixels: 0, left: 0, top: 0, right: -1, bottom: -1 };
    this.#trace = null;
    return trace;
  }

  /**
   * @param relief -1 to 1: how much brighter the right flank is than the left one, which makes a limb look round.
   */
  capsule(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number, color: Color, relief = 0): void {
    const left = Math.max(0, Math.floor(Math.min(x0 - r0, x1 - r1) - 0.5));
    const right = Math.min(this.width - 1, Math.ceil(Math.max(x0 + r0, x1 + r1) + 0.5));
    const top = Math.max(0, Math.floor(Math.min(y0 - r0, y1 - r1) - 0.5));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(y0 + r0, y1 + r1) + 0.5));
    const dx = x1 - x0;
    const dy = y1 - y0;
    const inverseSquare = 1 / Math.max(1e-6, dx * dx + dy * dy);
    for (let y = top; y <= bottom; y += 1) {
      for (let x = left; x <= right; x += 1) {
        const px = x - x0;
        const py = y - y0;
        const along = Math.max(0, Math.min(1, (px * dx + py * dy) * inverseSquare));
        const ox = px - along * dx;
        const oy = py - along * dy;
        const radius = r0 + (r1 - r0) * along;
        const square = ox * ox + oy * oy;
        if (square >= (radius + 0.5) * (radius + 0.5)) continue;
        const coverage = radius + 0.5 - Math.sqrt(square);
        this.#blend(x, y, color, Math.min(1, coverage), 1 + (relief * ox) / Math.max(1, radius));
      }
    }
  }

  /** @param points corners of a convex polygon as x, y, x, y …, in either turning sense. */
  polygon(points: readonly number[], color: Color): void {
    const corners = points.length / 2;
    let left = this.width;
    let right = -1;
    let top = this.height;
    let bottom = -1;
    let doubleArea = 0;
    const edges: number[] = [];
    for (let i = 0; i < corners; i += 1) {
      const x = points[2 * i] ?? 0;
      const y = points[2 * i + 1] ?? 0;
      const nextX = points[2 * ((i + 1) % corners)] ?? 0;
      const nextY = points[2 * ((i + 1) % corners) + 1] ?? 0;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      doubleArea += x * nextY - nextX * y;
      const length = Math.max(1e-6, Math.hypot(nextX - x, nextY - y));
      edges.push(x, y, -(nextY - y) / length, (nextX - x) / length);
    }
    const inward = doubleArea >= 0 ? 1 : -1;
    const lastX = Math.min(this.width - 1, Math.ceil(right));
    const lastY = Math.min(this.height - 1, Math.ceil(bottom));
    for (let y = Math.max(0, Math.floor(top)); y <= lastY; y += 1) {
      for (let x = Math.max(0, Math.floor(left)); x <= lastX; x += 1) {
        let coverage = 1;
        for (let e = 0; e < edges.length && coverage > 0; e += 4) {
          const distance =
            inward * ((x - (edges[e] ?? 0)) * (edges[e + 2] ?? 0) + (y - (edges[e + 1] ?? 0)) * (edges[e + 3] ?? 0));
          coverage = Math.min(coverage, distance + 0.5);
        }
        if (coverage > 0) this.#blend(x, y, color, coverage, 1);
      }
    }
  }

  #blend(x: number, y: number, color: Color, alpha: number, light: number): void {
    const index = y * this.width + x;
    const offset = index * 3;
    const pixels = this.pixels;
    const keep = 1 - alpha;
    const add = alpha * light;
    for (let channel = 0; channel < 3; channel += 1) {
      const value = (pixels[offset + channel] ?? 0) * keep + (color[channel] ?? 0) * add;
      pixels[offset + channel] = value > 255 ? 255 : value + 0.5;
    }
    const trace = this.#trace;
    if (trace === null || alpha < 0.5 || this.#stamps === null || this.#stamps[index] === this.#stamp) return;
    this.#stamps[index] = this.#stamp;
    trace.pixels += 1;
    if (x < trace.left) trace.left = x;
    if (x > trace.right) trace.right = x;
    if (y < trace.top) trace.top = y;
    if (y > trace.bottom) trace.bottom = y;
  }
}
