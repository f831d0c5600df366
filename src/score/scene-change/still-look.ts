import type { GridShape } from '../cue-head.ts';
import { channelIndex } from '../motion-grid-channels.ts';
import { selectAt } from './select.ts';

/** Numbers that say how a cell looks while nothing moves in it. */
export const LOOK_DIMENSIONS = 7;
/** The first of them are edge strengths in four directions. */
export const EDGE_DIMENSIONS = 4;

const GRADIENT = channelIndex('gradientHorizontal');
const GRADIENT_MAX = channelIndex('gradientMax');
const INTENSITY = channelIndex('intensityMean');
const DEVIATION = channelIndex('intensityDeviation');
const ENERGY = channelIndex('temporalEnergyMean');

/** Sensor noise and the coarseness of dark pixels: added before the logarithm. */
const LEAST_BRIGHTNESS = 0.05;
const LEAST_EDGE = 0.004;
const LEAST_EDGE_MAX = 0.02;
const LEAST_DEVIATION = 0.01;

/** A cell is still where its brightness changes less than so many times what the calm quarter of the picture shows, or than a floor. */
const STILL_RATIO = 2;
const STILL_FLOOR = 0.004;

/** How one segment's picture looks, cell by cell. */
export interface StillLook {
  /** cells x LOOK_DIMENSIONS: edges in four directions, strongest edge and contrast over the cell's brightness, and brightness over the neighbourhood's; logarithms. */
  readonly values: Float32Array;
  /** 1 where nothing moves. */
  readonly still: Uint8Array;
  /** Brightness of each cell, logarithm. */
  readonly brightness: Float32Array;
}

/** Boils a grid (rows x columns x channels, row-major) down to what does not depend on overall light. */
export function stillLookOf(grid: Float32Array, shape: GridShape): StillLook {
  const cells = shape.rows * shape.columns;
  const values = new Float32Array(cells * LOOK_DIMENSIONS);
  const brightness = cellBrightness(grid, shape);
  for (let cell = 0; cell < cells; cell++) {
    const from = cell * shape.channels;
    const to = cell * LOOK_DIMENSIONS;
    const light = brightness[cell] as number;
    for (let direction = 0; direction < EDGE_DIMENSIONS; direction++) {
      values[to + direction] = logOf(grid, from + GRADIENT + direction, LEAST_EDGE) - light;
    }
    values[to + 4] = logOf(grid, from + GRADIENT_MAX, LEAST_EDGE_MAX) - light;
    values[to + 5] = logOf(grid, from + DEVIATION, LEAST_DEVIATION) - light;
  }
  writeRelativeBrightness(brightness, shape, values);
  return { values, still: stillCells(grid, shape), brightness };
}

function logOf(grid: Float32Array, place: number, least: number): number {
  return Math.log(Math.max(0, grid[place] as number) + least);
}

/** Each cell's brightness over the mean of the 5x5 cells around it, as far as they lie in the picture, by sums of columns. */
function writeRelativeBrightness(brightness: Float32Array, { rows, columns }: GridShape, values: Float32Array): void {
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const top = Math.max(0, row - 2);
    const bottom = Math.min(rows - 1, row + 2);
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let r = top; r <= bottom; r++) sum += brightness[r * columns + column] as number;
      sums[column] = sum;
    }
    for (let column = 0; column < columns; column++) {
      const left = Math.max(0, column - 2);
      const right = Math.min(columns - 1, column + 2);
      let sum = 0;
      for (let c = left; c <= right; c++) sum += sums[c] as number;
      const cell = row * columns + column;
      const count = (bottom - top + 1) * (right - left + 1);
      values[cell * LOOK_DIMENSIONS + 6] = (brightness[cell] as number) - sum / count;
    }
  }
}

/** Logarithm of each cell's brightness. */
export function cellBrightness(grid: Float32Array, shape: GridShape): Float32Array {
  const brightness = new Float32Array(shape.rows * shape.columns);
  for (let cell = 0; cell < brightness.length; cell++) {
    brightness[cell] = logOf(grid, cell * shape.channels + INTENSITY, LEAST_BRIGHTNESS);
  }
  return brightness;
}

/** 1 for each cell in which nothing moves. Noise, rain and snow stir the whole picture alike: stillness is judged against the calm quarter of the cells. */
export function stillCells(grid: Float32Array, shape: GridShape): Uint8Array {
  const cells = shape.rows * shape.columns;
  const energy = new Float32Array(cells);
  for (let cell = 0; cell < cells; cell++) energy[cell] = grid[cell * shape.channels + ENERGY] as number;
  const limit = Math.max(STILL_FLOOR, STILL_RATIO * selectAt(energy.slice(), cells, cells >> 2));
  const still = new Uint8Array(cells);
  for (let cell = 0; cell < cells; cell++) if ((energy[cell] as number) <= limit) still[cell] = 1;
  return still;
}
