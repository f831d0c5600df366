import type { Color } from './canvas.ts';
import { between, pick, type Random } from './random.ts';
import type { ShapeSink } from './shape-sink.ts';
import { CAMERA, type Point3 } from './view.ts';

export interface Vehicle {
  readonly lengthMetres: number;
  readonly widthMetres: number;
  /** Top of the body, and of the cabin above it; a van's cabin is as long as its body. */
  readonly bodyMetres: number;
  readonly roofMetres: number;
  readonly van: boolean;
  readonly paint: Color;
}

const PAINTS: readonly Color[] = [
  [206, 206, 204],
  [58, 60, 64],
  [118, 122, 128],
  [128, 34, 34],
  [36, 62, 108],
  [88, 96, 84],
];
const GLASS: Color = [52, 62, 72];

export function randomCar(random: Random): Vehicle {
  return {
    lengthMetres: between(random, 3.9, 4.7),
    widthMetres: between(random, 1.68, 1.84),
    bodyMetres: 0.86,
    roofMetres: between(random, 1.42, 1.56),
    van: false,
    paint: pick(random, PAINTS),
  };
}

export function randomVan(random: Random): Vehicle {
  return {
    lengthMetres: between(random, 4.7, 5.4),
    widthMetres: 1.9,
    bodyMetres: 1.15,
    roofMetres: between(random, 2.1, 2.35),
    van: true,
    paint: pick(random, [PAINTS[0] ?? [206, 206, 204], [226, 224, 218], [196, 158, 52]] as readonly Color[]),
  };
}

function shade(color: Color, light: number): Color {
  return [color[0] * light, color[1] * light, color[2] * light];
}

/** A vehicle whose middle is at (s, d), driving along the street; `facing` is +1 towards growing s. */
export function drawVehicle(
  sink: ShapeSink,
  vehicle: Vehicle,
  place: { readonly s: number; readonly d: number },
  facing: 1 | -1,
): void {
  const half = vehicle.lengthMetres / 2;
  const side = vehicle.widthMetres / 2;
  const at = (ahead: number, d: number, z: number): Point3 => ({ s: place.s + facing * ahead, d: place.d + d, z });
  /** The side turned to the camera, the top and the visible end of a box whose upper edges may be drawn in. */
  const box = (
    rear: number,
    front: number,
    low: number,
    high: number,
    tuckRear: number,
    tuckFront: number,
    flank: Color,
    top: Color,
  ): void => {
    const upRear = rear + tuckRear;
    const upFront = front - tuckFront;
    const frontShows = facing * (CAMERA.s - (place.s + facing * front)) > 0;
    const [end, upEnd] = frontShows ? [front, upFront] : [rear, upRear];
    sink.face(
      [at(end, -side, low), at(end, side, low), at(upEnd, side, high), at(upEnd, -side, high)],
      shade(flank, 0.8),
    );
    sink.face(
      [at(upRear, -side, high), at(upFront, -side, high), at(upFront, side, high), at(upRear, side, high)],
      top,
    );
    sink.face([at(rear, side, low), at(front, side, low), at(upFront, side, high), at(upRear, side, high)], flank);
  };
  const wheel = (ahead: number): void => {
    sink.capsule(at(ahead, side - 0.04, 0.31), 0.32, at(ahead, side - 0.03, 0.31), 0.32, [24, 24, 26]);
    sink.capsule(at(ahead, side, 0.31), 0.17, at(ahead, side, 0.31), 0.17, [150, 150, 152]);
  };
  const cabinRear = vehicle.van ? -half : -half + 0.35;
  const cabinFront = vehicle.van ? half - 0.35 : half - 1.05;
  box(-half, half, 0.24, vehicle.bodyMetres, 0.04, 0.08, vehicle.paint, shade(vehicle.paint, 1.12));
  const upper = vehicle.van ? vehicle.paint : GLASS;
  box(
    cabinRear,
    cabinFront,
    vehicle.bodyMetres,
    vehicle.roofMetres,
    vehicle.van ? 0.03 : 0.4,
    0.55,
    upper,
    shade(vehicle.paint, 1.18),
  );
  if (vehicle.van) {
    const low = vehicle.bodyMetres + 0.1;
    const high = vehicle.roofMetres - 0.22;
    sink.face(
      [at(half - 1.75, side, low), at(half - 0.5, side, low), at(half - 0.85, side, high), at(half - 1.75, side, high)],
      GLASS,
    );
  } else {
    const pillar = (cabinRear + cabinFront) / 2;
    sink.face(
      [
        at(pillar - 0.05, side, vehicle.bodyMetres),
        at(pillar + 0.05, side, vehicle.bodyMetres),
        at(pillar + 0.05, side, vehicle.roofMetres),
        at(pillar - 0.05, side, vehicle.roofMetres),
      ],
      shade(vehicle.paint, 0.9),
    );
  }
  wheel(-half + 0.85);
  wheel(half - 0.85);
}
