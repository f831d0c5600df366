import type { Interval } from './poisson-interval.ts';
import { percentile } from './quantile.ts';
import { type ScoredVideo, type ScoreTally, tallyScores } from './score-tally.ts';

export interface BootstrapSettings {
  /** Uniform numbers in [0, 1); seed it for a repeatable interval. */
  readonly random: () => number;
  /** Resamples; 1000 unless told. */
  readonly rounds?: number;
  readonly confidence?: number;
}

/**
 * Percentile interval of a pooled metric by resampling **videos** with replacement: frames of one video are far from
 * independent, and an interval by frames would be many times too narrow.
 * @param metric of the pooled tally, for instance `rocAucOfTally`; rounds where it is NaN (one class drawn) are left out
 * @returns NaN limits when no round had a value
 */
export function bootstrapByVideo(
  videos: readonly ScoredVideo[],
  metric: (tally: ScoreTally) => number,
  { random, rounds = 1000, confidence = 0.95 }: BootstrapSettings,
): Interval {
  const pooled = tallyScores(videos);
  const rankOf = new Map<number, number>();
  pooled.scores.forEach((score, rank) => {
    rankOf.set(score, rank);
  });
  const parts = videos.map((video) => {
    const tally = tallyScores([video]);
    return { ...tally, ranks: Int32Array.from(tally.scores, (score) => rankOf.get(score) ?? 0) };
  });
  const positives = new Float64Array(pooled.scores.length);
  const negatives = new Float64Array(pooled.scores.length);
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) {
    positives.fill(0);
    negatives.fill(0);
    for (let draw = 0; draw < parts.length; draw++) {
      const part = parts[Math.floor(random() * parts.length)];
      part?.ranks.forEach((rank, i) => {
        positives[rank] = (positives[rank] ?? 0) + (part.positives[i] ?? 0);
        negatives[rank] = (negatives[rank] ?? 0) + (part.negatives[i] ?? 0);
      });
    }
    const value = metric({ scores: pooled.scores, positives, negatives });
    if (!Number.isNaN(value)) values.push(value);
  }
  const sorted = Float64Array.from(values).sort();
  return { low: percentile(sorted, (1 - confidence) / 2), high: percentile(sorted, (1 + confidence) / 2) };
}

/** Seeded uniform numbers in [0, 1): mulberry32, enough for resampling and never for secrets. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
