import type { GrayPicture } from './gray-picture.ts';

/** Every other byte of a word: two pixels with room for the carry of a product between them. */
const PAIR = 0x00ff00ff;

/**
 * Moves a picture by a part of a pixel to the left and up, in place: bilinear, four pixels at a time. The last row and the last column
 * are not right afterwards; who shows the picture keeps a margin.
 * @param right sixteenths of a pixel, 0 to 16; what lies so far to the right comes to each place
 * @param down likewise
 */
export function shiftBetweenPixels(picture: GrayPicture, right: number, down: number): void {
  if (right === 0 && down === 0) return;
  const words = new Int32Array(picture.pixels.buffer);
  const stride = picture.width >> 2;
  // each word is mixed with the one below it once, then with the one beside it
  let next = blend(words[0] as number, words[stride] as number, down);
  const last = words.length - stride - 1;
  for (let i = 0; i < last; i += 1) {
    const here = next;
    next = blend(words[i + 1] as number, words[i + 1 + stride] as number, down);
    words[i] = blend(here, (here >>> 8) | (next << 24), right);
  }
  words[last] = blend(next, (next >>> 8) | (next & 0xff000000), right);
}

/** a + (b - a) share / 16 in each byte; sums of two bytes' products never reach each other, so one product does for both. */
function blend(a: number, b: number, share: number): number {
  const even = a & PAIR;
  const odd = (a >>> 8) & PAIR;
  const mixedEven = ((even << 4) + Math.imul((b & PAIR) - even, share)) >>> 4;
  const mixedOdd = ((odd << 4) + Math.imul(((b >>> 8) & PAIR) - odd, share)) >>> 4;
  return (mixedEven & PAIR) | ((mixedOdd & PAIR) << 8);
}
