import { problem } from '../../platform/errors.ts';
import type { SegmentFeatures } from '../segment-features.ts';
import { shareAfter } from '../share-after.ts';
import { decodeState, encodeState } from '../state-codec.ts';
import { type HealthSignals, healthSignals, likeness } from './health-signals.ts';
import { type HealthChange, type HealthState, type HealthStep, SETTLE_SECONDS } from './health-state.ts';
import { type LightState, NO_LIGHT, stepLight } from './light-jump.ts';
import { follow, inNewLight, isKnown, NO_PICTURE, type UsualPicture } from './usual-picture.ts';

/** A picture without any contrast, brightness 0 to 1. */
const BLANK_CONTRAST = 0.006;
/** A stream that is often dead while healthy is never called frozen. */
const USUALLY_DEAD = 0.02;
/** Shares of what is usual: texture left behind a cover, with less light or whatever the light; edges of a picture out of focus. */
const COVERED_TEXTURE = 0.4;
const SURELY_COVERED_TEXTURE = 0.15;
const COVERED_LIGHT = 0.75;
const DEFOCUSED_FINENESS = 0.78;
/** Correlation of the edges with the usual ones below which the camera looks elsewhere. */
const MOVED_LIKENESS = 0.45;
const SMOOTHING_SECONDS = 2;
const LONGEST_STEP_SECONDS = 2;
/** Nothing is raised for so long after the light changed. */
const HOLD_SECONDS = 5;
/** A camera that has just come right gets its light back by and by; that is no switch. */
const WELL_SECONDS = 12;
/** For so long after a jump of the light the picture may still hold what made it jump: what is usual in the new light follows quickly. */
const NEW_LIGHT_SECONDS = 15;
/** A camera that looks elsewhere for so long is meant to. */
const ACCEPT_MOVED_SECONDS = 600;

interface SavedHealth {
  readonly version: 1;
  readonly state: HealthState;
  readonly sinceMs: number;
  readonly candidate: HealthState;
  readonly candidateMs: number;
  readonly endMs: number | null;
  readonly holdUntilMs: number;
  readonly fineness: number | null;
  readonly likeness: number | null;
  readonly usual: UsualPicture;
  readonly light: LightState;
  /** Absent or past: no new light to get used to. */
  readonly newLightUntilMs?: number;
}

const AT_START: SavedHealth = {
  version: 1,
  state: 'ok',
  sinceMs: 0,
  candidate: 'ok',
  candidateMs: 0,
  endMs: null,
  holdUntilMs: 0,
  fineness: null,
  likeness: null,
  usual: NO_PICTURE,
  light: NO_LIGHT,
};

/**
 * Watches a camera's own health in what its extractor makes of the pictures: frozen, blank, covered, out of focus, moved; and what is no
 * fault but no event either, a jump of the light. Learns what is usual from the camera itself. Causal; no clock but the segments'.
 */
export class CameraHealth {
  #at: SavedHealth;

  constructor() {
    this.#at = AT_START;
  }

  /** From `toJSON`, or null. Throws VDT_SCORER_STATE_UNREADABLE. */
  static restore(saved: unknown): CameraHealth {
    const health = new CameraHealth();
    if (saved === null || saved === undefined) return health;
    if (typeof saved !== 'string') throw problem('VDT_SCORER_STATE_UNREADABLE', { reason: 'it is no state of health' });
    const state = decodeState(Uint8Array.from(Buffer.from(saved, 'base64'))) as SavedHealth;
    if (state.version !== 1) throw problem('VDT_SCORER_STATE_UNREADABLE', { reason: 'it is no state of health' });
    health.#at = state;
    return health;
  }

