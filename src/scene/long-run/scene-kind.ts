import type { LongAnomalyKind } from './anomaly-kind.ts';

/** A quantity over the day: hour and value pairs in order, linear between them, going round at midnight. */
export type DayCurve = readonly (readonly [hour: number, value: number])[];

/** What kind of camera and place it is; all that a day there needs, as data. */
export interface SceneKind {
  readonly name: string;
  readonly summary: string;
  readonly ground: 'street' | 'snowy-street' | 'car-park' | 'hall';
  /** Arrivals of walkers or small groups a minute. */
  readonly walkersPerMinute: DayCurve;
  readonly carsPerMinute: DayCurve;
  readonly carMetresPerSecond: readonly [low: number, high: number];
  /** Distances from the wall where people walk. */
  readonly walkLanes: readonly [low: number, high: number];
  /** A distance from the wall where nobody ever walks. */
  readonly forbiddenLane: number;
  /** At night: infrared light from the camera, or lamps that leave it dim. */
  readonly night: 'infrared' | 'lamps' | 'indoor';
  /** Share of the sky that clouds cover, 0 to 1. */
  readonly clouds: number;
  /** Height of the sun at noon, degrees; low suns throw long shadows. */
  readonly noonDegrees: number;
  readonly rain: DayCurve;
  readonly snow: DayCurve;
  readonly wind: DayCurve;
  /** Deviation of the sensor's noise by day, grey levels; 2.2 times that at night. */
  readonly noise: number;
  /** Pixels that gusts shake the camera by, at wind 1. */
  readonly shakePixels: number;
  /** A branch that hangs into the picture. */
  readonly tree: boolean;
  /** Grey levels below which a block is not sent again between key frames; 0 is a camera that sends all. */
  readonly compression: number;
  readonly anomalies: readonly LongAnomalyKind[];
}

const NEVER: DayCurve = [[0, 0]];
const OUTDOORS: readonly LongAnomalyKind[] = [
  'runner',
  'cyclist',
  'vehicle',
  'brawl',
  'left-bag',
  'fall',
  'intruder',
  'wrong-way',
];

