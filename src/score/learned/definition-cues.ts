import { dependenceLength } from '../dependence.ts';
import { fuseSurprises, smooth } from '../fuse.ts';
import type { Observation } from '../observation.ts';
import type { Cue } from '../segment-score.ts';
import { calibrateTail, surpriseOf, type Tail } from '../tail.ts';
import type { Definition, DefinitionSet } from './definition-set.ts';
import type { EmbeddingBank } from './embedding-bank.ts';
import { dot } from './unit-vector.ts';

/** Name of every such cue; its label is the definition's name. */
export const DEFINITION_CUE = 'definition';

/** What one definition makes of a segment. */
export interface DefinitionReading {
  readonly name: string;
  /** Logit of the definition against all normal texts. */
  readonly raw: number;
  /** The same as a probability, 0 to 1. */
  readonly probability: number;
  /** -ln p on the camera's own normal life, nats. */
  readonly surprise: number;
}

export interface DefinitionOutcome {
  readonly readings: readonly DefinitionReading[];
  /** Fused over the definitions, before smoothing: the next segment's `before`. Null where the pack did not look. */
  readonly statistic: number | null;
  /** Of all definitions together, calibrated, nats. */
  readonly surprise: number;
}

/** Fewer remembered embeddings (at half a second each) say nothing about how unusual a similarity is. */
const MINIMUM_LOOKS = 40;
/** However steady the scene, a logit more is no more than two nats. */
const LEAST_EXCESS = 0.5;
/** Share of the joined surprise that is the definitions'; the rest is that of all other cues. */
const SHARE = 0.3;

/**
 * A camera's definitions, calibrated on what is remembered of its normal life: a definition that comes, goes or changes counts from the
 * next segment on, and nothing is learned anew for it. Immutable; the same set and the same bank give the same numbers.
 *
 * For a picture v and texts a (abnormal) and n_j (normal), all of length 1, with CLIP's scale s:
 * raw = s v.a - max(N, median N over normal life), N = ln sum_j exp(s v.n_j): the logit of a in a softmax over a and all n_j, except that
 * a picture which is less like the normal texts than usual is not thereby more like the definition. The forms of LaGoVAD (the definition is an input),
 * AnyAnomaly (the user's own words) and Flashback (captions of both sides compared with each segment); where Flashback takes biases of
 * the texts away by shrinking the abnormal ones, here each is calibrated on the camera's own pictures, which takes away more.
 */
export class DefinitionCues {
  readonly key: string;
  readonly #set: DefinitionSet;
  readonly #tails: readonly Tail[];
  readonly #fused: Tail;
  /** N's median over normal life: N counts as no less. */
  readonly #usualNormal: number;

  private constructor(set: DefinitionSet, tails: readonly Tail[], fused: Tail, usualNormal: number) {
    this.key = set.key;
    this.#set = set;
    this.#tails = tails;
    this.#fused = fused;
    this.#usualNormal = usualNormal;
  }

  /** Null where there is nothing to calibrate on, or nothing to compare. */
  static calibrate(set: DefinitionSet, bank: EmbeddingBank | null): DefinitionCues | null {
    const count = bank?.begins.length ?? 0;
    const fits = [...set.abnormal.map(({ embedding }) => embedding), ...set.normal].every(
      ({ length }) => length === bank?.dimensions,
    );
    if (bank === null || count < MINIMUM_LOOKS || !fits || set.abnormal.length === 0 || set.normal.length === 0) {
      return null;
    }
    const moments = Array.from({ length: count }, (_, place) => place * bank.dimensions);
    const logits = moments.map((offset) => normalLogit(set, bank.values, offset));
    const usualNormal = logits.toSorted((a, b) => a - b)[count >> 1] ?? 0;
    const normal = logits.map((logit) => Math.max(logit, usualNormal));
    const raws = set.abnormal.map((definition) =>
      moments.map((offset, place) => rawOf(set, definition, bank.values, offset, normal[place] ?? 0)),
    );
    const calibrate = (values: readonly number[]) =>
      calibrateTail(values, dependenceLength(runsOf(values, bank.begins)), { meanExcess: LEAST_EXCESS });
    const tails = raws.map(calibrate);
    let before: number | null = null;
    const smoothed = moments.map((_, place) => {
      const statistic = fuse(tails.map((tail, index) => surpriseOf(tail, raws[index]?.[place] ?? 0)));
      const value = smooth(bank.begins[place] === 1 ? null : before, statistic);
      before = statistic;
      return value;
    });
    return new DefinitionCues(set, tails, calibrate(smoothed), usualNormal);
  }

