/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Which pixels of a line make up one smaller pixel, and with what share. */
export interface Spans {
  /** First pixel of each span. */
  readonly first: Int32Array;
  /** `most` shares for each span, adding up to 1; 0 beyond its end. */
  readonly shares: Float32Array;
  readonly most: number;
}

/** How `from` pixels of a line are shared out among `to` of them, `to` not more than `from`. */
export function spansOf(from: number, to: number): Spans {
  const scale = from / to;
  const most = Math.ceil(scale) + 1;
  const first = new Int32Array(to);
  const shares = new Float32Array(to * most);
  for (let i = 0; i < to; i++) {
    const begin = i * scale;
    const end = begin + scale;
    const start = Math.floor(begin);
    first[i] = start;
    for (let k = 0; k < most; k++) {
      const covered = Math.min(end, start + k + 1) - Math.max(begin, start + k);
      if (covered > 1e-9) shares[i * most + k] = covered / scale;
    }
  }
  return { first, shares, most };
}
