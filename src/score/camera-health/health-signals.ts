import type { GridShape } from '../cue-head.ts';
import { channelIndex } from '../motion-grid-channels.ts';
import { cellBrightness, stillCells } from '../scene-change/still-look.ts';

const GRADIENT_HORIZONTAL = channelIndex('gradientHorizontal');
const GRADIENT_VERTICAL = channelIndex('gradientVertical');
const INTENSITY = channelIndex('intensityMean');
const DEVIATION = channelIndex('intensityDeviation');
const ENERGY_MAX = channelIndex('temporalEnergyMax');
const LEAST_EDGE = 0.004;
const LEAST_BRIGHTNESS = 0.02;

/** What one segment says about the camera itself. */
export interface HealthSignals {
  /** Not one pixel changed, not even by sensor noise. */
  readonly dead: boolean;
  /** Strongest contrast inside any cell, brightness 0 to 1. */
  readonly largestContrast: number;
  /** Mean contrast inside the cells over mean brightness: falls when something covers the lens, not when the light falls. */
  readonly texture: number;
  /** Mean edge strength over the brightness differences between cells: falls when the picture is out of focus. */
  readonly fineness: number;
  /** Mean brightness, 0 to 1. */
  readonly light: number;
  /** Logarithm of each cell's edge strength: what the camera looks at. */
  readonly edges: Float32Array;
  /** Logarithm of each cell's brightness. */
  readonly brightness: Float32Array;
  /** 1 where nothing moves. */
  readonly still: Uint8Array;
}

/** @param grid rows x columns x channels, row-major */
export function healthSignals(grid: Float32Array, shape: GridShape): HealthSignals {
  const cells = shape.rows * shape.columns;
  const edges = new Float32Array(cells);
  let energy = 0;
  let largestContrast = 0;
  let contrast = 0;
  let gradient = 0;
  let light = 0;
  let lightSquares = 0;
  for (let cell = 0; cell < cells; cell++) {
    const at = cell * shape.channels;
    const own = (grid[at + GRADIENT_HORIZONTAL] ?? 0) + (grid[at + GRADIENT_VERTICAL] ?? 0);
    const deviation = grid[at + DEVIATION] ?? 0;
    const intensity = grid[at + INTENSITY] ?? 0;
    edges[cell] = Math.log(own + LEAST_EDGE);
    gradient += own;
    contrast += deviation;
    light += intensity;
    lightSquares += intensity * intensity;
    energy = Math.max(energy, grid[at + ENERGY_MAX] ?? 0);
    largestContrast = Math.max(largestContrast, deviation);
  }
  gradient /= cells;
  contrast /= cells;
  light /= cells;
  lightSquares /= cells;
  const spread = Math.sqrt(Math.max(0, lightSquares - light * light));
  return {
    dead: energy === 0,
    largestContrast,
    texture: contrast / (light + LEAST_BRIGHTNESS),
    fineness: gradient / (spread + 0.1 * light + LEAST_EDGE),
    light,
    edges,
    brightness: cellBrightness(grid, shape),
    still: stillCells(grid, shape),
  };
}

/** Correlation of two maps over the cells marked 1; 1 where fewer than a third of them are, because nothing can be said. */
export function likeness(now: Float32Array, usual: Float32Array, still: Uint8Array): number {
  let count = 0;
  let a = 0;
  let b = 0;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let cell = 0; cell < now.length; cell++) {
    if (still[cell] !== 1) continue;
    const x = now[cell] ?? 0;
    const y = usual[cell] ?? 0;
    count += 1;
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  if (count * 3 < now.length) return 1;
  const spread = Math.sqrt(Math.max(0, aa - (a * a) / count) * Math.max(0, bb - (b * b) / count));
  return spread < 1e-6 ? 1 : (ab - (a * b) / count) / spread;
}
