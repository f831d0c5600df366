import type { Segment } from '../../src/bus/segment.ts';

/** A small segment whose pixels all have the value `level`: 2 frames of 4 x 4 gray8, one second a segment. */
export function makeSegment(overrides: Partial<Segment> & { readonly level?: number } = {}): Segment {
  const { level = 10, ...rest } = overrides;
  const epoch = rest.epoch ?? 1_000_000;
  const sequence = rest.sequence ?? 0;
  const width = rest.width ?? 4;
  const height = rest.height ?? 4;
  const frames = rest.frameTimesMs?.length ?? 2;
  const startMs = epoch + sequence * 1_000;
  return {
    cameraId: 'yard',
    epoch,
    sequence,
    fencingToken: 1,
    frameTimesMs: Array.from({ length: frames }, (_, i) => startMs + (i * 1_000) / frames),
    mediaTimesSeconds: Array.from({ length: frames }, (_, i) => sequence + i / frames),
    width,
    height,
    pixelFormat: 'gray8',
    pixels: new Uint8Array(frames * width * height * (rest.pixelFormat === 'rgb24' ? 3 : 1)).fill(level),
    ...rest,
  };
}
