import { BLOCK_SEGMENTS, type BlockSummary, blockToReplace } from './adaptation.ts';
import { type Halved, halved, widened } from './halved.ts';
import type { Observation } from './observation.ts';
import { SeededRandom } from './random.ts';

/** A remembered segment. */
export interface Sample extends Observation {
  /** Which recording, counting from 0. */
  readonly recording: number;
}

/** The same as it is kept: half as large. */
export type KeptSample = Omit<Sample, 'values'> & { readonly values: Halved };

/** Plain data, for state-codec.ts. */
export interface SavedMemory {
  readonly randomState: number;
  readonly blocksSeen: number;
  readonly blocks: readonly (readonly KeptSample[])[];
  readonly current: readonly KeptSample[];
}

/** Bounded memory of what was seen while learning: a reservoir (Vitter's algorithm R) over blocks of consecutive segments. */
export class LearningMemory {
  readonly #maximumBlocks: number;
  readonly #random: SeededRandom;
  readonly #blocks: KeptSample[][];
  #current: KeptSample[];
  #blocksSeen: number;

  constructor(maximumSegments: number, seed: number) {
    this.#maximumBlocks = Math.max(4, Math.floor(maximumSegments / BLOCK_SEGMENTS));
    this.#random = new SeededRandom(seed);
    this.#blocks = [];
    this.#current = [];
    this.#blocksSeen = 0;
  }

  /** @param saved by this edition, or by one that kept the values whole */
  static restore(maximumSegments: number, saved: SavedMemory): LearningMemory {
    const memory = new LearningMemory(maximumSegments, saved.randomState);
    memory.#blocks.push(...saved.blocks.map((block) => block.map(kept)));
    memory.#current = saved.current.map(kept);
    memory.#blocksSeen = saved.blocksSeen;
    return memory;
  }

  add(observation: Observation, recording: number): void {
    if (this.#current[0] !== undefined && this.#current[0].recording !== recording) this.#closeBlock();
    this.#current.push(kept({ ...observation, recording }));
    if (this.#current.length >= BLOCK_SEGMENTS) this.#closeBlock();
  }

  /**
   * Takes a block of neighbours in after learning: empty blocks have a share, and hours of the day (`blockToReplace`), so what
   * a camera has seen reaches back over days.
   */
  admit(block: readonly Observation[], recording: number): void {
    const samples = block.map((observation) => kept({ ...observation, recording }));
    if (this.#current.length > 0) this.#closeBlock();
    if (this.#blocks.length < this.#maximumBlocks) {
      this.#blocks.push(samples);
      return;
    }
    const place = blockToReplace(this.#blocks.map(summaryOf), summaryOf(samples), () => this.#random.next());
    if (place !== null) this.#blocks[place] = samples;
  }

  /** What is kept, in no order. */
  moments(): readonly KeptSample[] {
    return [...this.#blocks.flat(), ...this.#current];
  }

  /** What is kept, whole again, in order of time: twice as large as the memory itself. */
  samples(): readonly Sample[] {
    return this.moments()
      .map((sample) => ({ ...sample, values: widened(sample.values) }))
      .sort((a, b) => a.recording - b.recording || a.epoch - b.epoch || a.sequence - b.sequence);
  }

  saved(): SavedMemory {
    return {
      randomState: this.#random.state,
      blocksSeen: this.#blocksSeen,
      blocks: this.#blocks,
      current: this.#current,
    };
  }

  #closeBlock(): void {
    const block = this.#current;
    this.#current = [];
    this.#blocksSeen += 1;
    if (this.#blocks.length < this.#maximumBlocks) {
      this.#blocks.push(block);
      return;
    }
    const place = this.#random.below(this.#blocksSeen);
    if (place < this.#maximumBlocks) this.#blocks[place] = block;
  }
}

/** Blobs alone are no sign of life: rain and snow are full of them. */
function summaryOf(block: readonly Pick<Observation, 'startMs' | 'figures' | 'blobs'>[]): BlockSummary {
  const empty = block.every(({ figures, blobs }) => (figures ?? blobs).length === 0);
  return { startMs: block[0]?.startMs ?? 0, empty };
}

function kept(sample: Sample | KeptSample): KeptSample {
  const { values } = sample;
  return { ...sample, values: values instanceof Float32Array ? halved(values) : values };
}
