import { gaussian, seededRandom } from '../random.ts';

const TILE_BYTES = 1 << 18;
/** Added before and taken off after, so that no byte of a word ever borrows from its neighbour. */
const BIAS = 15;
const BIAS_WORD = 0x0f0f0f0f;

/** Noise of one strength, in bytes biased to be positive; each frame reads it from another place. */
export class SensorNoise {
  readonly #words: Int32Array;

  /** @param deviation grey levels, up to 6; cut at 15 */
  constructor(seed: number, deviation: number) {
    const random = seededRandom(seed, 'sensor', Math.round(deviation * 100));
    const bytes = new Uint8Array(TILE_BYTES);
    for (let i = 0; i < TILE_BYTES; i += 1) {
      bytes[i] = BIAS + Math.max(-BIAS, Math.min(BIAS, Math.round(deviation * gaussian(random))));
    }
    this.#words = new Int32Array(bytes.buffer);
  }

  /**
   * Adds noise to pixels of 16 to 239, four at a time; 239 - 15 + 30 still fits a byte.
   * @param words pixels, seen as 32-bit words
   * @param salt another place in the tile for each frame
   */
  addTo(words: Int32Array, salt: number): void {
    const noise = this.#words;
    const start = (salt >>> 0) % (noise.length - words.length);
    for (let i = 0; i < words.length; i += 1) {
      // (p - 15) + (n + 15) for each byte: p >= 16 leaves no borrow, p - 15 <= 224 and n + 15 <= 30 no carry.
      words[i] = ((words[i] as number) - BIAS_WORD + (noise[start + i] as number)) | 0;
    }
  }
}
