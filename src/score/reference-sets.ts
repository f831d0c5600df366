import { type BlobView, paintBlobs } from './blob-descriptors.ts';
import { BLOB_FIELDS } from './blobs.ts';
import { APPEARANCE_DIMENSIONS, writeAppearance } from './cell-descriptors.ts';
import type { GridShape } from './cue-head.ts';
import { nearestDistance, type References } from './nearest-references.ts';
import { Reservoir } from './reservoir.ts';

const MAXIMUM_BLOB_REFERENCES = 800;
const APPEARANCE_REFERENCES_PER_CELL = 16;

export interface FoldedSample {
  readonly fold: number;
  readonly values: Float32Array;
}

/** What the nearest-normal cues compare with. `scale` is one standard deviation per dimension; references are already divided by it. */
export interface ReferenceSet {
  readonly scale: Float32Array;
  readonly references: References;
}

/** A random choice of moving shapes, as one view sees them. */
export function collectBlobReferences(
  samples: readonly { readonly fold: number; readonly blobs: Float32Array }[],
  view: BlobView,
  seed: number,
): ReferenceSet {
  const reservoir = new Reservoir<{ blobs: Float32Array; offset: number; fold: number }>(MAXIMUM_BLOB_REFERENCES, seed);
  for (const { blobs, fold } of samples) {
    for (let offset = 0; offset < blobs.length; offset += BLOB_FIELDS.length)
      reservoir.offer(() => ({ blobs, offset, fold }));
  }
  const { chosen } = reservoir;
  const { dimensions } = view;
  const values = new Float32Array(chosen.length * dimensions);
  chosen.forEach(({ blobs, offset }, index) => {
    view.write(blobs, offset, values, index * dimensions);
  });
  const scale = deviations(values, dimensions, () => 0, 1);
  scale.fill(1, 0, 1);
  divide(values, scale);
  const folds = Uint8Array.from(chosen, ({ fold }) => fold);
  return { scale, references: { dimensions, count: chosen.length, values, folds } };
}

/** Distance of each blob to the nearest normal ones, painted into its cell. */
export function blobDistances(
  set: ReferenceSet,
  view: BlobView,
  blobs: Float32Array,
  shape: GridShape,
  fold: number,
): Float32Array {
  const query = new Float32Array(view.dimensions);
  return paintBlobs(blobs, shape, (_, offset) => {
    view.write(blobs, offset, query, 0);
    divide(query, set.scale);
    return nearestDistance(set.references, query, 0, 0, set.references.count, fold, 1);
  });
}

/** The looks of every cell at moments spread evenly over the history; those of one cell lie side by side. */
export function collectAppearanceReferences(samples: readonly FoldedSample[], shape: GridShape): ReferenceSet {
  const cells = shape.rows * shape.columns;
  const perCell = Math.min(APPEARANCE_REFERENCES_PER_CELL, samples.length);
  const values = new Float32Array(cells * perCell * APPEARANCE_DIMENSIONS);
  const folds = new Uint8Array(cells * perCell);
  for (let place = 0; place < perCell; place++) {
    const sample = samples[Math.floor(((place + 0.5) * samples.length) / perCell)];
    if (sample === undefined) continue;
    for (let cell = 0; cell < cells; cell++) {
      const index = cell * perCell + place;
      writeAppearance(sample.values, cell * shape.channels, values, index * APPEARANCE_DIMENSIONS);
      folds[index] = sample.fold;
    }
  }
  const scale = deviations(values, APPEARANCE_DIMENSIONS, (index) => Math.floor(index / perCell), cells);
  divide(values, scale);
  return { scale, references: { dimensions: APPEARANCE_DIMENSIONS, count: cells * perCell, values, folds } };
}

/** Distance of each cell's look to what was seen in it and in the cells left and right of it. */
export function appearanceDistances(
  set: ReferenceSet,
  values: Float32Array,
  shape: GridShape,
  fold: number,
): Float32Array {
  const cells = shape.rows * shape.columns;
  const perCell = set.references.count / cells;
  const map = new Float32Array(cells);
  const query = new Float32Array(APPEARANCE_DIMENSIONS);
  for (let cell = 0; cell < cells; cell++) {
    writeAppearance(values, cell * shape.channels, query, 0);
    divide(query, set.scale);
    const column = cell % shape.columns;
    const from = (cell - (column > 0 ? 1 : 0)) * perCell;
    const to = (cell + (column < shape.columns - 1 ? 2 : 1)) * perCell;
    map[cell] = nearestDistance(set.references, query, 0, from, to, fold, 1);
  }
  return map;
}

/** Standard deviation per dimension within groups, at least 1e-3. */
function deviations(
  values: Float32Array,
  dimensions: number,
  groupOf: (index: number) => number,
  groups: number,
): Float32Array {
  const sums = new Float64Array(groups * dimensions);
  const counts = new Float64Array(groups);
  const count = values.length / dimensions;
  for (let index = 0; index < count; index++) {
    const group = groupOf(index);
    counts[group] = (counts[group] ?? 0) + 1;
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const place = group * dimensions + dimension;
      sums[place] = (sums[place] ?? 0) + (values[index * dimensions + dimension] ?? 0);
    }
  }
  const squares = new Float64Array(dimensions);
  for (let index = 0; index < count; index++) {
    const group = groupOf(index);
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const mean = (sums[group * dimensions + dimension] ?? 0) / (counts[group] ?? 1);
      squares[dimension] = (squares[dimension] ?? 0) + ((values[index * dimensions + dimension] ?? 0) - mean) ** 2;
    }
  }
  return Float32Array.from(squares, (sum) => Math.max(1e-3, Math.sqrt(sum / Math.max(1, count))));
}

function divide(values: Float32Array, scale: Float32Array): void {
  for (let index = 0; index < values.length; index++) {
    values[index] = (values[index] ?? 0) / (scale[index % scale.length] ?? 1);
  }
}
