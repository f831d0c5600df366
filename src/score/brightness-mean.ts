import { shareAfter } from './share-after.ts';

/** The light jumps where more than half of the cells differ by this (logarithm) from the last seconds. */
const JUMP_SHARE = 0.5;
const JUMP_BRIGHTNESS = 0.12;
const BRIGHTNESS_SECONDS = 2;

/**
 * The mean of each cell's brightness over the last seconds, `seconds` later.
 *
 * @param mean logarithms, a cell each; of another length where nothing was seen yet: then it begins with `now`
 */
export function followBrightness(mean: Float32Array, now: Float32Array, seconds: number): Float32Array {
  if (mean.length !== now.length) return now;
  const share = shareAfter(seconds, BRIGHTNESS_SECONDS);
  const following = new Float32Array(mean.length);
  for (let cell = 0; cell < mean.length; cell++) {
    const own = mean[cell] as number;
    following[cell] = own + ((now[cell] as number) - own) * share;
  }
  return following;
}

/** Whether most of the picture is suddenly lighter or darker than in the last seconds. */
export function lightJumps(mean: Float32Array, now: Float32Array): boolean {
  let differing = 0;
  for (let cell = 0; cell < mean.length; cell++) {
    if (Math.abs((now[cell] as number) - (mean[cell] as number)) > JUMP_BRIGHTNESS) differing += 1;
  }
  return differing > JUMP_SHARE * now.length;
}
