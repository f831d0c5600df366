import { SeededRandom } from './random.ts';

/** A uniform choice of bounded size from things that come one by one (Vitter's algorithm R); the same seed chooses the same. */
export class Reservoir<Thing> {
  readonly #most: number;
  readonly #random: SeededRandom;
  readonly #chosen: Thing[] = [];
  #seen = 0;

  constructor(most: number, seed: number) {
    this.#most = most;
    this.#random = new SeededRandom(seed);
  }

  /** @param make called only if the thing is taken */
  offer(make: () => Thing): void {
    this.#seen += 1;
    const place = this.#chosen.length < this.#most ? this.#chosen.length : this.#random.below(this.#seen);
    if (place < this.#most) this.#chosen[place] = make();
  }

  get chosen(): readonly Thing[] {
    return this.#chosen;
  }

  /** Share of what was offered that is kept. */
  get share(): number {
    return Math.min(1, this.#most / Math.max(1, this.#seen));
  }
}
