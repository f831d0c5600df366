import { largestPatch } from './patches.ts';
import {
  lookAt,
  lookDistance,
  middleDistance,
  overallShift,
  type PictureReference,
  type SceneReference,
} from './scene-reference.ts';
import { LOOK_DIMENSIONS, type StillLook } from './still-look.ts';

/** Deviation from which a place looks changed at all, and that from which it surely does. */
const DOUBTFUL_DEVIATION = 2;
const SURE_DEVIATION = 4;
/** Below, other looks of the place need no asking. */
const CALM_DEVIATION = 1;
/** Persistence falls to 1/e in so many seconds where the place looks as usual again. */
const FORGET_SECONDS = 1.5;
/** What was noticed for so long is believed to be still there behind what passes in front of it, for so long at most. */
const NOTICED_SECONDS = 1;
const LONGEST_HIDING_SECONDS = 10;
/** From so many seconds on a change counts as held: it is not followed any more. */
export const HELD_SECONDS = 2;
/** Persistence beyond this says nothing more. */
const LONGEST_PERSISTENCE_SECONDS = 300;
/** Longer pauses say nothing about what happened meanwhile. */
const LONGEST_STEP_SECONDS = 2;
/** A change in more than the first share of the still cells, or in more than the other beside the largest patch, is light, weather or the camera itself, not an object. */
const OVERALL_SHARE = 0.3;
const SCATTERED_SHARE = 0.05;
/** At least so many cells must be still to tell an object from an overall change. */
const LEAST_STILL_SHARE = 0.15;
/** The light jumps where more than so many cells differ by so much (logarithm) from their brightness of the last seconds. */
const JUMP_SHARE = 0.5;
const JUMP_BRIGHTNESS = 0.12;
const BRIGHTNESS_SECONDS = 2;
/** An overall change that stays so long is the new reference. */
const RESETTLE_SECONDS = 4;
/** A reported change is taken for normal after half an hour. */
export const ACCEPT_SECONDS = 1800;
/** Slow change is followed by one step every so many segments: 0.03 in 6 s, a factor of 1.35 a minute at most. */
const DRIFT_STEP = 0.03;
const DRIFT_EVERY = 12;
const DRIFT_ZERO = 128;

/** In `heldSeconds`. */
const UNKNOWN = -1;

/** What the cue remembers from segment to segment: about 2 kB for a grid of 150 cells. Never changed in place. */
export interface SceneChangeState {
  /** Whose drift it is: `SceneChangeModel.id`. */
  readonly modelId: number;
  /** UTC ms of the last segment's end; null at the start. */
  readonly endMs: number | null;
  /** Mode of the picture in use. */
  readonly picture: number;
  /** Seconds for which each cell has looked changed while nothing moved in it, doubtful ones counting in part; at most 300. */
  readonly persistence: Float32Array;
  /** Seconds for which each cell's change has been held; UNKNOWN where the cell's next still look is its reference. */
  readonly heldSeconds: Float32Array;
  /** pictures x cells x LOOK_DIMENSIONS: slow change since learning, in steps, 128 is none. */
  readonly drift: readonly Uint8Array[];
  /** Seconds for which something has been moving in front of each cell. */
  readonly hiddenSeconds: Float32Array;
  /** Logarithm of each cell's brightness, a mean over the last seconds; empty at the start. */
  readonly brightness: Float32Array;
  /** True while the light is jumping. */
  readonly jumping: boolean;
  /** Seconds for which the picture as a whole has been changed. */
  readonly overallSeconds: number;
}

export function startState(reference: SceneReference, modelId: number): SceneChangeState {
  const { cells, pictures } = reference;
  return {
    modelId,
    endMs: null,
    picture: 0,
    persistence: new Float32Array(cells),
    heldSeconds: new Float32Array(cells),
    hiddenSeconds: new Float32Array(cells),
    drift: pictures.map(() => new Uint8Array(cells * LOOK_DIMENSIONS).fill(DRIFT_ZERO)),
    brightness: new Float32Array(0),
    jumping: false,
    overallSeconds: 0,
  };
}

/** What one segment did to the state. */
export interface SceneStep {
  readonly state: SceneChangeState;
  /** True while the picture as a whole is not what is known: no single place is judged then. */
  readonly overall: boolean;
  /** The overall change taken off before places are compared; LOOK_DIMENSIONS numbers. */
  readonly shift: Float32Array;
  /** Largest deviation of a still cell from its references. */
  readonly deviation: number;
}

