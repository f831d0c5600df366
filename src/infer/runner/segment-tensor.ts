import { bytesPerPixel, type Segment } from '../../bus/segment.ts';
import { problem } from '../../platform/errors.ts';
import { type PictureManifest, pixelFormatOf } from '../packs/picture-manifest.ts';

type Input = PictureManifest['input'];

/** Frames, rows, columns and channels of one segment as the pack takes them, byte after byte. */
export interface Pixels {
  readonly pixels: Uint8Array;
}

/** Throws VDT_SEGMENT_INVALID unless the segment has the size, format and frame count of the pack's input. */
export function checkSegment(input: Input, segment: Segment): void {
  const frames = segment.frameTimesMs.length;
  const format = pixelFormatOf(input);
  if (
    frames === input.frames &&
    segment.width === input.width &&
    segment.height === input.height &&
    segment.pixelFormat === format &&
    segment.pixels.byteLength === frames * input.width * input.height * bytesPerPixel(format)
  ) {
    return;
  }
  throw problem('VDT_SEGMENT_INVALID', {
    reason: `it has ${frames} frames of ${segment.width} x ${segment.height} ${segment.pixelFormat}, the pack takes ${input.frames} of ${input.width} x ${input.height} ${format}`,
  });
}

/** Dimensions of a batch of `size` segments, in the pack's layout. */
export function batchDims(input: Input, size: number): number[] {
  const { frames, height, width, channels } = input;
  switch (input.layout) {
    case 'NTHW':
      return [size, frames, height, width];
    case 'NTHWC':
      return [size, frames, height, width, channels];
    case 'NTCHW':
      return [size, frames, channels, height, width];
    case 'NCTHW':
      return [size, channels, frames, height, width];
    case 'NCHW':
      return [size, channels, height, width];
    case 'NHWC':
      return [size, height, width, channels];
  }
}

/**
 * Lays the pixels of checked segments (T, H, W, C bytes) into one tensor of the pack's layout and type:
 * `((low + pixel / 255 * (high - low)) - mean) / std` for float32, untouched bytes for uint8.
 */
export function batchTensor(input: Input, segments: readonly Pixels[]): Uint8Array | Float32Array {
  const length = input.frames * input.height * input.width * input.channels;
  if (input.type === 'uint8') {
    if (segments.length === 1 && keepsOrder(input)) return segments[0]?.pixels ?? new Uint8Array(0);
    const bytes = new Uint8Array(segments.length * length);
    for (const [index, segment] of segments.entries()) {
      const target = bytes.subarray(index * length, (index + 1) * length);
      if (keepsOrder(input)) target.set(segment.pixels);
      else place(input, segment.pixels, target, null);
    }
    return bytes;
  }
  const tables = valueTables(input);
  const floats = new Float32Array(segments.length * length);
  for (const [index, segment] of segments.entries()) {
    place(input, segment.pixels, floats.subarray(index * length, (index + 1) * length), tables);
  }
  return floats;
}

function keepsOrder({ layout, channels }: Input): boolean {
  return layout === 'NTHW' || layout === 'NTHWC' || channels === 1;
}

/** The 256 possible values of each channel. */
function valueTables(input: Input): readonly Float32Array[] {
  const [low, high] = input.valueRange ?? [0, 255];
  return Array.from({ length: input.channels }, (_, channel) => {
    const mean = input.mean?.[channel] ?? 0;
    const std = input.std?.[channel] ?? 1;
    return Float32Array.from({ length: 256 }, (__, pixel) => (low + (pixel / 255) * (high - low) - mean) / std);
  });
}

function place(
  { layout, frames, height, width, channels }: Input,
  pixels: Uint8Array,
  target: Uint8Array | Float32Array,
  tables: readonly Float32Array[] | null,
): void {
  const area = height * width;
  const [red, green, blue] = tables ?? [];
  if (target instanceof Float32Array && red && green && blue && (layout === 'NCTHW' || layout === 'NTCHW')) {
    const [frameStep, planeStep] = layout === 'NCTHW' ? [area, frames * area] : [3 * area, area];
    for (let frame = 0; frame < frames; frame++) {
      placeColours(pixels, frame * area * 3, target, frame * frameStep, planeStep, area, red, green, blue);
    }
    return;
  }
  for (let channel = 0; channel < channels; channel++) {
    const table = tables?.[channel] ?? null;
    for (let frame = 0; frame < frames; frame++) {
      let to: number;
      let step = 1;
      if (layout === 'NCTHW') to = (channel * frames + frame) * area;
      else if (layout === 'NTCHW') to = (frame * channels + channel) * area;
      else {
        to = frame * area * channels + channel;
        step = channels;
      }
      let from = frame * area * channels + channel;
      for (let i = 0; i < area; i++, from += channels, to += step) {
        const pixel = pixels[from] ?? 0;
        target[to] = table ? (table[pixel] ?? 0) : pixel;
      }
    }
  }
}

/** The usual case, a third quicker: three planes in one pass over the pixels, all arrays of one kind. */
function placeColours(
  pixels: Uint8Array,
  from: number,
  target: Float32Array,
  to: number,
  planeStep: number,
  area: number,
  red: Float32Array,
  green: Float32Array,
  blue: Float32Array,
): void {
  const greenTo = to + planeStep;
  const blueTo = greenTo + planeStep;
  for (let i = 0, at = from; i < area; i++, at += 3) {
    target[to + i] = red[pixels[at] ?? 0] ?? 0;
    target[greenTo + i] = green[pixels[at + 1] ?? 0] ?? 0;
    target[blueTo + i] = blue[pixels[at + 2] ?? 0] ?? 0;
  }
}
