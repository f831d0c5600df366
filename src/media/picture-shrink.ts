import { type Size, type Spans, spansOf } from './area-spans.ts';

/**
 * Makes small coloured pictures out of large ones: each small pixel is the mean over the area that it covers. Keeps its working
 * memory, so one is made per stream.
 */
export class PictureShrink {
  readonly #from: Size;
  readonly #to: Size;
  readonly #columns: Spans;
  readonly #rows: Spans;
  readonly #line: Float32Array;
  readonly #sums: Float32Array;

  /** @param from size of the pictures, in neither direction smaller than `to`. Throws RangeError. */
  constructor(from: Size, to: Size) {
    if (from.width < to.width || from.height < to.height) throw new RangeError('a picture is only made smaller');
    this.#from = from;
    this.#to = to;
    this.#columns = spansOf(from.width, to.width);
    this.#rows = spansOf(from.height, to.height);
    this.#line = new Float32Array(to.width * 3);
    this.#sums = new Float32Array(to.width * 3);
  }

  /**
   * @param picture rgb24 of the size `from`
   * @param target takes the rgb24 picture of the size `to`, to the byte
   */
  shrink(picture: Uint8Array, target: Uint8Array): void {
    const { width, height } = this.#to;
    if (this.#from.width === width && this.#from.height === height) {
      target.set(picture);
      return;
    }
    const { first, shares, most } = this.#rows;
    const sums = this.#sums;
    const line = this.#line;
    let prepared = -1;
    for (let y = 0, to = 0; y < height; y++) {
      sums.fill(0);
      for (let i = 0; i < most; i++) {
        const share = shares[y * most + i] ?? 0;
        if (share === 0) continue;
        const row = (first[y] ?? 0) + i;
        if (row !== prepared) this.#prepare(picture, row); // a row at a border counts for both its neighbours
        prepared = row;
        for (let x = 0; x < sums.length; x++) sums[x] = (sums[x] ?? 0) + (line[x] ?? 0) * share;
      }
      for (let x = 0; x < sums.length; x++, to++) target[to] = Math.min(255, (sums[x] ?? 0) + 0.5);
    }
  }

  /** One row of the picture, shrunk to the small width, into `line`. */
  #prepare(picture: Uint8Array, row: number): void {
    const { first, shares, most } = this.#columns;
    const line = this.#line;
    const start = row * this.#from.width * 3;
    for (let x = 0; x < this.#to.width; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let from = start + (first[x] ?? 0) * 3;
      for (let i = 0; i < most; i++, from += 3) {
        const share = shares[x * most + i] ?? 0;
        if (share === 0) continue;
        red += (picture[from] ?? 0) * share;
        green += (picture[from + 1] ?? 0) * share;
        blue += (picture[from + 2] ?? 0) * share;
      }
      line[x * 3] = red;
      line[x * 3 + 1] = green;
      line[x * 3 + 2] = blue;
    }
  }
}
