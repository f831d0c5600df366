const BLOCK = 8;
/** Frames from one key frame to the next. */
const KEY_EVERY = 20;

/**
 * What hard compression does to a stream: blocks stand still until they differ enough, each key frame brings everything anew and coarser.
 * Holds the last picture, so frames must come in order.
 */
export class BlockCodec {
  readonly #width: number;
  readonly #height: number;
  readonly #threshold: number;
  readonly #shown: Uint8Array;

  /** @param threshold mean difference of a block, grey levels, below which it is not sent */
  constructor(width: number, height: number, threshold: number) {
    this.#width = width;
    this.#height = height;
    this.#threshold = threshold;
    this.#shown = new Uint8Array(width * height);
  }

  /** Replaces `pixels` by what arrives. */
  pass(pixels: Uint8Array, frame: number): void {
    const shown = this.#shown;
    if (frame % KEY_EVERY === 0) {
      for (let i = 0; i < pixels.length; i += 1) shown[i] = ((pixels[i] as number) & 0xf8) | 4;
    } else {
      for (let top = 0; top < this.#height; top += BLOCK) {
        for (let left = 0; left < this.#width; left += BLOCK) this.#block(pixels, top, left);
      }
    }
    pixels.set(shown);
  }

  #block(pixels: Uint8Array, top: number, left: number): void {
    const width = this.#width;
    const shown = this.#shown;
    let difference = 0;
    for (let y = 1; y < BLOCK; y += 2) {
      const row = (top + y) * width + left;
      for (let x = (y >> 1) & 1; x < BLOCK; x += 2) {
        const change = (pixels[row + x] as number) - (shown[row + x] as number);
        difference += change < 0 ? -change : change;
      }
    }
    if (difference < this.#threshold * (BLOCK >> 1) * (BLOCK >> 1)) return;
    for (let y = 0; y < BLOCK; y += 1) {
      const row = (top + y) * width + left;
      for (let x = 0; x < BLOCK; x += 1) shown[row + x] = ((pixels[row + x] as number) & 0xfc) | 2;
    }
  }
}
