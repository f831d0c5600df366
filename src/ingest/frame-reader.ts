/** Cuts a byte stream into frames of `frameBytes`; each frame is a buffer of its own. */
export class FrameReader {
  readonly #frameBytes: number;
  #frame: Uint8Array;
  #filled = 0;

  constructor(frameBytes: number) {
    if (!(frameBytes > 0)) throw new RangeError('a frame has at least one byte');
    this.#frameBytes = frameBytes;
    this.#frame = new Uint8Array(frameBytes);
  }

  /** The frames that `bytes` completes, oldest first. */
  push(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let taken = 0;
    while (taken < bytes.length) {
      const part = bytes.subarray(taken, taken + this.#frameBytes - this.#filled);
      this.#frame.set(part, this.#filled);
      taken += part.length;
      this.#filled += part.length;
      if (this.#filled < this.#frameBytes) break;
      frames.push(this.#frame);
      this.#frame = new Uint8Array(this.#frameBytes);
      this.#filled = 0;
    }
    return frames;
  }
}
