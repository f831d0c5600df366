import { latticeChannelIndex } from '../motion-grid-channels.ts';
import { selectAt } from '../scene-change/select.ts';
import type { Lattice } from '../segment-features.ts';

/** Steps of the logarithm of brightness and of edges, nats. */
const LEVEL = 1 / 48;
const EDGE_LEVEL = 1 / 24;
const LEAST_BRIGHTNESS = 0.02;
const LEAST_EDGES = 0.015;
/** A place is foreground where brightness differs so much, or so many times its own usual difference; or where edges do. Steps. */
const LEAST_DIFFERENCE = 6;
const SPREADS = 4;
const EDGE_DIFFERENCE = 16;
/** Change of brightness from frame to frame from which a place moves, and how many times that of the calm quarter of the picture. */
const MOVING_CHANGE = 0.015;
const CALM_RATIO = 2.5;
/** Segments in which a new backdrop takes over whatever stands still, and in which steps are larger. */
const BOOTSTRAP_SEGMENTS = 60;
const BOOTSTRAP_STEP = 3;
/** One step of light each second; of what stands in front of the backdrop one a minute: half an hour for most things. */
const FOLLOW_EVERY = 2;
const SPREAD_EVERY = 4;
const ABSORB_EVERY = 120;
/** More foreground than this is another light, or another view. */
const ANOTHER_SCENE = 0.5;
/** Blocks in which light is taken to change alike. */
const BLOCK_ROWS = 3;
const BLOCK_COLUMNS = 3;
/** Steps by which a block's light may differ from the whole picture's. */
const BLOCK_REACH = 8;

const CHANGE = latticeChannelIndex('change');
const BRIGHTNESS = latticeChannelIndex('brightness');
const EDGES = latticeChannelIndex('edges');

/** How the scene looks without those who come and go, one byte a place and quantity; never changed in place. */
export interface BackdropState {
  readonly epoch: number;
  /** Segments seen since the backdrop began. */
  readonly segments: number;
  readonly levels: Uint8Array;
  readonly edges: Uint8Array;
  /** Twice the usual difference of a place's level, steps. */
  readonly spreads: Uint8Array;
  /** Segments for which a place has been foreground without moving, at most 255. */
  readonly still: Uint8Array;
}

/** What stands before the backdrop in one segment. */
export interface Foreground {
  /** 1 where a place differs from the backdrop or moves. */
  readonly present: Uint8Array;
  /** 1 where it moves. */
  readonly moving: Uint8Array;
  /** Segments for which a place has been foreground without moving, this one included. */
  readonly still: Uint8Array;
  /** By how much a place is brighter than the backdrop in the present light, and has stronger edges; nats. */
  readonly brighter: Float32Array;
  readonly sharper: Float32Array;
}

/** Whether a lattice says how places look, not only how they move: those of earlier packs do not. */
export function knowsBrightness({ channels }: Lattice): boolean {
  return channels > Math.max(BRIGHTNESS, EDGES);
}

/**
 * Tells what stands before the backdrop and moves the backdrop on: sigma-delta steps of whole levels (Manzanera and Richefeu 2007), so that
 * the state is small and exact. Light that changes over the picture, or over a ninth of it, is taken off first. Pure and causal.
 */
export function stepBackdrop(
  before: BackdropState | null,
  lattice: Lattice,
  epoch: number,
): { readonly state: BackdropState; readonly foreground: Foreground } {
  const { rows, columns, channels, values } = lattice;
  const places = rows * columns;
  const levels = new Uint8Array(places);
  const edges = new Uint8Array(places);
  const changes = new Float32Array(places);
  for (let place = 0; place < places; place++) {
    const at = place * channels;
    levels[place] = bounded(240 + Math.log((values[at + BRIGHTNESS] as number) + LEAST_BRIGHTNESS) / LEVEL);
    edges[place] = bounded(110 + Math.log((values[at + EDGES] as number) + LEAST_EDGES) / EDGE_LEVEL);
    changes[place] = values[at + CHANGE] as number;
  }
  const limit = Math.max(MOVING_CHANGE, CALM_RATIO * selectAt(changes.slice(), places, places >> 2));
  const moving = new Uint8Array(places);
  for (let place = 0; place < places; place++) if ((changes[place] as number) >= limit) moving[place] = 1;

  if (before === null || before.levels.length !== places) return fresh(levels, edges, moving, epoch);
  // after a break of the stream the scene is mostly the same, but nobody knows for how long things have stood there
  const stood = before.epoch === epoch ? before.still : new Uint8Array(places);
  const light = lightOver(levels, before.levels, moving, rows, columns);
  const present = new Uint8Array(places);
  const still = new Uint8Array(places);
  const brighter = new Float32Array(places);
  const sharper = new Float32Array(places);
  const next = {
    levels: before.levels.slice(),
    edges: before.edges.slice(),
    spreads: before.spreads.slice(),
  };
  const isYoung = before.segments < BOOTSTRAP_SEGMENTS;
  const follows = before.segments % FOLLOW_EVERY === 0;
  const spreads = before.segments % SPREAD_EVERY === 0;
  const absorbs = before.segments % ABSORB_EVERY === 0;
  let count = 0;
  for (let place = 0; place < places; place++) {
    const difference = (levels[place] as number) - (before.levels[place] as number);
    const apart = difference - (light[place] as number);
    const edgeDifference = (edges[place] as number) - (before.edges[place] as number);
    brighter[place] = apart * LEVEL;
    sharper[place] = edgeDifference * EDGE_LEVEL;
    const spread = before.spreads[place] as number;
    const differs =
      Math.abs(apart) >= Math.max(LEAST_DIFFERENCE, (SPREADS * spread) / 2) ||
      Math.abs(edgeDifference) >= EDGE_DIFFERENCE;
    if (differs || moving[place] === 1) present[place] = 1;
    if (differs) count += 1;
    if (moving[place] === 1) {
      // whatever passes in front neither counts nor breaks the time that something has stood there
      still[place] = Math.max(0, (stood[place] as number) - 1);
      continue;
    }
    still[place] = differs ? Math.min(255, (stood[place] as number) + 1) : 0;
    const step = isYoung ? BOOTSTRAP_STEP : 1;
    const mayFollow = isYoung || (differs ? absorbs : follows);
    if (mayFollow) {
      next.levels[place] = towards(before.levels[place] as number, difference, step);
      next.edges[place] = towards(before.edges[place] as number, edgeDifference, step);
    }
    if (spreads && !differs) next.spreads[place] = Math.max(2, towards(spread, 2 * Math.abs(apart) - spread, 1));
  }
  if (count > ANOTHER_SCENE * places) return fresh(levels, edges, moving, epoch);
  return {
    state: { epoch, segments: before.segments + 1, still, ...next },
    foreground: { present, moving, still, brighter, sharper },
  };
}

