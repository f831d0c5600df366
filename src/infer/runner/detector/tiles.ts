import type { Still } from '../../../bus/segment.ts';
import type { DetectorManifest, PictureManifest } from '../../packs/picture-manifest.ts';

/** A part of the still picture that goes through the detector at once, pixels of the still; as large as the input. */
export interface Tile {
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** The tiles of a detector, from left to right. */
export function tilesOf(
  { tiles }: DetectorManifest,
  input: Pick<PictureManifest['input'], 'width' | 'height'>,
  stillWidth: number,
): Tile[] {
  const tile = (left: number) => ({ left, width: input.width, height: input.height });
  return tiles === 'whole' ? [tile(0)] : [tile(0), tile(stillWidth - input.width)];
}

/**
 * Lays tiles of stills (rgb24, as high as the tile) into one tensor [N, C, H, W] or [N, H, W, C] of the pack's channel order and
 * value range. @param target at least `tiles.length` x 3 x height x width numbers
 */
export function fillTiles(
  input: PictureManifest['input'],
  tiles: readonly { readonly still: Still; readonly tile: Tile }[],
  target: Float32Array,
): void {
  const { width, height, layout } = input;
  const table = valueTables(input);
  const area = width * height;
  for (const [index, { still, tile }] of tiles.entries()) {
    for (let channel = 0; channel < 3; channel++) {
      const source = input.channelOrder === 'bgr' ? 2 - channel : channel;
      const values = table[channel] ?? new Float32Array(256);
      const step = layout === 'NCHW' ? 1 : 3;
      let to = index * area * 3 + (layout === 'NCHW' ? channel * area : channel);
      for (let row = 0; row < height; row++) {
        let from = (row * still.width + tile.left) * 3 + source;
        for (let column = 0; column < width; column++, from += 3, to += step) {
          target[to] = values[still.pixels[from] ?? 0] ?? 0;
        }
      }
    }
  }
}

/** The 256 values of each channel of the input, in the pack's order. */
function valueTables({ valueRange, mean, std }: PictureManifest['input']): readonly Float32Array[] {
  const [low, high] = valueRange ?? [0, 255];
  return [0, 1, 2].map((channel) =>
    Float32Array.from(
      { length: 256 },
      (_, pixel) => (low + (pixel / 255) * (high - low) - (mean?.[channel] ?? 0)) / (std?.[channel] ?? 1),
    ),
  );
}
