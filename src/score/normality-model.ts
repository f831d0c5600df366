import { agitationMap, energyMap, neighbourhoodMean, rushMap, speedMap } from './cell-descriptors.ts';
import { CUES } from './cue-definitions.ts';
import { type ExcessTable, excessAt } from './excess-table.ts';
import { fuseSurprises } from './fuse.ts';
import { appearanceDistances, type GridShape, motionDistances, type ReferenceSet } from './reference-sets.ts';
import { surpriseOf, type Tail } from './tail.ts';

/** Everything that a camera's normal is boiled down to; plain data, never changed after learning. */
export interface NormalityModel {
  readonly shape: GridShape;
  readonly motion: ReferenceSet;
  readonly appearance: ReferenceSet;
  /** Per cue, in the order of CUES. */
  readonly tables: readonly ExcessTable[];
  readonly tails: readonly Tail[];
  readonly fused: Tail;
  readonly dependenceSegments: number;
  readonly learnedSegments: number;
  /** Median over the history of the picture's mean edge strength, brightness per pixel: what a sharp picture looks like here. */
  readonly usualSharpness: number;
}

/** The strangest cell of a segment for one cue. */
export interface CueReading {
  readonly raw: number;
  readonly cell: number;
  /** The quantity itself at that cell. */
  readonly value: number;
}

/** Six seconds: about how long one passer-by stays, that is, one independent event. */
const EVENT_SEGMENTS = 12;

const CUE_WEIGHTS = CUES.map((cue) => cue.weight);

/** One quantity map per cue, in the order of CUES; references of `fold` are left out. */
export function quantityMaps(
  values: Float32Array,
  shape: GridShape,
  sets: { readonly motion: ReferenceSet; readonly appearance: ReferenceSet },
  fold: number,
): readonly Float32Array[] {
  const cells = shape.rows * shape.columns;
  const energy = energyMap(values, cells, shape.channels);
  return [
    speedMap(values, cells, shape.channels),
    rushMap(values, cells, shape.channels),
    motionDistances(sets.motion, values, shape, fold),
    neighbourhoodMean(energy, shape.rows, shape.columns),
    agitationMap(values, cells, shape.channels),
    energy,
    appearanceDistances(sets.appearance, values, shape, fold),
  ];
}

/** The cell in which the quantity lies furthest above what is usual there. */
export function strangestCell(map: Float32Array, table: ExcessTable, floor: number): CueReading {
  let raw = Number.NEGATIVE_INFINITY;
  let strangest = 0;
  for (let cell = 0; cell < map.length; cell++) {
    const excess = excessAt(table, floor, cell, map[cell] ?? 0);
    if (excess > raw) {
      raw = excess;
      strangest = cell;
    }
  }
  return { raw, cell: strangest, value: map[strangest] ?? 0 };
}

/** -ln p of each cue, nats; a counted cue is never more surprising than the history is long. */
export function cueSurprises(
  readings: readonly CueReading[],
  tails: readonly Tail[],
  learnedSegments: number,
): readonly number[] {
  const most = Math.log(1 + learnedSegments / EVENT_SEGMENTS);
  return CUES.map((cue, index) => {
    const tail = tails[index];
    const reading = readings[index];
    if (tail === undefined || reading === undefined) return 0;
    const surprise = surpriseOf(tail, reading.raw);
    return cue.evidence === 'counted' ? Math.min(surprise, most) : surprise;
  });
}

/** Fused statistic of one segment on its own, before smoothing and calibration. */
export function fuseCues(surprises: readonly number[]): number {
  return fuseSurprises(surprises, CUE_WEIGHTS);
}
