import type { Observation } from '../observation.ts';
import { DefinitionCues, type DefinitionOutcome } from './definition-cues.ts';
import type { DefinitionSet } from './definition-set.ts';
import type { EmbeddingBank } from './embedding-bank.ts';

/** The definitions' own statistic, and of which definitions: what the next segment's is smoothed with. */
export interface DefinitionState {
  readonly key: string;
  readonly statistic: number;
}

/** What a camera's user calls abnormal and normal, and what that says of each segment. */
export class CameraDefinitions {
  #set: DefinitionSet | null = null;
  #cues: DefinitionCues | null = null;

  /** Pack whose embeddings the definitions are compared with; null without definitions. */
  get pack(): string | null {
    return this.#set?.pack ?? null;
  }

  /** Replaces what was given before. @returns whether anything changed: `calibrate` is called for then */
  replace(set: DefinitionSet | null): boolean {
    const same = set?.key === this.#set?.key;
    this.#set = set;
    return !same;
  }

  /** @param bank embeddings of normal life; null while nothing is learned */
  calibrate(bank: EmbeddingBank | null): void {
    this.#cues = this.#set === null ? null : DefinitionCues.calibrate(this.#set, bank);
  }

  /** @param before state of the segment just before; absent where there is none */
  read(observation: Observation, before: DefinitionState | undefined): DefinitionOutcome | null {
    const statistic = before?.key === this.#cues?.key ? before?.statistic : undefined;
    return this.#cues?.read(observation, statistic ?? null) ?? null;
  }

  /** Undefined where there are no definitions or the pack did not look. */
  stateAfter(outcome: DefinitionOutcome | null): DefinitionState | undefined {
    const statistic = outcome?.statistic ?? null;
    return this.#cues === null || statistic === null ? undefined : { key: this.#cues.key, statistic };
  }
}