/** Compares a segment's look with the references and moves the state on. Pure and causal. */
export function stepScene(
  reference: SceneReference,
  state: SceneChangeState,
  look: StillLook,
  moment: { readonly endMs: number; readonly sequence: number },
): SceneStep {
  const { cells, pictures } = reference;
  const { index, picture, shift } = nearestPicture(reference, look, state.picture);
  const seconds =
    state.endMs === null ? 0 : Math.min(LONGEST_STEP_SECONDS, Math.max(0, (moment.endMs - state.endMs) / 1000));
  const brightness = followBrightness(state.brightness, look.brightness, seconds);
  const jumping = lightJumps(state.brightness, look.brightness);
  const seen = { ...state, endMs: moment.endMs, picture: index, brightness, jumping };
  if (picture === undefined || jumping) return { state: seen, overall: true, shift, deviation: 0 };
  if (state.jumping) return { state: resettle(seen, cells), overall: true, shift, deviation: 0 };

  const means = driftedMeans(picture, state.drift[index], cells);
  const deviations = new Float32Array(cells).fill(-1);
  let still = 0;
  let deviation = 0;
  for (let cell = 0; cell < cells; cell++) {
    if (look.still[cell] !== 1 || picture.counts[cell] === 0) continue;
    still += 1;
    if (state.heldSeconds[cell] === UNKNOWN) continue;
    const own = nearestLook(look.values, cell, picture, means, shift);
    deviations[cell] = own;
    deviation = Math.max(deviation, own);
  }
  const blurred = still < LEAST_STILL_SHARE * cells;
  const overall = blurred || isOverall(deviations, reference.columns, still);
  if (overall) {
    const overallSeconds = blurred ? state.overallSeconds : state.overallSeconds + seconds;
    const next = { ...seen, overallSeconds };
    const settled = overallSeconds >= RESETTLE_SECONDS ? resettle(next, cells) : next;
    return { state: settled, overall, shift, deviation };
  }

  const persistence = state.persistence.slice();
  const heldSeconds = state.heldSeconds.slice();
  const hiddenSeconds = state.hiddenSeconds.slice();
  const drift = state.drift[index]?.slice() ?? new Uint8Array(cells * LOOK_DIMENSIONS).fill(DRIFT_ZERO);
  for (let cell = 0; cell < cells; cell++) {
    const own = deviations[cell] ?? -1;
    const before = persistence[cell] ?? 0;
    if (own < 0) {
      hiddenSeconds[cell] = (hiddenSeconds[cell] ?? 0) + seconds;
      if ((hiddenSeconds[cell] ?? 0) > LONGEST_HIDING_SECONDS)
        persistence[cell] = forgotten(before, seconds / LONGEST_HIDING_SECONDS);
      if (look.still[cell] !== 1 || heldSeconds[cell] !== UNKNOWN) continue;
      take(drift, cell, look.values, picture, shift, Number.POSITIVE_INFINITY);
      heldSeconds[cell] = 0;
      continue;
    }
    // what is there before and after somebody passed was there meanwhile
    const hidden = before > NOTICED_SECONDS ? Math.min(LONGEST_HIDING_SECONDS, hiddenSeconds[cell] ?? 0) : 0;
    hiddenSeconds[cell] = 0;
    const doubt = (own - DOUBTFUL_DEVIATION) / (SURE_DEVIATION - DOUBTFUL_DEVIATION);
    const after =
      doubt > 0
        ? Math.min(LONGEST_PERSISTENCE_SECONDS, before + hidden + seconds * Math.min(1, doubt))
        : forgotten(before, seconds / FORGET_SECONDS);
    persistence[cell] = after;
    heldSeconds[cell] = after > HELD_SECONDS ? (heldSeconds[cell] ?? 0) + seconds : 0;
    if ((heldSeconds[cell] ?? 0) >= ACCEPT_SECONDS) {
      take(drift, cell, look.values, picture, shift, Number.POSITIVE_INFINITY);
      persistence[cell] = 0;
      heldSeconds[cell] = 0;
    } else if (after <= HELD_SECONDS && moment.sequence % DRIFT_EVERY === 0) {
      take(drift, cell, look.values, picture, shift, 1);
    }
  }
  const next = {
    ...seen,
    persistence,
    heldSeconds,
    hiddenSeconds,
    drift: pictures.map((_, place) => (place === index ? drift : (state.drift[place] ?? new Uint8Array()))),
    overallSeconds: Math.max(0, state.overallSeconds - 2 * seconds),
  };
  return { state: next, overall, shift, deviation };
}

/** What is left of a persistence after so many time constants; what is nearly nothing is nothing. */
function forgotten(persistence: number, times: number): number {
  const left = persistence * Math.exp(-times);
  return left < 0.1 ? 0 : left;
}

