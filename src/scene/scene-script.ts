import { problem } from '../platform/errors.ts';

export type AnomalyKind = 'runner' | 'cyclist' | 'vehicle' | 'left-bag' | 'brawl';
/** `right` goes away from the camera, `left` comes towards it. */
export type Direction = 'left' | 'right';

interface AnomalyBase {
  readonly kind: AnomalyKind;
  /** When it starts, seconds from the start of the scene. What moves enters at the picture's edge at about this time. */
  readonly atSecond: number;
}

/** Someone runs along the pavement at `speedFactor` (default 3) times a usual walking speed. */
export interface Runner extends AnomalyBase {
  readonly kind: 'runner';
  readonly direction?: Direction;
  readonly speedFactor?: number;
}

/** A bicycle on the pavement, at 4.8 m/s unless told otherwise; by default against the stream of its lane. */
export interface Cyclist extends AnomalyBase {
  readonly kind: 'cyclist';
  readonly direction?: Direction;
  readonly metresPerSecond?: number;
}

/** A van drives along the pavement, at 3.2 m/s unless told otherwise. */
export interface VehicleOnPavement extends AnomalyBase {
  readonly kind: 'vehicle';
  readonly direction?: Direction;
  readonly metresPerSecond?: number;
}

/** Someone puts a bag down at `atSecond` and walks on; it stays for `staysSeconds` (default: to the end of the scene). */
export interface LeftBag extends AnomalyBase {
  readonly kind: 'left-bag';
  readonly staysSeconds?: number;
}

/** Two or three people fight for `lastsSeconds` (default 8); they come and go walking. */
export interface Brawl extends AnomalyBase {
  readonly kind: 'brawl';
  readonly lastsSeconds?: number;
  readonly people?: 2 | 3;
}

export type Anomaly = Runner | Cyclist | VehicleOnPavement | LeftBag | Brawl;

/** A scene as data: the same script gives the same bytes on every machine. */
export interface SceneScript {
  /** Decides who walks when, and the noise. */
  readonly seed: number;
  /** Decides what the street looks like: scenes of one camera share it. */
  readonly streetSeed: number;
  /** Pixels; even, because H.264 halves the colour planes. */
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly durationSeconds: number;
  /** Arrivals of walkers or small groups; the rate swells and ebbs by about a half around this mean. */
  readonly arrivalsPerMinute: number;
  /** Cars on the road, which is normal here. */
  readonly carsPerMinute: number;
  /** The last frame leads to the first: walkers, cars and light go round, so that the recording loops without a seam. */
  readonly loop: boolean;
  /** Deviation of the sensor noise, grey levels of 255. */
  readonly noise: number;
  /** Depth of the slow change of daylight, 0 to 1. */
  readonly lightDrift: number;
  /** Deviation of the camera's shake, pixels. */
  readonly shake: number;
  /** 0 (dry) to 1 (a downpour). */
  readonly rain: number;
  readonly anomalies: readonly Anomaly[];
}

const DEFAULTS: SceneScript = {
  seed: 1,
  streetSeed: 1,
  width: 640,
  height: 360,
  framesPerSecond: 15,
  durationSeconds: 60,
  arrivalsPerMinute: 14,
  carsPerMinute: 3,
  loop: false,
  noise: 2.5,
  lightDrift: 0.5,
  shake: 0,
  rain: 0,
  anomalies: [],
};

const RANGES = [
  ['width', 64, 3840],
  ['height', 64, 2160],
  ['framesPerSecond', 1, 60],
  ['durationSeconds', 1, 86_400],
  ['arrivalsPerMinute', 0, 240],
  ['carsPerMinute', 0, 60],
  ['noise', 0, 40],
  ['lightDrift', 0, 1],
  ['shake', 0, 3],
  ['rain', 0, 1],
] as const satisfies readonly (readonly [keyof SceneScript, number, number])[];

/**
 * Fills in the defaults (640 x 360, 15 frames a second, one minute, no anomalies) and checks each field.
 * @throws VDT_SCENE_INVALID naming the field.
 */
export function sceneScript(fields: Partial<SceneScript>): SceneScript {
  const script = { ...DEFAULTS, ...fields };
  for (const [field, low, high] of RANGES) {
    const value = script[field];
    if (!Number.isFinite(value) || value < low || value > high) {
      throw problem('VDT_SCENE_INVALID', { field, reason: `must be a number from ${low} to ${high}` });
    }
  }
  for (const field of ['width', 'height'] as const) {
    if (script[field] % 2 !== 0) throw problem('VDT_SCENE_INVALID', { field, reason: 'must be even' });
  }
  for (const field of ['seed', 'streetSeed'] as const) {
    if (!Number.isInteger(script[field]))
      throw problem('VDT_SCENE_INVALID', { field, reason: 'must be a whole number' });
  }
  script.anomalies.forEach((anomaly, index) => {
    if (!(anomaly.atSecond >= 0 && anomaly.atSecond < script.durationSeconds)) {
      const reason = `must be from 0 up to the duration of ${script.durationSeconds} s`;
      throw problem('VDT_SCENE_INVALID', { field: `anomalies[${index}].atSecond`, reason });
    }
  });
  return script;
}

/** Frames in the scene, at least one. */
export function frameCount(script: SceneScript): number {
  return Math.max(1, Math.round(script.durationSeconds * script.framesPerSecond));
}