  /** About 2 kB of text; `restore` goes on bit-equally. */
  toJSON(): string {
    return Buffer.from(encodeState(this.#at)).toString('base64');
  }

  get state(): HealthState {
    return this.#at.state;
  }

  get sinceMs(): number {
    return this.#at.sinceMs;
  }

  /** Takes the next segment, in order. */
  observe(features: SegmentFeatures): HealthStep {
    const { endMs } = features;
    const was = this.#at;
    const signals = healthSignals(features.values, features);
    const seconds = was.endMs === null ? 0 : Math.min(LONGEST_STEP_SECONDS, Math.max(0, (endMs - was.endMs) / 1000));
    const light = stepLight(was.light, signals, was.usual, seconds);
    const smoothed = smoothedSignals(was, signals, seconds);
    const verdict = verdictOf(signals, smoothed, was.usual);

    const sinceMs = was.endMs === null ? features.startMs : was.sinceMs;
    // a lens that is covered or comes free is a change of state, not of the light
    const well = was.state === 'ok' && endMs - sinceMs >= WELL_SECONDS * 1000;
    const named = well && verdict !== 'blank' && verdict !== 'covered' && verdict !== 'frozen';
    const transient = named ? light.transient : null;
    const candidateMs = verdict === was.candidate ? was.candidateMs : features.startMs;
    const settled = verdict !== was.state && endMs - candidateMs >= SETTLE_SECONDS[verdict] * 1000;
    const accepted = was.state === 'moved' && verdict === 'moved' && endMs - sinceMs >= ACCEPT_MOVED_SECONDS * 1000;
    const state = accepted ? 'ok' : settled ? verdict : was.state;
    const change: HealthChange | null =
      state === was.state ? null : { state, previousState: was.state, sinceMs: candidateMs, atMs: endMs };
    const quiet = state === 'ok' && verdict === 'ok' && !light.jumping;
    const holdUntilMs =
      light.jumping || light.transient !== null || change !== null ? endMs + HOLD_SECONDS * 1000 : was.holdUntilMs;
    const relit = transient === 'ir-switch' || transient === 'lighting-step';
    const newLightUntilMs = relit ? endMs + NEW_LIGHT_SECONDS * 1000 : (was.newLightUntilMs ?? 0);
    const inSameLight = quiet ? follow(was.usual, signals) : was.usual;
    const usual =
      endMs < newLightUntilMs
        ? inNewLight(inSameLight, signals, relit ? 1 : shareAfter(seconds, SMOOTHING_SECONDS))
        : inSameLight;
    this.#at = {
      version: 1,
      state,
      sinceMs: change === null ? sinceMs : accepted ? endMs : candidateMs,
      candidate: accepted ? 'ok' : verdict,
      candidateMs,
      endMs,
      holdUntilMs,
      ...(accepted ? { fineness: null, likeness: null } : smoothed),
      ...(relit ? { fineness: signals.fineness } : {}),
      usual: accepted ? NO_PICTURE : usual,
      light: light.state,
      newLightUntilMs,
    };
    return {
      state,
      sinceMs: this.#at.sinceMs,
      hold: !quiet || endMs < holdUntilMs,
      change,
      transient,
    };
  }
}

interface Smoothed {
  readonly fineness: number;
  readonly likeness: number;
}

function smoothedSignals(was: SavedHealth, signals: HealthSignals, seconds: number): Smoothed {
  const share = shareAfter(seconds, SMOOTHING_SECONDS);
  const smooth = (before: number | null, now: number) => (before === null ? now : before + (now - before) * share);
  const like = isKnown(was.usual) ? likeness(signals.edges, was.usual.edges, signals.still) : 1;
  return { fineness: smooth(was.fineness, signals.fineness), likeness: smooth(was.likeness, like) };
}

/** What the picture looks like at this moment, without patience. */
function verdictOf(signals: HealthSignals, smoothed: Smoothed, usual: UsualPicture): HealthState {
  if (signals.largestContrast < BLANK_CONTRAST)
    return signals.dead || !isKnown(usual) ? 'blank' : coverOrBlank(signals);
  if (!isKnown(usual)) return 'ok';
  if (signals.dead && usual.deadShare < USUALLY_DEAD) return 'frozen';
  const texture = signals.texture / Math.max(usual.texture, 1e-6);
  if (texture < SURELY_COVERED_TEXTURE) return 'covered';
  if (texture < COVERED_TEXTURE && signals.light < COVERED_LIGHT * usual.light) return 'covered';
  if (smoothed.likeness < MOVED_LIKENESS) return 'moved';
  if (smoothed.fineness < DEFOCUSED_FINENESS * usual.fineness) return 'defocused';
  return 'ok';
}

/** Sensor noise under no picture at all: something lies on the lens; without noise the stream itself is empty. */
function coverOrBlank(signals: HealthSignals): HealthState {
  return signals.dead ? 'blank' : 'covered';
}
