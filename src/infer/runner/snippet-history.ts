/** The last descriptors of a camera's segments, the oldest first; null where there is none. */
export type SnippetWindow = readonly (Float32Array | null)[];

/**
 * What an extractor made of a camera's last segments, in their places: a segment that was lost, or that the extractor did not look at,
 * leaves its place empty. A new epoch, or a segment that is not after the last one, begins anew.
 */
export class SnippetHistory {
  readonly #length: number;
  #epoch: number | null = null;
  #sequence = 0;
  #snippets: (Float32Array | null)[] = [];

  /** @param length longest window that will be asked for, segments */
  constructor(length: number) {
    this.#length = length;
  }

  push({ epoch, sequence }: { readonly epoch: number; readonly sequence: number }, snippet: Float32Array | null): void {
    if (epoch !== this.#epoch || sequence <= this.#sequence) this.#snippets = [];
    else {
      const missing = Math.min(this.#length, sequence - this.#sequence - 1);
      for (let i = 0; i < missing; i++) this.#snippets.push(null);
    }
    this.#epoch = epoch;
    this.#sequence = sequence;
    this.#snippets.push(snippet);
    this.#snippets = this.#snippets.slice(-this.#length);
  }

  /** The last `length` places, the newest segment's last. */
  window(length: number): SnippetWindow {
    const known = this.#snippets.slice(-length);
    return [...new Array<null>(length - known.length).fill(null), ...known];
  }
}
