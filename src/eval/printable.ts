/** A figure as JSON can carry it: null where there is none. */
export type Figure = number | null;

/** Confidence limits as JSON can carry them. */
export interface FigureInterval {
  readonly low: Figure;
  readonly high: Figure;
}

/**
 * Turns figures that JSON has no word for into null, and keeps the reasons: a printed result never says NaN, and a
 * null never stands without a note that explains it.
 */
export class Notes {
  readonly #notes: string[] = [];

  /** The figure, or null with `reason` noted when it is NaN or infinite. */
  figure(name: string, value: number, reason: string): Figure {
    if (Number.isFinite(value)) return value;
    this.add(`${name} is null: ${reason}`);
    return null;
  }

  add(note: string): void {
    if (!this.#notes.includes(note)) this.#notes.push(note);
  }

  get list(): readonly string[] {
    return [...this.#notes];
  }
}
