import { type HealthSignals, likeness } from './health-signals.ts';
import type { HealthTransient } from './health-state.ts';
import { isKnown, type UsualPicture } from './usual-picture.ts';

/** The light jumps where more than half of the cells differ by this (logarithm) from the last seconds. */
const JUMP_SHARE = 0.5;
const JUMP_BRIGHTNESS = 0.12;
const BRIGHTNESS_SECONDS = 2;
/** Infrared changes materials differently, a lamp or a cloud all alike: deviation over the cells, logarithm. */
const UNEVEN_CHANGE = 0.12;
/**
 * Jumps in the last hour, older ones counting less, from which on they are what this camera's life is like: its exposure answers to every
 * car that fills the picture. Then they are learned like all else, and neither held nor told.
 */
const ORDINARY_JUMPS = 8;
const JUMPS_REMEMBERED_SECONDS = 3_600;
/** Below this likeness of the edges it is another picture. */
const SAME_PICTURE = 0.45;

/** Plain data; never changed in place. */
export interface LightState {
  /** Logarithm of each cell's brightness, a mean over the last seconds; empty at the start. */
  readonly mean: Float32Array;
  /** The same before the jump that is under way; empty while there is none. */
  readonly before: Float32Array;
  /** Jumps so far, each fading within about an hour; absent: none. */
  readonly jumps?: number;
}

export const NO_LIGHT: LightState = { mean: new Float32Array(0), before: new Float32Array(0), jumps: 0 };

/** Follows the light; names a jump once it is over, unless jumps are ordinary here. */
export function stepLight(
  state: LightState,
  signals: HealthSignals,
  usual: UsualPicture,
  seconds: number,
): { readonly state: LightState; readonly jumping: boolean; readonly transient: HealthTransient | null } {
  const { mean, before } = state;
  const now = signals.brightness;
  const jumps = (state.jumps ?? 0) * Math.exp(-seconds / JUMPS_REMEMBERED_SECONDS);
  if (mean.length !== now.length)
    return { state: { mean: now, before: NO_LIGHT.before, jumps }, jumping: false, transient: null };
  const share = 1 - Math.exp(-seconds / BRIGHTNESS_SECONDS);
  const following = new Float32Array(mean.length);
  for (let cell = 0; cell < mean.length; cell++) {
    const own = mean[cell] ?? 0;
    following[cell] = own + ((now[cell] ?? 0) - own) * share;
  }
  if (differingShare(mean, now) > JUMP_SHARE) {
    const begins = before.length === 0;
    const next = { mean: following, before: begins ? mean : before, jumps: begins ? jumps + 1 : jumps };
    return { state: next, jumping: next.jumps < ORDINARY_JUMPS, transient: null };
  }
  const name = before.length > 0 ? nameOf(before, signals, usual) : null;
  const transient = name !== 'scene-cut' && jumps >= ORDINARY_JUMPS ? null : name;
  return { state: { mean: following, before: NO_LIGHT.before, jumps }, jumping: false, transient };
}

function differingShare(mean: Float32Array, now: Float32Array): number {
  let differing = 0;
  for (let cell = 0; cell < mean.length; cell++) {
    if (Math.abs((now[cell] ?? 0) - (mean[cell] ?? 0)) > JUMP_BRIGHTNESS) differing += 1;
  }
  return differing / now.length;
}

function nameOf(before: Float32Array, signals: HealthSignals, usual: UsualPicture): HealthTransient {
  if (isKnown(usual) && likeness(signals.edges, usual.edges, signals.still) < SAME_PICTURE) return 'scene-cut';
  const changes = signals.brightness.map((now, cell) => now - (before[cell] ?? 0));
  const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length;
  const variance = changes.reduce((sum, change) => sum + (change - mean) ** 2, 0) / changes.length;
  return Math.sqrt(variance) > UNEVEN_CHANGE ? 'ir-switch' : 'lighting-step';
}
