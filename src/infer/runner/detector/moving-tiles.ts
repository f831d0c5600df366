import { bytesPerPixel, type Segment } from '../../../bus/segment.ts';
import type { Tile } from './tiles.ts';

/** Side of the blocks whose means are compared, pixels of the segment: sensor noise averages out, a head does not. */
const BLOCK = 4;
/** Gray levels (0 to 255) by which a block's mean must change between two frames. */
const CHANGE = 3;

/**
 * Which tiles show any movement during the segment: a static scene need not be looked at. Compares each frame with the one before
 * it, and the last with the first for what creeps.
 * @param stillWidth pixels of the picture that the tiles are parts of
 */
export function movingTiles(segment: Segment, tiles: readonly Tile[], stillWidth: number): boolean[] {
  const columns = Math.floor(segment.width / BLOCK);
  const rows = Math.floor(segment.height / BLOCK);
  const frames = segment.frameTimesMs.map((_, index) => blockMeans(segment, index, rows, columns));
  const moving = new Uint8Array(columns);
  const [first] = frames;
  const last = frames.at(-1);
  for (const [index, frame] of frames.entries()) {
    const previous = frames[index - 1];
    if (previous) note(previous, frame, columns, moving);
  }
  if (first && last) note(first, last, columns, moving);
  return tiles.map(({ left, width }) => {
    const from = Math.floor((left / stillWidth) * columns);
    const to = Math.ceil(((left + width) / stillWidth) * columns);
    return moving.subarray(from, to).includes(1);
  });
}

/** Marks the columns of blocks where two frames differ. */
function note(before: Float32Array, after: Float32Array, columns: number, moving: Uint8Array): void {
  for (let i = 0; i < after.length; i++) {
    if (Math.abs((after[i] ?? 0) - (before[i] ?? 0)) >= CHANGE) moving[i % columns] = 1;
  }
}

function blockMeans(segment: Segment, frame: number, rows: number, columns: number): Float32Array {
  const { width, height, pixels, pixelFormat } = segment;
  const depth = bytesPerPixel(pixelFormat);
  const offset = frame * width * height * depth;
  const sums = new Float32Array(rows * columns);
  for (let y = 0; y < rows * BLOCK; y++) {
    const target = Math.floor(y / BLOCK) * columns;
    let from = offset + y * width * depth + (depth === 3 ? 1 : 0); // green stands for brightness
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let i = 0; i < BLOCK; i++, from += depth) sum += pixels[from] ?? 0;
      sums[target + column] = (sums[target + column] ?? 0) + sum / (BLOCK * BLOCK);
    }
  }
  return sums;
}
