import type { GridShape } from './cue-head.ts';
import { channelIndex } from './motion-grid-channels.ts';

const GRADIENT_HORIZONTAL = channelIndex('gradientHorizontal');
const GRADIENT_VERTICAL = channelIndex('gradientVertical');

/** Mean edge strength over the picture, brightness per pixel: falls when the lens is covered, fogged, dark or out of focus. */
export function sharpness(values: Float32Array, shape: GridShape): number {
  const cells = shape.rows * shape.columns;
  let sum = 0;
  for (let cell = 0; cell < cells; cell++) {
    const offset = cell * shape.channels;
    sum += (values[offset + GRADIENT_HORIZONTAL] ?? 0) + (values[offset + GRADIENT_VERTICAL] ?? 0);
  }
  return sum / cells;
}

/** Segments after which the length of learning costs no more than a tenth of certainty. */
const LONG_LEARNING = 20;

/**
 * How far a score can be trusted, 0 to 1: the picture's sharpness over what is usual here (at most 1), times
 * n / (n + 20) for n independent observations learned from.
 */
export function certaintyOf(sharpnessNow: number, usualSharpness: number, independentObservations: number): number {
  const clear = usualSharpness <= 0 ? 1 : Math.min(1, sharpnessNow / usualSharpness);
  return clear * (independentObservations / (independentObservations + LONG_LEARNING));
}
