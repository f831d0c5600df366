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
  const words = new Int32Array(picture.pixels.buffer);
  const stride = picture.width >> 2;
  if (down > 0) mix(words, words.length - stride, stride, down);
  if (right === 0) return;
  const keep = 16 - right;
  for (let i = 0; i < words.length - 1; i += 1) {
    const here = words[i] as number;
    const beside = (here >>> 8) | ((words[i + 1] as number) << 24);
    words[i] = blend(here, beside, keep, right);
  }
}

function mix(words: Int32Array, count: number, ahead: number, share: number): void {
  const keep = 16 - share;
  for (let i = 0; i < count; i += 1) words[i] = blend(words[i] as number, words[i + ahead] as number, keep, share);
}

function blend(a: number, b: number, keep: number, share: number): number {
  const even = (Math.imul(a & PAIR, keep) + Math.imul(b & PAIR, share)) >>> 4;
  const odd = (Math.imul((a >>> 8) & PAIR, keep) + Math.imul((b >>> 8) & PAIR, share)) >>> 4;
  return (even & PAIR) | ((odd & PAIR) << 8);
}
