/**
 * The street's own coordinates, in metres: `s` along the street (to the right), `d` away from the house fronts (0 is the wall, 5 the kerb),
 * `z` up. A fixed camera on a mast beyond the road looks down on the pavement at an angle.
 */
export interface Point3 {
  readonly s: number;
  readonly d: number;
  readonly z: number;
}

export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
  /** Pixels a metre at that depth. */
  readonly scale: number;
  /** Metres along the optical axis. */
  readonly depth: number;
}

export const CAMERA: Point3 = { s: 0, d: 12, z: 5.6 };
export const KERB_METRES = 5;
const YAW = (34 * Math.PI) / 180;
const PITCH = (19 * Math.PI) / 180;
const HORIZONTAL_FIELD = (60 * Math.PI) / 180;

const RIGHT = [Math.cos(YAW), Math.sin(YAW), 0] as const;
const FORWARD = [Math.sin(YAW) * Math.cos(PITCH), -Math.cos(YAW) * Math.cos(PITCH), -Math.sin(PITCH)] as const;
const UP = [Math.sin(YAW) * Math.sin(PITCH), -Math.cos(YAW) * Math.sin(PITCH), Math.cos(PITCH)] as const;

/** The pinhole camera for a picture of a given size. */
export class View {
  readonly width: number;
  readonly height: number;
  readonly focal: number;
  /** Shift of the whole picture in pixels, for camera shake. */
  shiftX = 0;
  shiftY = 0;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.focal = width / 2 / Math.tan(HORIZONTAL_FIELD / 2);
  }

  project(point: Point3): ScreenPoint {
    const s = point.s - CAMERA.s;
    const d = point.d - CAMERA.d;
    const z = point.z - CAMERA.z;
    const depth = Math.max(0.5, s * FORWARD[0] + d * FORWARD[1] + z * FORWARD[2]);
    const scale = this.focal / depth;
    return {
      x: this.width / 2 + scale * (s * RIGHT[0] + d * RIGHT[1]) + this.shiftX,
      y: this.height / 2 - scale * (s * UP[0] + d * UP[1] + z * UP[2]) + this.shiftY,
      scale,
      depth,
    };
  }

  /** Direction from the camera through a pixel, in street coordinates, not normalised; `depth` along the axis is 1. */
  ray(x: number, y: number): Point3 {
    const across = (x - this.width / 2) / this.focal;
    const up = (this.height / 2 - y) / this.focal;
    return {
      s: FORWARD[0] + across * RIGHT[0] + up * UP[0],
      d: FORWARD[1] + across * RIGHT[1] + up * UP[1],
      z: FORWARD[2] + up * UP[2],
    };
  }

  /**
   * The stretch of `s` in which something `heightMetres` tall, walking at distance `d` from the wall, can be seen,
   * widened by `marginMetres` at both ends.
   */
  visibleStretch(
    d: number,
    heightMetres: number,
    marginMetres: number,
  ): { readonly from: number; readonly to: number } {
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    for (let s = -30; s <= 80; s += 0.25) {
      if (this.#ahead(s, d) && (this.#inside({ s, d, z: 0 }) || this.#inside({ s, d, z: heightMetres }))) {
        from = Math.min(from, s);
        to = Math.max(to, s);
      }
    }
    if (from > to) return { from: -5, to: 25 };
    return { from: from - marginMetres, to: to + marginMetres };
  }

  #ahead(s: number, d: number): boolean {
    return (s - CAMERA.s) * FORWARD[0] + (d - CAMERA.d) * FORWARD[1] > 1;
  }

  #inside(point: Point3): boolean {
    const { x, y } = this.project(point);
    return x >= 0 && x < this.width && y >= 0 && y < this.height;
  }
}
