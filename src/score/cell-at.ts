import type { GridShape } from './cue-head.ts';

/** Index, row-major, of the grid cell at a place of the picture, 0 to 1 each way; outside, the nearest cell. */
export function cellAt(x: number, y: number, { rows, columns }: Pick<GridShape, 'rows' | 'columns'>): number {
  const row = Math.max(0, Math.min(rows - 1, Math.floor(y * rows)));
  return row * columns + Math.max(0, Math.min(columns - 1, Math.floor(x * columns)));
}
