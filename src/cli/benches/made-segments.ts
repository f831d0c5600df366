import type { Sampling } from '../../bus/sampling.ts';
import { bytesPerPixel, type Segment } from '../../bus/segment.ts';

/** Distinct pictures: enough that no cache holds the answer, few enough to stay in memory. */
const DISTINCT = 4;

/** An endless series of consecutive segments of one camera, as the sampling asks for them, of pictures made in memory. */
export function* madeSegments(cameraId: string, sampling: Sampling): Generator<Segment, never, undefined> {
  const { framesPerSecond, framesPerSegment: frames, width, height, pixelFormat, still, clip } = sampling;
  const noise = (length: number, seed: number) => {
    const pixels = new Uint8Array(length);
    let state = seed + 1;
    for (let index = 0; index < length; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      pixels[index] = state >>> 24;
    }
    return pixels;
  };
  const pictures = Array.from({ length: DISTINCT }, (_, seed) => ({
    pixels: noise(frames * width * height * bytesPerPixel(pixelFormat), seed),
    ...(still ? { still: { ...still, pixels: noise(still.width * still.height * 3, seed) } } : {}),
    ...(clip ? { clip: { ...clip, pixels: noise(clip.frames * clip.width * clip.height * 3, seed) } } : {}),
  }));
  for (let sequence = 0; ; sequence++) {
    const seconds = Array.from({ length: frames }, (_, frame) => (sequence * frames + frame) / framesPerSecond);
    yield {
      cameraId,
      epoch: 0,
      sequence,
      fencingToken: 0,
      frameTimesMs: seconds.map((time) => Math.round(time * 1_000)),
      mediaTimesSeconds: seconds,
      width,
      height,
      pixelFormat,
      pixels: new Uint8Array(0),
      ...pictures[sequence % DISTINCT],
    };
  }
}