/** Whether too much of the picture changed at once for an object, which is one patch. */
function isOverall(deviations: Float32Array, columns: number, still: number): boolean {
  let changed = 0;
  for (const deviation of deviations) if (deviation > DOUBTFUL_DEVIATION) changed += 1;
  if (changed <= SCATTERED_SHARE * still) return false;
  if (changed > OVERALL_SHARE * still) return true;
  return changed - largestPatch(deviations, DOUBTFUL_DEVIATION, columns) > SCATTERED_SHARE * still;
}

/** The mode of the picture that fits best; the one in use stays unless another fits clearly better. */
function nearestPicture(
  { cells, pictures }: SceneReference,
  look: StillLook,
  current: number,
): { readonly index: number; readonly picture: PictureReference | undefined; readonly shift: Float32Array } {
  const shift = new Float32Array(LOOK_DIMENSIONS);
  let index = Math.min(current, Math.max(0, pictures.length - 1));
  if (pictures.length > 1) {
    let least = Number.POSITIVE_INFINITY;
    pictures.forEach((picture, place) => {
      overallShift(look, picture, cells, shift);
      const distance = middleDistance(look, picture, cells, shift) * (place === current ? 0.8 : 1);
      if (distance < least) {
        least = distance;
        index = place;
      }
    });
  }
  const picture = pictures[index];
  if (picture !== undefined) overallShift(look, picture, cells, shift);
  return { index, picture, shift };
}

/** Commonest look of each cell with its slow change: cells x LOOK_DIMENSIONS. */
function driftedMeans(picture: PictureReference, drift: Uint8Array | undefined, cells: number): Float32Array {
  const means = new Float32Array(cells * LOOK_DIMENSIONS);
  for (let cell = 0; cell < cells; cell++) {
    for (let k = 0; k < LOOK_DIMENSIONS; k++) {
      const place = cell * LOOK_DIMENSIONS + k;
      means[place] =
        (picture.means[lookAt(cell, 0) + k] ?? 0) + ((drift?.[place] ?? DRIFT_ZERO) - DRIFT_ZERO) * DRIFT_STEP;
    }
  }
  return means;
}

function nearestLook(
  look: Float32Array,
  cell: number,
  picture: PictureReference,
  means: Float32Array,
  shift: Float32Array,
): number {
  let distance = lookDistance(look, cell, means, cell * LOOK_DIMENSIONS, picture.spreads, shift);
  if (distance < CALM_DEVIATION) return distance;
  for (let known = 0; known < (picture.counts[cell] ?? 0); known++) {
    distance = Math.min(distance, lookDistance(look, cell, picture.means, lookAt(cell, known), picture.spreads, shift));
  }
  return distance;
}

/** Moves a cell's drift towards what is seen, by `largestStep` steps at most. */
function take(
  drift: Uint8Array,
  cell: number,
  look: Float32Array,
  picture: PictureReference,
  shift: Float32Array,
  largestStep: number,
): void {
  for (let k = 0; k < LOOK_DIMENSIONS; k++) {
    const place = cell * LOOK_DIMENSIONS + k;
    const seen = (look[place] ?? 0) - (shift[k] ?? 0) - (picture.means[lookAt(cell, 0) + k] ?? 0);
    const before = drift[place] ?? DRIFT_ZERO;
    const wanted = Math.trunc(seen / DRIFT_STEP - (before - DRIFT_ZERO));
    const step = Math.max(-largestStep, Math.min(largestStep, wanted));
    drift[place] = Math.max(1, Math.min(255, before + step));
  }
}

/** The picture as a whole is different and stays so: each cell's next still look is its reference from here on, save where a change is held. */
function resettle(state: SceneChangeState, cells: number): SceneChangeState {
  const heldSeconds = new Float32Array(cells).fill(UNKNOWN);
  state.persistence.forEach((persistence, cell) => {
    if (persistence > HELD_SECONDS && !(state.overallSeconds > 0)) heldSeconds[cell] = state.heldSeconds[cell] ?? 0;
  });
  const persistence = state.persistence.map((own, cell) => (heldSeconds[cell] === UNKNOWN ? 0 : own));
  return { ...state, persistence, heldSeconds, overallSeconds: 0 };
}

function followBrightness(mean: Float32Array, now: Float32Array, seconds: number): Float32Array {
  if (mean.length !== now.length) return now;
  const share = 1 - Math.exp(-seconds / BRIGHTNESS_SECONDS);
  return mean.map((own, cell) => own + ((now[cell] ?? 0) - own) * share);
}

function lightJumps(mean: Float32Array, now: Float32Array): boolean {
  let differing = 0;
  mean.forEach((own, cell) => {
    if (Math.abs((now[cell] ?? 0) - own) > JUMP_BRIGHTNESS) differing += 1;
  });
  return differing > JUMP_SHARE * now.length;
}
