import type { HealthSignals } from './health-signals.ts';

/** Segments from which on the usual picture is known well enough to judge by. */
const KNOWN_SEGMENTS = 40;
/** Afterwards it follows the camera with a time constant of so many segments (10 minutes at two a second). */
const FOLLOW_SEGMENTS = 1200;

/** What the camera usually shows while it is well. Plain data; never changed in place. */
export interface UsualPicture {
  readonly segments: number;
  readonly texture: number;
  readonly fineness: number;
  readonly light: number;
  /** Share of segments in which not one pixel changed: near 1 for clean synthetic streams. */
  readonly deadShare: number;
  readonly edges: Float32Array;
}

export const NO_PICTURE: UsualPicture = {
  segments: 0,
  texture: 0,
  fineness: 0,
  light: 0,
  deadShare: 0,
  edges: new Float32Array(0),
};

export function isKnown(usual: UsualPicture): boolean {
  return usual.segments >= KNOWN_SEGMENTS;
}

/** Takes in a segment of a healthy camera: a mean at first, then a slow one. */
export function follow(usual: UsualPicture, signals: HealthSignals): UsualPicture {
  const share = 1 / Math.min(usual.segments + 1, FOLLOW_SEGMENTS);
  return {
    ...inNewLight(usual, signals, share),
    segments: Math.min(usual.segments + 1, FOLLOW_SEGMENTS),
    deadShare: towards(usual.deadShare, signals.dead ? 1 : 0, share),
    edges: mapTowards(usual.edges, signals.edges, share),
  };
}

/** `share` of the way from one to the other. */
function towards(old: number, now: number, share: number): number {
  return old + (now - old) * share;
}

function mapTowards(usual: Float32Array, now: Float32Array, share: number): Float32Array {
  const next = now.slice();
  for (let cell = 0; cell < usual.length; cell++) {
    next[cell] = towards(usual[cell] ?? 0, now[cell] ?? 0, share);
  }
  return next;
}

/**
 * The same place in another light: what depends on light goes to this segment's. Infrared is a little out of focus on most lenses.
 *
 * @param share 1 takes it over at once, less goes so far towards it
 */
export function inNewLight(
  usual: UsualPicture,
  { texture, fineness, light }: HealthSignals,
  share: number,
): UsualPicture {
  return {
    ...usual,
    texture: towards(usual.texture, texture, share),
    fineness: towards(usual.fineness, fineness, share),
    light: towards(usual.light, light, share),
  };
}
