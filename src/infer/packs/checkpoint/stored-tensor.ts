import type { ElementFormat } from './element-type.ts';
import { Unreadable } from './unreadable.ts';

/** Where a tensor's numbers lie in a file. Steps count elements: element [i, j] is `first + i*steps[0] + j*steps[1]`. */
export interface StoredTensor {
  readonly format: ElementFormat;
  readonly shape: readonly number[];
  readonly steps: readonly number[];
  /** Byte of the file at which the tensor's first element lies. */
  readonly startByte: number;
}

/** Number of elements of a shape. Throws Unreadable where it is no shape or has more than 2^40 elements. */
export function elementsOf(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new Unreadable(`has a tensor of the impossible shape [${shape}]`);
    count *= size;
    if (count > 2 ** 40) throw new Unreadable(`has a tensor of the impossible shape [${shape}]`);
  }
  return count;
}

/** Elements from the first to the last that the tensor touches, both included; 0 for an empty one. */
export function spanOf(shape: readonly number[], steps: readonly number[]): number {
  if (elementsOf(shape) === 0) return 0;
  return shape.reduce((last, size, axis) => last + (size - 1) * (steps[axis] ?? 0), 0) + 1;
}

/** Steps of a tensor whose elements lie one after the other, the last dimension fastest. */
export function denseSteps(shape: readonly number[]): number[] {
  const steps: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    steps.unshift(step);
    step *= size;
  }
  return steps;
}

/** Whether the elements lie one after the other; steps of dimensions of one element do not matter. */
export function isDense(shape: readonly number[], steps: readonly number[]): boolean {
  return denseSteps(shape).every((step, axis) => shape[axis] === 1 || steps[axis] === step);
}
