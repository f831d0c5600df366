import { channelIndex } from './motion-grid-channels.ts';

const SPEED = channelIndex('speedMean');
const SPEED_COARSE = channelIndex('speedCoarseMean');
const SPEED_VERY_COARSE = channelIndex('speedVeryCoarseMean');
const SECOND = channelIndex('secondDifferenceMax');
const ENERGY = channelIndex('temporalEnergyMean');
const GRADIENT = channelIndex('gradientHorizontal');
const INTENSITY = channelIndex('intensityMean');
const DEVIATION = channelIndex('intensityDeviation');

/** Pixels a frame that Lucas and Kanade's method still follows on the half-size and the quarter-size picture. */
const FINE_REACH = 3;
const COARSE_REACH = 6;

export const APPEARANCE_DIMENSIONS = 5;

/**
 * Speed of each cell, pixels a frame. The finest scale is the most exact but loses what moves more than about three pixels a
 * frame; beyond, the quarter-size picture takes over, and beyond six the eighth-size one.
 */
export function speedMap(values: Float32Array, cells: number, channels: number): Float32Array {
  const map = new Float32Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const offset = cell * channels;
    map[cell] = Math.max(
      read(values, offset + SPEED),
      takenOver(read(values, offset + SPEED_COARSE), FINE_REACH),
      takenOver(read(values, offset + SPEED_VERY_COARSE), COARSE_REACH),
    );
  }
  return map;
}

/** A coarser scale's speed, faded in over a third of a reach around the finer scale's reach. */
function takenOver(speed: number, reach: number): number {
  return speed * Math.min(1, Math.max(0, (speed / reach - 0.83) * 3));
}

/** Speed of each cell on the coarse scales, pixels a frame: less exact, but true for what the finest scale loses. */
export function rushMap(values: Float32Array, cells: number, channels: number): Float32Array {
  const map = new Float32Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const offset = cell * channels;
    map[cell] = Math.max(read(values, offset + SPEED_COARSE), read(values, offset + SPEED_VERY_COARSE));
  }
  return map;
}

/** Brightness change of each cell. */
export function energyMap(values: Float32Array, cells: number, channels: number): Float32Array {
  return channelMap(values, cells, channels, ENERGY);
}

/** How abruptly brightness change itself changes, in the liveliest part of each cell: limbs, scuffles. */
export function agitationMap(values: Float32Array, cells: number, channels: number): Float32Array {
  return channelMap(values, cells, channels, SECOND);
}

function channelMap(values: Float32Array, cells: number, channels: number, channel: number): Float32Array {
  const map = new Float32Array(cells);
  for (let cell = 0; cell < cells; cell++) map[cell] = read(values, cell * channels + channel);
  return map;
}

/** Mean of the 3x3 cells around each cell (the picture's edge repeated): shows large objects and crowds. */
export function neighbourhoodMean(map: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(map.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let r = row - 1; r <= row + 1; r++) {
        for (let c = column - 1; c <= column + 1; c++) {
          sum += read(map, clamp(r, rows) * columns + clamp(c, columns));
        }
      }
      out[row * columns + column] = sum / 9;
    }
  }
  return out;
}

/** How a cell looks, independent of overall light: edges in four directions and contrast, each over brightness, as logarithms. */
export function writeAppearance(values: Float32Array, offset: number, target: Float32Array, at: number): void {
  const light = Math.log(Math.max(0, read(values, offset + INTENSITY)) + 0.05);
  for (let direction = 0; direction < 4; direction++) {
    target[at + direction] = Math.log(Math.max(0, read(values, offset + GRADIENT + direction)) + 0.004) - light;
  }
  target[at + 4] = Math.log(Math.max(0, read(values, offset + DEVIATION)) + 0.01) - light;
}

function clamp(index: number, size: number): number {
  return index < 0 ? 0 : index >= size ? size - 1 : index;
}

function read(values: Float32Array, index: number): number {
  return values[index] ?? 0;
}