export const SCENE_KINDS: readonly SceneKind[] = [
  {
    name: 'street',
    summary: 'a quiet street by day, infrared light by night',
    ground: 'street',
    walkersPerMinute: [
      [0, 0.15],
      [5, 0.15],
      [8, 3.5],
      [11, 2],
      [13, 3],
      [17, 4],
      [20, 2],
      [23, 0.4],
    ],
    carsPerMinute: [
      [0, 0.1],
      [5, 0.15],
      [8, 2.5],
      [13, 1.5],
      [17, 2.5],
      [22, 0.5],
    ],
    carMetresPerSecond: [6, 8.5],
    walkLanes: [0.8, 4.1],
    forbiddenLane: 6.6,
    night: 'infrared',
    clouds: 0.3,
    noonDegrees: 50,
    rain: NEVER,
    snow: NEVER,
    wind: [
      [0, 0.1],
      [14, 0.35],
      [20, 0.1],
    ],
    noise: 1.8,
    shakePixels: 0,
    tree: true,
    compression: 0,
    anomalies: OUTDOORS,
  },
  {
    name: 'pavement',
    summary: 'a busy pavement with crowds at noon and in the evening, lamps at night',
    ground: 'street',
    walkersPerMinute: [
      [0, 2],
      [3, 0.7],
      [6, 2],
      [8.5, 12],
      [10, 9],
      [12, 22],
      [13, 24],
      [15, 10],
      [18, 22],
      [20, 14],
      [22, 7],
    ],
    carsPerMinute: [
      [0, 0.5],
      [4, 0.2],
      [8, 4],
      [17, 4],
      [22, 1.5],
    ],
    carMetresPerSecond: [5, 8.5],
    walkLanes: [0.7, 4.2],
    forbiddenLane: 6.6,
    night: 'lamps',
    clouds: 0.5,
    noonDegrees: 45,
    rain: NEVER,
    snow: NEVER,
    wind: NEVER,
    noise: 2,
    shakePixels: 0,
    tree: false,
    compression: 0,
    anomalies: OUTDOORS,
  },
  {
    name: 'rain',
    summary: 'a windy day with showers: rain, leaves, a shaking mast',
    ground: 'street',
    walkersPerMinute: [
      [0, 0.3],
      [5, 0.2],
      [8, 4],
      [12, 3],
      [17, 5],
      [21, 1],
    ],
    carsPerMinute: [
      [0, 0.3],
      [5, 0.2],
      [8, 3],
      [17, 3],
      [22, 0.6],
    ],
    carMetresPerSecond: [5.5, 8],
    walkLanes: [0.7, 4.1],
    forbiddenLane: 6.6,
    night: 'lamps',
    clouds: 0.9,
    noonDegrees: 40,
    rain: [
      [0, 0],
      [2, 0.5],
      [4, 0],
      [9, 0.15],
      [10.5, 0.8],
      [11.5, 0.3],
      [13, 0],
      [15, 0.6],
      [17, 0.2],
      [19, 0.7],
      [21, 0],
    ],
    snow: NEVER,
    wind: [
      [0, 0.4],
      [6, 0.3],
      [10, 0.8],
      [13, 0.6],
      [16, 1],
      [20, 0.7],
    ],
    noise: 2.2,
    shakePixels: 0.7,
    tree: true,
    compression: 0,
    anomalies: OUTDOORS,
  },
  {
    name: 'snow',
    summary: 'snow on the ground and in the air, a low sun with long shadows, infrared light by night',
    ground: 'snowy-street',
    walkersPerMinute: [
      [0, 0.1],
      [6, 0.2],
      [9, 2.5],
      [12, 3],
      [16, 3],
      [19, 1],
      [22, 0.3],
    ],
    carsPerMinute: [
      [0, 0.05],
      [6, 0.2],
      [9, 1.2],
      [16, 1.5],
      [21, 0.3],
    ],
    carMetresPerSecond: [4, 6],
    walkLanes: [0.8, 4],
    forbiddenLane: 6.6,
    night: 'infrared',
    clouds: 0.35,
    noonDegrees: 22,
    rain: NEVER,
    snow: [
      [0, 0.5],
      [3, 0.8],
      [6, 0.1],
      [8, 0],
      [13, 0],
      [14, 0.4],
      [15, 0.9],
      [16.5, 0.2],
      [18, 0],
      [22, 0.3],
    ],
    wind: [
      [0, 0.2],
      [15, 0.5],
      [18, 0.2],
    ],
    noise: 1.8,
    shakePixels: 0.15,
    tree: true,
    compression: 0,
    anomalies: OUTDOORS,
  },
  {
    name: 'car-park',
    summary: 'a car park with slow cars, headlights at night, infrared light',
    ground: 'car-park',
    walkersPerMinute: [
      [0, 0.1],
      [5, 0.1],
      [8, 2.5],
      [10, 1.2],
      [12, 1.8],
      [17, 3],
      [19, 1.5],
      [22, 0.6],
    ],
    carsPerMinute: [
      [0, 0.12],
      [5, 0.15],
      [8, 1.6],
      [12, 1],
      [17, 1.8],
      [22, 0.5],
    ],
    carMetresPerSecond: [2.2, 4],
    walkLanes: [3.6, 6.2],
    forbiddenLane: 8.7,
    night: 'infrared',
    clouds: 0.5,
    noonDegrees: 48,
    rain: NEVER,
    snow: NEVER,
    wind: [[0, 0.2]],
    noise: 2,
    shakePixels: 0,
    tree: true,
    compression: 0,
    anomalies: ['runner', 'cyclist', 'brawl', 'left-bag', 'fall', 'intruder', 'wrong-way'],
  },
  {
    name: 'hall',
    summary: 'a hall indoors: light switched on and off, crowds at the start and end of work, empty nights',
    ground: 'hall',
    walkersPerMinute: [
      [0, 0],
      [5.5, 0],
      [7, 4],
      [8.5, 14],
      [9.5, 4],
      [12, 9],
      [13, 5],
      [17, 13],
      [18.5, 3],
      [21, 0.4],
      [22, 0],
    ],
    carsPerMinute: NEVER,
    carMetresPerSecond: [1, 2],
    walkLanes: [1.6, 8],
    forbiddenLane: 0.6,
    night: 'indoor',
    clouds: 0.5,
    noonDegrees: 45,
    rain: NEVER,
    snow: NEVER,
    wind: NEVER,
    noise: 1.6,
    shakePixels: 0,
    tree: false,
    compression: 0,
    anomalies: ['runner', 'cyclist', 'brawl', 'left-bag', 'fall', 'intruder'],
  },
  {
    name: 'cheap',
    summary: 'a cheap camera with hard compression and a hunting exposure over a street',
    ground: 'street',
    walkersPerMinute: [
      [0, 0.4],
      [5, 0.3],
      [8, 5],
      [12, 6],
      [17, 7],
      [21, 2],
    ],
    carsPerMinute: [
      [0, 0.3],
      [5, 0.2],
      [8, 3],
      [17, 3],
      [22, 0.6],
    ],
    carMetresPerSecond: [6, 8.5],
    walkLanes: [0.8, 4.1],
    forbiddenLane: 6.6,
    night: 'infrared',
    clouds: 0.6,
    noonDegrees: 45,
    rain: NEVER,
    snow: NEVER,
    wind: [
      [0, 0.1],
      [14, 0.4],
      [20, 0.1],
    ],
    noise: 2.4,
    shakePixels: 0,
    tree: true,
    compression: 5,
    anomalies: OUTDOORS,
  },
];

/** The value of a day curve at an hour, 0 to 24. */
export function atHour(curve: DayCurve, hour: number): number {
  const first = curve[0];
  const last = curve.at(-1);
  if (!first || !last) return 0;
  let before: readonly [number, number] = [last[0] - 24, last[1]];
  for (const point of curve) {
    if (hour < point[0]) return between(before, point, hour);
    before = point;
  }
  return between(before, [first[0] + 24, first[1]], hour);
}

function between(a: readonly [number, number], b: readonly [number, number], hour: number): number {
  return b[0] === a[0] ? b[1] : a[1] + ((b[1] - a[1]) * (hour - a[0])) / (b[0] - a[0]);
}
