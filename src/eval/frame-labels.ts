import type { FrameRange } from './field-reader.ts';

/** Truth for each of `frames` frames: 1 inside a range (both ends included), else 0. What lies past the end is cut off. */
export function frameLabels(frames: number, ranges: readonly FrameRange[]): Uint8Array {
  const labels = new Uint8Array(frames);
  for (const [first, last] of ranges) labels.fill(1, first, last + 1);
  return labels;
}