  /** @param before `statistic` of the segment just before; null where there is none */
  read(observation: Observation, before: number | null): DefinitionOutcome {
    const embedding = observation.learned?.embeddings[this.#set.pack];
    if (embedding === undefined || embedding.length !== this.#set.normal[0]?.length) {
      const readings = this.#set.abnormal.map(({ name }) => ({ name, raw: 0, probability: 0, surprise: 0 }));
      return { readings, statistic: null, surprise: 0 };
    }
    const normal = Math.max(normalLogit(this.#set, embedding, 0), this.#usualNormal);
    const readings = this.#set.abnormal.map((definition, index) => {
      const raw = rawOf(this.#set, definition, embedding, 0, normal);
      const tail = this.#tails[index];
      const surprise = tail ? surpriseOf(tail, raw) : 0;
      return { name: definition.name, raw, probability: 1 / (1 + Math.exp(-raw)), surprise };
    });
    const statistic = fuse(readings.map(({ surprise }) => surprise));
    return { readings, statistic, surprise: surpriseOf(this.#fused, smooth(before, statistic)) };
  }
}

/**
 * Surprise of the definitions and of all other cues together: the weighted harmonic mean of both probabilities, as among the cues
 * (fuse.ts). Both are calibrated before, so nothing is to be learned when a definition comes.
 */
export function joinDefinitions(others: number, definitions: number): number {
  return fuseSurprises([others, definitions], [1 - SHARE, SHARE]);
}

/** Whether the definitions carry the joined surprise. */
export function definitionsLead(others: number, definitions: number): boolean {
  return definitions + Math.log(SHARE) > others + Math.log(1 - SHARE);
}

/** The definition that is rarest here; null without any. */
export function strongestDefinition(readings: readonly DefinitionReading[]): DefinitionReading | null {
  return readings.reduce<DefinitionReading | null>(
    (best, reading) => (best && best.surprise >= reading.surprise ? best : reading),
    null,
  );
}

/**
 * The definitions' readings as cues of a score; the whole picture is what they are about, so they name no cell.
 *
 * @param wordyFrom surprise from which one is put into words, nats
 */
export function cuesOfDefinitions({ readings }: DefinitionOutcome, wordyFrom: number): readonly Cue[] {
  return readings.map((reading) => ({
    name: DEFINITION_CUE,
    raw: reading.raw,
    probability: Math.exp(-reading.surprise),
    cell: null,
    label: reading.name,
    ...(reading.surprise >= wordyFrom ? { comparison: describeDefinition(reading) } : {}),
  }));
}

export function describeDefinition({ name, probability, surprise }: DefinitionReading): string {
  const once = Math.round(Math.exp(Math.min(surprise, Math.log(100_000))));
  const rarity = once >= 2 ? `; so much only once in ${once >= 100_000 ? 'more than 100000' : once} segments here` : '';
  return `looks like the definition “${name}”, ${probability.toFixed(2)} against this camera’s normal texts${rarity}`;
}

function fuse(surprises: readonly number[]): number {
  return fuseSurprises(
    surprises,
    surprises.map(() => 1 / surprises.length),
  );
}

/** ln sum_j exp(s v.n_j) */
function normalLogit({ normal, logitScale }: DefinitionSet, values: Float32Array, offset: number): number {
  const logits = normal.map((text) => logitScale * dot(text, values, offset));
  const largest = Math.max(...logits);
  return largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}

function rawOf(
  { logitScale }: DefinitionSet,
  { embedding }: Definition,
  values: Float32Array,
  offset: number,
  normal: number,
): number {
  return logitScale * dot(embedding, values, offset) - normal;
}

function runsOf(values: readonly number[], begins: Uint8Array): readonly (readonly number[])[] {
  const runs: number[][] = [];
  values.forEach((value, place) => {
    if (begins[place] === 1 || runs.length === 0) runs.push([]);
    runs.at(-1)?.push(value);
  });
  return runs;
}
