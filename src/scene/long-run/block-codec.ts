const BLOCK = 8;
/** Frames from one key frame to the next. */
const KEY_EVERY = 20;
/** Every other pixel of a word of four. */
const LOW = 0xff;

/**
 * What hard compression does to a stream: blocks stand still until they differ enough, each key frame brings everything anew and coarser.
 * Holds the last picture, so frames must come in order.
 */
export class BlockCodec {
  readonly #width: number;
  readonly #height: number;
  /** Sum of differences over the pixels that are looked at, a quarter of a block. */
  readonly #limit: number;
  /** Four pixels a word. */
  readonly #shown: Int32Array;

  /**
   * @param width a multiple of 8, as is the height
   * @param threshold mean difference of a block, grey levels, below which it is not sent
   */
  constructor(width: number, height: number, threshold: number) {
    this.#width = width;
    this.#height = height;
    this.#limit = threshold * (BLOCK >> 1) * (BLOCK >> 1);
    this.#shown = new Int32Array((width * height) >> 2);
  }

  /** Replaces pixels, seen as words of four, by what arrives. */
  pass(words: Int32Array, frame: number): void {
    const shown = this.#shown;
    if (frame % KEY_EVERY === 0) {
      for (let i = 0; i < words.length; i += 1) shown[i] = ((words[i] as number) & 0xf8f8f8f8) | 0x04040404;
    } else {
      const stride = this.#width >> 2;
      for (let row = 0; row < this.#height; row += BLOCK) {
        for (let column = 0; column < stride; column += 2) this.#block(words, row * stride + column, stride);
      }
    }
    words.set(shown);
  }

  #block(words: Int32Array, start: number, stride: number): void {
    const shown = this.#shown;
    let difference = 0;
    for (let row = 1; row < BLOCK; row += 2) {
      // pixels 0, 2, 4 and 6 of one row, 1, 3, 5 and 7 of the next
      const shift = (row & 2) << 2;
      const at = start + row * stride;
      const a = (words[at] as number) >>> shift;
      const b = (shown[at] as number) >>> shift;
      const c = (words[at + 1] as number) >>> shift;
      const d = (shown[at + 1] as number) >>> shift;
      difference +=
        Math.abs((a & LOW) - (b & LOW)) +
        Math.abs(((a >>> 16) & LOW) - ((b >>> 16) & LOW)) +
        Math.abs((c & LOW) - (d & LOW)) +
        Math.abs(((c >>> 16) & LOW) - ((d >>> 16) & LOW));
    }
    if (difference < this.#limit) return;
    for (let at = start; at < start + BLOCK * stride; at += stride) {
      shown[at] = ((words[at] as number) & 0xfcfcfcfc) | 0x02020202;
      shown[at + 1] = ((words[at + 1] as number) & 0xfcfcfcfc) | 0x02020202;
    }
  }
}
