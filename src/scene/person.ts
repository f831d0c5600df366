import type { Color } from './canvas.ts';
import { between, gaussian, pick, type Random } from './random.ts';
import type { ShapeSink } from './shape-sink.ts';
import { CAMERA, type Point3 } from './view.ts';

/** How one person looks, for the whole of their way. */
export interface Person {
  readonly heightMetres: number;
  /** 1 is average build. */
  readonly girth: number;
  readonly skin: Color;
  readonly hair: Color;
  readonly top: Color;
  readonly trousers: Color;
  readonly shoes: Color;
  readonly coat: boolean;
  readonly skirt: boolean;
  readonly hat: Color | null;
  readonly backpack: Color | null;
  readonly handbag: Color | null;
}

const SKINS: readonly Color[] = [
  [226, 184, 156],
  [204, 158, 126],
  [158, 112, 82],
  [104, 72, 54],
];
const HAIRS: readonly Color[] = [
  [38, 30, 26],
  [84, 58, 38],
  [150, 118, 74],
  [142, 140, 138],
  [24, 22, 24],
];
const TOPS: readonly Color[] = [
  [40, 46, 62],
  [62, 62, 64],
  [34, 34, 36],
  [122, 40, 42],
  [58, 84, 60],
  [178, 172, 160],
  [214, 212, 206],
  [70, 96, 138],
  [142, 108, 70],
  [196, 168, 60],
  [110, 74, 110],
  [46, 104, 108],
];
const TROUSERS: readonly Color[] = [
  [38, 42, 56],
  [52, 66, 96],
  [44, 42, 42],
  [96, 84, 66],
  [132, 124, 108],
  [28, 28, 30],
];
const BAGS: readonly Color[] = [
  [40, 38, 40],
  [96, 54, 38],
  [150, 44, 44],
  [48, 72, 92],
];

export function randomPerson(random: Random): Person {
  return {
    heightMetres: Math.max(1.45, Math.min(1.98, 1.71 + 0.09 * gaussian(random))),
    girth: between(random, 0.86, 1.22),
    skin: pick(random, SKINS),
    hair: pick(random, HAIRS),
    top: pick(random, TOPS),
    trousers: pick(random, TROUSERS),
    shoes: random() < 0.7 ? [30, 28, 28] : [190, 188, 184],
    coat: random() < 0.22,
    skirt: random() < 0.12,
    hat: random() < 0.12 ? pick(random, TOPS) : null,
    backpack: random() < 0.2 ? pick(random, BAGS) : null,
    handbag: random() < 0.2 ? pick(random, BAGS) : null,
  };
}

/** A body's attitude at one moment; angles in radians, 0 hangs straight down, positive swings forward. */
export interface Pose {
  /** Position of the left and right thigh, and how far each knee is bent. */
  readonly thigh: readonly [number, number];
  readonly knee: readonly [number, number];
  readonly arm: readonly [number, number];
  readonly elbow: readonly [number, number];
  /** Forward lean of the trunk. */
  readonly lean: number;
  /** Height of the hips over the ground, in leg lengths; 1 stands. */
  readonly hips: number;
}

/**
 * A gait at `phase` radians of the two-step cycle.
 * @param vigour 0 stands still, 1 walks, about 2 runs.
 */
export function gaitPose(phase: number, vigour: number): Pose {
  const running = Math.max(0, vigour - 1);
  const swing = (0.46 + 0.36 * running) * Math.min(1, vigour);
  const bend = (0.75 + 0.95 * running) * Math.min(1, vigour);
  const left = Math.sin(phase);
  const lift = Math.cos(phase);
  return {
    thigh: [swing * left + 0.15 * running, -swing * left + 0.15 * running],
    knee: [bend * Math.max(0, lift) + 0.2 * running, bend * Math.max(0, -lift) + 0.2 * running],
    arm: [-swing * 0.8 * left, swing * 0.8 * left],
    elbow: [0.18 + 1.25 * running, 0.18 + 1.25 * running],
    lean: 0.03 * vigour + 0.14 * running,
    hips: 1 - (0.035 + 0.03 * running) * Math.min(1, vigour) * Math.abs(left) + 0.03 * running,
  };
}

/** Metres walked in one cycle of two steps, at a given speed. */
export function cycleMetres(metresPerSecond: number): number {
  return 0.72 + 0.5 * metresPerSecond;
}

/**
 * Puts a body together: feet below (s, d), facing `heading` (radians from +s towards +d).
 * @param liftMetres raises the whole body, for riders.
 */