function fresh(levels: Uint8Array, edges: Uint8Array, moving: Uint8Array, epoch: number) {
  const places = levels.length;
  const still = new Uint8Array(places);
  return {
    state: { epoch, segments: 0, levels, edges, spreads: new Uint8Array(places).fill(2), still },
    foreground: {
      present: moving,
      moving,
      still,
      brighter: new Float32Array(places),
      sharper: new Float32Array(places),
    },
  };
}

/** By how many steps light has changed at each place: median over the whole picture and its ninths, joined smoothly. */
function lightOver(
  levels: Uint8Array,
  backdrop: Uint8Array,
  moving: Uint8Array,
  rows: number,
  columns: number,
): Float32Array {
  const places = rows * columns;
  const differences = new Float32Array(places);
  let count = 0;
  for (let place = 0; place < places; place += 3) {
    if (moving[place] === 1) continue;
    differences[count] = (levels[place] as number) - (backdrop[place] as number);
    count += 1;
  }
  const overall = count > 0 ? selectAt(differences, count, count >> 1) : 0;
  const blocks = new Float32Array(BLOCK_ROWS * BLOCK_COLUMNS);
  for (let r = 0; r < BLOCK_ROWS; r++) {
    for (let c = 0; c < BLOCK_COLUMNS; c++) {
      count = 0;
      for (let row = Math.floor((r * rows) / BLOCK_ROWS); row < Math.floor(((r + 1) * rows) / BLOCK_ROWS); row++) {
        const from = row * columns + Math.floor((c * columns) / BLOCK_COLUMNS);
        const to = row * columns + Math.floor(((c + 1) * columns) / BLOCK_COLUMNS);
        for (let place = from; place < to; place++) {
          if (moving[place] === 1) continue;
          differences[count] = (levels[place] as number) - (backdrop[place] as number);
          count += 1;
        }
      }
      const own = count > 0 ? selectAt(differences, count, count >> 1) : overall;
      blocks[r * BLOCK_COLUMNS + c] = Math.max(overall - BLOCK_REACH, Math.min(overall + BLOCK_REACH, own));
    }
  }
  const light = new Float32Array(places);
  for (let row = 0; row < rows; row++) {
    const y = Math.max(0, Math.min(BLOCK_ROWS - 1, ((row + 0.5) * BLOCK_ROWS) / rows - 0.5));
    const top = Math.min(BLOCK_ROWS - 2, Math.floor(y));
    for (let column = 0; column < columns; column++) {
      const x = Math.max(0, Math.min(BLOCK_COLUMNS - 1, ((column + 0.5) * BLOCK_COLUMNS) / columns - 0.5));
      const left = Math.min(BLOCK_COLUMNS - 2, Math.floor(x));
      const at = top * BLOCK_COLUMNS + left;
      const upper = (blocks[at] as number) + (x - left) * ((blocks[at + 1] as number) - (blocks[at] as number));
      const below = at + BLOCK_COLUMNS;
      const lower =
        (blocks[below] as number) + (x - left) * ((blocks[below + 1] as number) - (blocks[below] as number));
      light[row * columns + column] = upper + (y - top) * (lower - upper);
    }
  }
  return light;
}

function towards(value: number, difference: number, step: number): number {
  return Math.max(0, Math.min(255, value + Math.max(-step, Math.min(step, difference))));
}

function bounded(level: number): number {
  return Math.max(0, Math.min(255, Math.round(level)));
}
