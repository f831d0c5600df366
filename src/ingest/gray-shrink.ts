import { type Size, type Spans, spansOf } from '../media/area-spans.ts';

/** BT.601 luma of full-range RGB, in 256ths. */
const RED = 77;
const GREEN = 150;
const BLUE = 29;

/**
 * Makes small gray pictures out of large coloured ones: luma, then the mean over the area that each small pixel covers. Keeps its
 * working memory, so one is made per stream.
 */
export class GrayShrink {
  readonly #from: Size;
  readonly #to: Size;
  readonly #columns: Spans;
  readonly #rows: Spans;
  readonly #luma: Float32Array;
  readonly #line: Float32Array;
  readonly #sums: Float32Array;

  /** @param from size of the coloured pictures, pixels, in neither direction smaller than `to` */
  constructor(from: Size, to: Size) {
    if (from.width < to.width || from.height < to.height) throw new RangeError('a still is never smaller than a frame');
    this.#from = from;
    this.#to = to;
    this.#columns = spansOf(from.width, to.width);
    this.#rows = spansOf(from.height, to.height);
    this.#luma = new Float32Array(from.width + this.#columns.most);
    this.#line = new Float32Array(to.width);
    this.#sums = new Float32Array(to.width);
  }

  /** @param picture rgb24 of the size `from`; @returns gray8 of the size `to` */
  shrink(picture: Uint8Array): Uint8Array {
    const { width, height } = this.#to;
    const { first, shares, most } = this.#rows;
    const gray = new Uint8Array(width * height);
    const sums = this.#sums;
    const line = this.#line;
    let prepared = -1;
    for (let y = 0; y < height; y++) {
      sums.fill(0);
      for (let i = 0; i < most; i++) {
        const share = shares[y * most + i] ?? 0;
        if (share === 0) continue;
        const row = (first[y] ?? 0) + i;
        if (row !== prepared) this.#prepare(picture, row); // a row at a border counts for both its neighbours
        prepared = row;
        for (let x = 0; x < width; x++) sums[x] = (sums[x] ?? 0) + (line[x] ?? 0) * share;
      }
      for (let x = 0, to = y * width; x < width; x++, to++) gray[to] = Math.min(255, (sums[x] ?? 0) + 0.5);
    }
    return gray;
  }

  /** Luma of one row of the picture, shrunk to the small width, into `line`. */
  #prepare(picture: Uint8Array, row: number): void {
    const { width } = this.#from;
    const luma = this.#luma;
    for (let x = 0, from = row * width * 3; x < width; x++, from += 3) {
      luma[x] = ((picture[from] ?? 0) * RED + (picture[from + 1] ?? 0) * GREEN + (picture[from + 2] ?? 0) * BLUE) / 256;
    }
    const { first, shares, most } = this.#columns;
    const line = this.#line;
    for (let x = 0, at = 0; x < line.length; x++) {
      const from = first[x] ?? 0;
      let sum = 0;
      for (let i = 0; i < most; i++, at++) sum += (luma[from + i] ?? 0) * (shares[at] ?? 0);
      line[x] = sum;
    }
  }
}
