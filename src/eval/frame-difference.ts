import { bytesPerPixel, type Segment } from '../bus/segment.ts';
import type { ClipScorer } from './live-path.ts';

/**
 * Mean absolute difference of consecutive frames, 0 to 1: the control that any learned head has to beat on fights,
 * and the stand-in where no head is given. It has no threshold, since it was never deployed.
 */
export const frameDifferenceScorer: ClipScorer = {
  name: 'frame-difference',
  threshold: null,
  startClip: () => ({ observe: (segment) => meanDifference(segment) }),
};

/** Mean over pixels and consecutive frame pairs of |difference| / 255; 0 for a single frame. */
export function meanDifference({ pixels, width, height, pixelFormat, mediaTimesSeconds }: Segment): number {
  const frameBytes = width * height * bytesPerPixel(pixelFormat);
  const pairs = mediaTimesSeconds.length - 1;
  if (pairs < 1) return 0;
  let sum = 0;
  for (let i = frameBytes; i < pixels.length; i++) sum += Math.abs((pixels[i] ?? 0) - (pixels[i - frameBytes] ?? 0));
  return sum / (pairs * frameBytes) / 255;
}
