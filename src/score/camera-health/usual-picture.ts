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
  const towards = (old: number, now: number) => old + (now - old) * share;
  return {
    segments: Math.min(usual.segments + 1, FOLLOW_SEGMENTS),
    texture: towards(usual.texture, signals.texture),
    fineness: towards(usual.fineness, signals.fineness),
    light: towards(usual.light, signals.light),
    deadShare: towards(usual.deadShare, signals.dead ? 1 : 0),
    edges: mapTowards(usual.edges, signals.edges, share),
  };
}

function mapTowards(usual: Float32Array, now: Float32Array, share: number): Float32Array {
  const next = now.slice();
  for (let cell = 0; cell < usual.length; cell++) {
    const old = usual[cell] ?? 0;
    next[cell] = old + ((now[cell] ?? 0) - old) * share;
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
  const towards = (old: number, now: number) => old + (now - old) * share;
  return {
    ...usual,
    texture: towards(usual.texture, texture),
    fineness: towards(usual.fineness, fineness),
    light: towards(usual.light, light),
  };
}
