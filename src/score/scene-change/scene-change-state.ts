import { followBrightness, lightJumps } from '../brightness-mean.ts';
import { type Background, followCell, settleCell, shiftCell } from './background.ts';
import { largestPatch } from './patches.ts';
import {
  backgroundDistance,
  edgeChange,
  otherLookDistance,
  overallShift,
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
const LONGEST_PERSISTENCE_SECONDS = 60;
/** Longer pauses say nothing about what happened meanwhile. */
const LONGEST_STEP_SECONDS = 2;
/** A change in more than the first share of the still cells, or in more than the other beside the largest patch, is light, weather or the camera itself, not an object. */
const OVERALL_SHARE = 0.3;
const SCATTERED_SHARE = 0.05;
/** At least so many cells must be still to tell an object from an overall change. */
const LEAST_STILL_SHARE = 0.15;
/** An overall change that stays so long is the new background. */
const RESETTLE_SECONDS = 4;
/** Who stood there when a place was looked at anew goes away again: so long a new background is corrected without a word. */
const PROBATION_SECONDS = 600;
/** So long at first whatever the change, later only where edges became fewer: somebody went. */
const OPEN_PROBATION_SECONDS = 20;
/** After so long without a picture every place is looked at anew. */
const STALE_MS = 3_600_000;
/** A reported change is taken for normal after half an hour. */
export const ACCEPT_SECONDS = 1800;
/** Slow change is followed by one step (0.03) each 6 s, a factor of 1.35 a minute at most. */
const FOLLOW_MS = 6000;
const MOST_STEPS = 2;

/**
 * An object makes a step in the deviation, light grows: smaller steps are light. Where, or beside where, nothing has moved for so long, nobody
 * can have put anything: there it takes a larger one.
 */
const LEAST_STEP = 1;
const UNTOUCHED_SECONDS = 3;
const UNTOUCHED_STEP = 2;
/** In so many untouched places at once: the light is changing. What is then left where somebody stood meanwhile is light as well. */
const LIGHT_CELLS = 3;
/** Somebody went where less than this share of the deviation is left. */
const LEFT_SHARE = 0.75;
/** An object is there at once. What grows bit by bit, a step and more in sum, in the first seconds after somebody passed is light. */
const LEAST_GROWTH = 0.03;
const MOST_GROWTH = 0.6;
const GROWING_SECONDS = 6;
/** Such a change is followed by one step each half second, a factor of 1.8 in ten seconds at most: a shadow's edge when the sun comes out. */
const LIGHT_FOLLOW_MS = 500;

/** In `heldSeconds`. */
const UNKNOWN = -1000;

/** What the cue remembers from segment to segment: about 6 kB for a grid of 150 cells. Never changed in place. */
export interface SceneChangeState {
  /** UTC ms of the last segment's end; null at the start. */
  readonly endMs: number | null;
  /** How each cell looks now where no change is held. */
  readonly background: Background;
  /** Seconds for which each cell has looked changed while nothing moved in it, doubtful ones counting in part; at most 60. */
  readonly persistence: Float32Array;
  /** Seconds for which each cell's change has been held; below 0 while on probation, UNKNOWN where the next still look is the background. */
  readonly heldSeconds: Float32Array;
  /** Seconds for which something has been moving in front of each cell. */
  readonly hiddenSeconds: Float32Array;
  /** Seconds since something moved in each cell or in one beside it; absent in states of earlier editions. */
  readonly untouchedSeconds?: Float32Array;
  /** Seconds since the light was last seen changing; absent likewise. */
  readonly steadySeconds?: number;
  /** Deviation of each cell when it was last seen still; absent likewise. */
  readonly lastDeviations?: Float32Array;
  /** By how much each cell's deviation has grown without a break; absent likewise. */
  readonly growths?: Float32Array;
  /** Logarithm of each cell's brightness, a mean over the last seconds; empty at the start. */
  readonly brightness: Float32Array;
  /** True while the light is jumping. */
  readonly jumping: boolean;
  /** Seconds for which the picture as a whole has been changed. */
  readonly overallSeconds: number;
}

/** Starts from how things looked at the history's end. */
export function startState({ cells, counts, latest, endMs }: SceneReference): SceneChangeState {
  return {
    endMs,
    background: latest,
    persistence: new Float32Array(cells),
    heldSeconds: Float32Array.from(counts, (count) => (count === 0 ? UNKNOWN : 0)),
    hiddenSeconds: new Float32Array(cells),
    untouchedSeconds: new Float32Array(cells),
    lastDeviations: new Float32Array(cells),
    growths: new Float32Array(cells),
    steadySeconds: 0,
    brightness: new Float32Array(0),
    jumping: false,
    overallSeconds: 0,
  };
}

/** Starts from whatever is seen next. */
export function blindState(reference: SceneReference): SceneChangeState {
  return { ...startState(reference), endMs: null, heldSeconds: new Float32Array(reference.cells).fill(UNKNOWN) };
}

/** What one segment did to the state. */
export interface SceneStep {
  readonly state: SceneChangeState;
  /** True while the picture as a whole is not what is known: no single place is judged then. */
  readonly overall: boolean;
  /** The overall change taken off before places are compared; LOOK_DIMENSIONS numbers. */
  readonly shift: Float32Array;
  /** Largest deviation of a still cell from its background. */
  readonly deviation: number;
}

/** Compares a segment's look with the background and moves the state on. Pure and causal. */
export function stepScene(
  reference: SceneReference,
  before: SceneChangeState,
  look: StillLook,
  moment: { readonly endMs: number },
): SceneStep {
  const { cells } = reference;
  const { endMs } = moment;
  const stale = before.endMs !== null && endMs - before.endMs > STALE_MS;
  const state = stale ? resettle(before, cells) : before;
  const sinceMs = before.endMs === null ? 0 : Math.max(0, endMs - before.endMs);
  const seconds = Math.min(LONGEST_STEP_SECONDS, sinceMs / 1000);
  const jumping = lightJumps(state.brightness, look.brightness);
  const seen = {
    ...state,
    endMs,
    untouchedSeconds: touch(state.untouchedSeconds, look.still, reference.columns, seconds),
    brightness: followBrightness(state.brightness, look.brightness, seconds),
    jumping,
  };
  const noShift = new Float32Array(LOOK_DIMENSIONS);
  if (jumping) return { state: seen, overall: true, shift: noShift, deviation: 0 };
  if (state.jumping) return { state: resettle(seen, cells), overall: true, shift: noShift, deviation: 0 };

  const known = new Uint8Array(cells);
  for (let cell = 0; cell < cells; cell++) if (state.heldSeconds[cell] !== UNKNOWN) known[cell] = 1;
  const shift = overallShift(look, state.background, known);
  const { deviations, still, deviation } = compare(reference, state, look, shift);
  const blurred = still < LEAST_STILL_SHARE * cells;
  if (blurred || isOverall(deviations, reference.columns, still)) {
    const overallSeconds = blurred ? state.overallSeconds : state.overallSeconds + seconds;
    const next = { ...seen, overallSeconds };
    const settled = overallSeconds >= RESETTLE_SECONDS ? resettle(next, cells) : next;
    return { state: settled, overall: true, shift, deviation };
  }
  const steps = {
    ordinary: stepsBetween(before.endMs, endMs, FOLLOW_MS),
    light: stepsBetween(before.endMs, endMs, LIGHT_FOLLOW_MS),
  };
  return { state: moveOn(seen, look, deviations, shift, seconds, steps), overall: false, shift, deviation };
}

/** Deviation of each still cell from its background, -1 where it moves or is not known; how many are still; the largest. */
function compare(
  reference: SceneReference,
  state: SceneChangeState,
  { values, still }: StillLook,
  shift: Float32Array,
) {
  const { cells, spreads, counts } = reference;
  const deviations = new Float32Array(cells).fill(-1);
  let stillCount = 0;
  let deviation = 0;
  for (let cell = 0; cell < cells; cell++) {
    if (still[cell] !== 1) continue;
    stillCount += 1;
    if (state.heldSeconds[cell] === UNKNOWN) continue;
    let own = backgroundDistance(values, cell, state.background, spreads, shift);
    if (own > CALM_DEVIATION && (counts[cell] ?? 0) > 1) {
      own = Math.min(own, otherLookDistance(values, cell, state.background, reference, shift));
    }
    deviations[cell] = own;
    if (own > deviation) deviation = own;
  }
  return { deviations, still: stillCount, deviation };
}

function stepsBetween(beforeMs: number | null, nowMs: number, everyMs: number): number {
  if (beforeMs === null) return 0;
  return Math.min(MOST_STEPS, Math.max(0, Math.floor(nowMs / everyMs) - Math.floor(beforeMs / everyMs)));
}

/** Moves each cell's persistence and background on. */
function moveOn(
  state: SceneChangeState & Required<Pick<SceneChangeState, 'untouchedSeconds'>>,
  { values, still }: StillLook,
  deviations: Float32Array,
  shift: Float32Array,
  seconds: number,
  steps: { readonly ordinary: number; readonly light: number },
): SceneChangeState {
  const persistence = state.persistence.slice();
  const heldSeconds = state.heldSeconds.slice();
  const hiddenSeconds = state.hiddenSeconds.slice();
  const background = state.background.slice();
  const lastDeviations = state.lastDeviations?.slice() ?? new Float32Array(deviations.length);
  const growths = state.growths?.slice() ?? new Float32Array(deviations.length);
  const steadySeconds = lightChanges(deviations, state) ? 0 : (state.steadySeconds ?? 0) + seconds;
  for (let cell = 0; cell < deviations.length; cell++) {
    const own = deviations[cell] as number;
    const before = persistence[cell] as number;
    const held = heldSeconds[cell] as number;
    if (own < 0) {
      const hidden = (hiddenSeconds[cell] as number) + seconds;
      hiddenSeconds[cell] = hidden;
      if (hidden > LONGEST_HIDING_SECONDS && before > 0) {
        persistence[cell] = forgotten(before, seconds / LONGEST_HIDING_SECONDS);
      }
      if (still[cell] !== 1 || held !== UNKNOWN) continue;
      settleCell(background, cell, values);
      persistence[cell] = 0;
      heldSeconds[cell] = -PROBATION_SECONDS;
      continue;
    }
    const untouched = (state.untouchedSeconds[cell] as number) > UNTOUCHED_SECONDS;
    const last = lastDeviations[cell] as number;
    const step = own - last;
    const grows = (hiddenSeconds[cell] as number) === 0 && step > LEAST_GROWTH && step < MOST_GROWTH;
    const growth = grows ? (growths[cell] as number) + step : 0;
    growths[cell] = growth;
    const isLight =
      before === 0
        ? step < (untouched ? UNTOUCHED_STEP : LEAST_STEP)
        : (growth > LEAST_STEP && before < GROWING_SECONDS) ||
          ((hiddenSeconds[cell] as number) > 0 && own < LEFT_SHARE * last && steadySeconds < held);
    if (seconds > 0) lastDeviations[cell] = own;
    if (own > CALM_DEVIATION && isLight) {
      persistence[cell] = 0;
      hiddenSeconds[cell] = 0;
      heldSeconds[cell] = held < 0 ? Math.min(0, held + seconds) : 0;
      followCell(background, cell, values, Math.max(steps.light, steps.ordinary));
      continue;
    }
    // what is there before and after somebody passed was there meanwhile
    const hidden = before > NOTICED_SECONDS ? Math.min(LONGEST_HIDING_SECONDS, hiddenSeconds[cell] as number) : 0;
    hiddenSeconds[cell] = 0;
    const doubt = (own - DOUBTFUL_DEVIATION) / (SURE_DEVIATION - DOUBTFUL_DEVIATION);
    let after = 0;
    if (doubt > 0) after = Math.min(LONGEST_PERSISTENCE_SECONDS, before + hidden + seconds * Math.min(1, doubt));
    else if (before > 0) after = forgotten(before, seconds / FORGET_SECONDS);
    const isHeld = after > HELD_SECONDS;
    const corrected =
      isHeld &&
      held < 0 &&
      (held < OPEN_PROBATION_SECONDS - PROBATION_SECONDS || edgeChange(values, cell, background, shift) < 0);
    if (corrected || held + seconds >= ACCEPT_SECONDS) {
      settleCell(background, cell, values);
      persistence[cell] = 0;
      heldSeconds[cell] = Math.min(0, held);
      continue;
    }
    persistence[cell] = after;
    heldSeconds[cell] = held < 0 ? Math.min(0, held + seconds) : isHeld ? held + seconds : 0;
    if (steps.ordinary === 0) continue;
    if (isHeld) shiftCell(background, cell, shift, steps.ordinary);
    else followCell(background, cell, values, steps.ordinary);
  }
  const overallSeconds = Math.max(0, state.overallSeconds - 2 * seconds);
  return {
    ...state,
    persistence,
    heldSeconds,
    hiddenSeconds,
    lastDeviations,
    growths,
    steadySeconds,
    background,
    overallSeconds,
  };
}

/** What is left of a persistence after so many time constants; what is nearly nothing is nothing. */
function forgotten(persistence: number, times: number): number {
  const left = persistence * Math.exp(-times);
  return left < 0.1 ? 0 : left;
}

/** Whether too much of the picture changed at once for an object, which is one patch. */
function isOverall(deviations: Float32Array, columns: number, still: number): boolean {
  let changed = 0;
  for (let cell = 0; cell < deviations.length; cell++) {
    if ((deviations[cell] as number) > DOUBTFUL_DEVIATION) changed += 1;
  }
  if (changed <= SCATTERED_SHARE * still) return false;
  if (changed > OVERALL_SHARE * still) return true;
  return changed - largestPatch(deviations, DOUBTFUL_DEVIATION, columns) > SCATTERED_SHARE * still;
}

/** The picture as a whole is different and stays so: each cell's next still look is its background from here on, save where a change is held. */
function resettle(state: SceneChangeState, cells: number): SceneChangeState {
  const heldSeconds = new Float32Array(cells).fill(UNKNOWN);
  state.persistence.forEach((persistence, cell) => {
    if (persistence > HELD_SECONDS && !(state.overallSeconds > 0)) heldSeconds[cell] = state.heldSeconds[cell] ?? 0;
  });
  const persistence = state.persistence.map((own, cell) => (heldSeconds[cell] === UNKNOWN ? 0 : own));
  return { ...state, persistence, heldSeconds, overallSeconds: 0 };
}

/** Whether several places where nothing is and nothing moves look different from their background at once. */
function lightChanges(
  deviations: Float32Array,
  { persistence, untouchedSeconds }: Required<Pick<SceneChangeState, 'persistence' | 'untouchedSeconds'>>,
): boolean {
  let changing = 0;
  for (let cell = 0; cell < deviations.length; cell++) {
    if (persistence[cell] !== 0 || (untouchedSeconds[cell] as number) <= UNTOUCHED_SECONDS) continue;
    if ((deviations[cell] as number) > CALM_DEVIATION) changing += 1;
  }
  return changing >= LIGHT_CELLS;
}

/** Seconds since something moved in each cell or in one of the eight beside it. */
function touch(before: Float32Array | undefined, still: Uint8Array, columns: number, seconds: number): Float32Array {
  const since = new Float32Array(still.length);
  for (let cell = 0; cell < since.length; cell++) since[cell] = (before?.[cell] ?? 0) + seconds;
  for (let cell = 0; cell < still.length; cell++) {
    if (still[cell] === 1) continue;
    const column = cell % columns;
    const left = column > 0 ? -1 : 0;
    const right = column < columns - 1 ? 1 : 0;
    for (let above = cell - columns; above <= cell + columns; above += columns) {
      for (let near = above + left; near <= above + right; near++) {
        if (near >= 0 && near < since.length) since[near] = 0;
      }
    }
  }
  return since;
}
