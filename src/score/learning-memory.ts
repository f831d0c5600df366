import { blockToReplace } from './adaptation.ts';
import type { Observation } from './observation.ts';
import { SeededRandom } from './random.ts';

/** Neighbouring segments are kept or dropped together, because smoothing and correlation need neighbours. */
const BLOCK_SEGMENTS = 12;

/** A remembered segment. */
export interface Sample extends Observation {
  /** Which recording, counting from 0. */
  readonly recording: number;
}

/** Bounded memory of what was seen while learning: a reservoir (Vitter's algorithm R) over blocks of consecutive segments. */
export class LearningMemory {
  readonly #maximumBlocks: number;
  readonly #random: SeededRandom;
  readonly #blocks: Sample[][];
  #current: Sample[];
  #blocksSeen: number;

  constructor(maximumSegments: number, seed: number) {
    this.#maximumBlocks = Math.max(4, Math.floor(maximumSegments / BLOCK_SEGMENTS));
    this.#random = new SeededRandom(seed);
    this.#blocks = [];
    this.#current = [];
    this.#blocksSeen = 0;
  }

  static restore(
    maximumSegments: number,
    saved: {
      readonly randomState: number;
      readonly blocksSeen: number;
      readonly blocks: readonly (readonly Sample[])[];
      readonly current: readonly Sample[];
    },
  ): LearningMemory {
    const memory = new LearningMemory(maximumSegments, saved.randomState);
    memory.#blocks.push(...saved.blocks.map((block) => [...block]));
    memory.#current = [...saved.current];
    memory.#blocksSeen = saved.blocksSeen;
    return memory;
  }

  add(observation: Observation, recording: number): void {
    if (this.#current[0] !== undefined && this.#current[0].recording !== recording) this.#closeBlock();
    this.#current.push({ ...observation, recording });
    if (this.#current.length >= BLOCK_SEGMENTS) this.#closeBlock();
  }

  /**
   * Takes a block of neighbours in after learning: hours of the day share the memory evenly (`blockToReplace`), so what
   * a camera has seen reaches back over days.
   */
  admit(block: readonly Observation[], recording: number): void {
    const samples = block.map((observation) => ({ ...observation, recording }));
    if (this.#current.length > 0) this.#closeBlock();
    if (this.#blocks.length < this.#maximumBlocks) {
      this.#blocks.push(samples);
      return;
    }
    const stored = this.#blocks.map((own) => own[0]?.startMs ?? 0);
    const place = blockToReplace(stored, samples[0]?.startMs ?? 0, () => this.#random.next());
    if (place !== null) this.#blocks[place] = samples;
  }

  /** What is kept, in order of time. */
  samples(): readonly Sample[] {
    return [...this.#blocks.flat(), ...this.#current].sort(
      (a, b) => a.recording - b.recording || a.epoch - b.epoch || a.sequence - b.sequence,
    );
  }

  saved(): {
    randomState: number;
    blocksSeen: number;
    blocks: readonly (readonly Sample[])[];
    current: readonly Sample[];
  } {
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
