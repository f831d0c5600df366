import type { Color } from './canvas.ts';
import { drawPerson, type Person, type Pose } from './person.ts';
import type { ShapeSink } from './shape-sink.ts';
import type { Point3 } from './view.ts';

const WHEEL_METRES = 0.34;
const AXLES = [-0.52, 0.52] as const;
const SPOKES = 12;
const TYRE: Color = [26, 26, 28];
const FRAME: Color = [170, 44, 36];
/** Metres travelled for one turn of the pedals. */
const GEAR_METRES = 5.2;

/** A bicycle with its rider, wheels touching the ground below (s, d), after `travelledMetres`. */
export function drawCyclist(
  sink: ShapeSink,
  rider: Person,
  place: { readonly s: number; readonly d: number },
  facing: 1 | -1,
  travelledMetres: number,
): void {
  const at = (ahead: number, z: number): Point3 => ({ s: place.s + facing * ahead, d: place.d, z });
  for (const axle of AXLES) {
    for (let spoke = 0; spoke < SPOKES; spoke += 1) {
      const a = (2 * Math.PI * spoke) / SPOKES;
      const b = (2 * Math.PI * (spoke + 1)) / SPOKES;
      sink.capsule(
        at(axle + WHEEL_METRES * Math.cos(a), WHEEL_METRES * (1 + Math.sin(a))),
        0.03,
        at(axle + WHEEL_METRES * Math.cos(b), WHEEL_METRES * (1 + Math.sin(b))),
        0.03,
        TYRE,
      );
    }
  }
  const tube = (x0: number, z0: number, x1: number, z1: number): void =>
    sink.capsule(at(x0, z0), 0.028, at(x1, z1), 0.028, FRAME);
  tube(-0.52, 0.34, -0.05, 0.32);
  tube(-0.05, 0.32, -0.2, 0.85);
  tube(-0.52, 0.34, -0.16, 0.72);
  tube(-0.16, 0.72, 0.34, 0.76);
  tube(-0.05, 0.32, 0.34, 0.72);
  tube(0.52, 0.34, 0.36, 0.98);
  const turn = (2 * Math.PI * travelledMetres) / GEAR_METRES;
  const thigh = (phase: number): number => 0.95 + 0.35 * Math.sin(phase);
  const knee = (phase: number): number => 1.15 + 0.45 * Math.sin(phase + 0.6);
  const pose: Pose = {
    thigh: [thigh(turn), thigh(turn + Math.PI)],
    knee: [knee(turn), knee(turn + Math.PI)],
    arm: [0.75, 0.75],
    elbow: [0.25, 0.25],
    lean: 0.6,
    hips: 1,
  };
  const saddle = 0.98;
  drawPerson(
    sink,
    rider,
    { s: place.s - facing * 0.22, d: place.d },
    facing > 0 ? 0 : Math.PI,
    pose,
    saddle - 0.5 * rider.heightMetres,
  );
}