export function drawPerson(
  sink: ShapeSink,
  person: Person,
  place: { readonly s: number; readonly d: number },
  heading: number,
  pose: Pose,
  liftMetres = 0,
): void {
  const h = person.heightMetres;
  const forward = { s: Math.cos(heading), d: Math.sin(heading) };
  const right = { s: -forward.d, d: forward.s };
  const at = (ahead: number, aside: number, z: number): Point3 => ({
    s: place.s + forward.s * ahead + right.s * aside,
    d: place.d + forward.d * ahead + right.d * aside,
    z: z + liftMetres,
  });
  const hipZ = 0.5 * h * pose.hips;
  const trunk = 0.33 * h;
  const shoulderAhead = Math.sin(pose.lean) * trunk;
  const shoulderZ = hipZ + Math.cos(pose.lean) * trunk;
  const g = person.girth * h;

  const leg = (side: 0 | 1): void => {
    const aside = (side === 0 ? -0.05 : 0.05) * g;
    const thigh = pose.thigh[side];
    const shin = thigh - pose.knee[side];
    const kneeAhead = Math.sin(thigh) * 0.245 * h;
    const kneeZ = hipZ - Math.cos(thigh) * 0.245 * h;
    const ankleAhead = kneeAhead + Math.sin(shin) * 0.235 * h;
    const ankleZ = Math.max(0.04, kneeZ - Math.cos(shin) * 0.235 * h);
    const color = person.skirt ? person.skin : person.trousers;
    sink.capsule(at(0, aside, hipZ), 0.058 * g, at(kneeAhead, aside, kneeZ), 0.042 * g, color);
    sink.capsule(at(kneeAhead, aside, kneeZ), 0.042 * g, at(ankleAhead, aside, ankleZ), 0.028 * g, color);
    sink.capsule(
      at(ankleAhead, aside, ankleZ),
      0.03 * h,
      at(ankleAhead + 0.1 * h, aside, Math.max(0.03, ankleZ - 0.01)),
      0.02 * h,
      person.shoes,
    );
  };
  const arm = (side: 0 | 1): void => {
    const aside = (side === 0 ? -0.115 : 0.115) * g;
    const upper = pose.arm[side] + pose.lean * 0.4;
    const lower = upper + pose.elbow[side];
    const elbowAhead = shoulderAhead + Math.sin(upper) * 0.17 * h;
    const elbowZ = shoulderZ - 0.02 * h - Math.cos(upper) * 0.17 * h;
    const handAhead = elbowAhead + Math.sin(lower) * 0.15 * h;
    const handZ = elbowZ - Math.cos(lower) * 0.15 * h;
    sink.capsule(
      at(shoulderAhead, aside, shoulderZ - 0.02 * h),
      0.034 * g,
      at(elbowAhead, aside, elbowZ),
      0.028 * g,
      person.top,
    );
    sink.capsule(at(elbowAhead, aside, elbowZ), 0.027 * g, at(handAhead, aside, handZ), 0.021 * g, person.top);
    sink.capsule(at(handAhead, aside, handZ), 0.02 * h, at(handAhead, aside, handZ - 0.02 * h), 0.018 * h, person.skin);
    if (side === 1 && person.handbag !== null) {
      sink.capsule(
        at(handAhead - 0.08, aside, handZ - 0.16),
        0.09,
        at(handAhead + 0.08, aside, handZ - 0.16),
        0.09,
        person.handbag,
      );
    }
  };

  const toCamera = (CAMERA.s - place.s) * right.s + (CAMERA.d - place.d) * right.d;
  const far: 0 | 1 = toCamera > 0 ? 0 : 1;
  const near: 0 | 1 = far === 0 ? 1 : 0;
  const facesCamera = (CAMERA.s - place.s) * forward.s + (CAMERA.d - place.d) * forward.d > 0;
  const backpack = (): void => {
    if (person.backpack === null) return;
    sink.capsule(
      at(shoulderAhead - 0.13 * h, 0, shoulderZ - 0.05 * h),
      0.07 * g,
      at(-0.12 * h, 0, hipZ + 0.1 * h),
      0.08 * g,
      person.backpack,
    );
  };

  arm(far);
  leg(far);
  leg(near);
  if (facesCamera) backpack();
  if (person.skirt || person.coat) {
    const hem = hipZ - (person.coat ? 0.22 : 0.16) * h;
    sink.capsule(
      at(0, 0, hipZ + 0.04 * h),
      0.085 * g,
      at(0.01, 0, hem),
      0.105 * g,
      person.coat ? person.top : person.trousers,
    );
  }
  sink.capsule(at(0, 0, hipZ + 0.02 * h), 0.084 * g, at(shoulderAhead, 0, shoulderZ - 0.045 * h), 0.1 * g, person.top);
  if (!facesCamera) backpack();
  const headZ = shoulderZ + 0.105 * h;
  const headAhead = shoulderAhead + Math.sin(pose.lean) * 0.06 * h;
  sink.capsule(at(shoulderAhead, 0, shoulderZ), 0.035 * h, at(headAhead, 0, headZ - 0.03 * h), 0.035 * h, person.skin);
  sink.capsule(
    at(headAhead + 0.015 * h, 0, headZ),
    0.052 * h,
    at(headAhead + 0.015 * h, 0, headZ - 0.035 * h),
    0.045 * h,
    person.skin,
  );
  const cover = person.hat ?? person.hair;
  const crown = facesCamera ? 0.05 : 0.056;
  sink.capsule(
    at(headAhead - 0.02 * h, 0, headZ + 0.022 * h),
    crown * h,
    at(headAhead - 0.03 * h, 0, headZ - (facesCamera ? 0 : 0.02) * h),
    crown * h,
    cover,
  );
  arm(near);
}
