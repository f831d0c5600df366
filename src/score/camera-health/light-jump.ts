import { followBrightness, lightJumps } from '../brightness-mean.ts';
import { type HealthSignals, likeness } from './health-signals.ts';
import type { HealthTransient } from './health-state.ts';
import { isKnown, type UsualPicture } from './usual-picture.ts';

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

export const NO_LIGHT: LightState = { mean: new Float32Array(0), before: new Float32Array(0) };

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
  const following = followBrightness(mean, now, seconds);
  if (lightJumps(mean, now)) {
    const begins = before.length === 0;
    const next = { mean: following, before: begins ? mean : before, jumps: begins ? jumps + 1 : jumps };
    return { state: next, jumping: next.jumps < ORDINARY_JUMPS, transient: null };
  }
  const name = before.length > 0 ? nameOf(before, signals, usual) : null;
  const transient = name !== 'scene-cut' && jumps >= ORDINARY_JUMPS ? null : name;
  return { state: { mean: following, before: NO_LIGHT.before, jumps }, jumping: false, transient };
}

function nameOf(before: Float32Array, signals: HealthSignals, usual: UsualPicture): HealthTransient {
  if (isKnown(usual) && likeness(signals.edges, usual.edges, signals.still) < SAME_PICTURE) return 'scene-cut';
  const changes = signals.brightness.map((now, cell) => now - (before[cell] ?? 0));
  const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length;
  const variance = changes.reduce((sum, change) => sum + (change - mean) ** 2, 0) / changes.length;
  return Math.sqrt(variance) > UNEVEN_CHANGE ? 'ir-switch' : 'lighting-step';
}
