import { extractBlobs } from './blobs.ts';
import type { DetectedObject } from './detected-object.ts';
import type { Foreground } from './figures/backdrop.ts';
import { figureParts } from './figures/figure-parts.ts';
import { unitVector } from './learned/unit-vector.ts';
import type { HeadOutput, LearnedFeatures } from './learned-features.ts';
import { latticeChannelIndex } from './motion-grid-channels.ts';
import type { Observation, ObservedObject } from './observation.ts';
import type { Lattice, SegmentFeatures } from './segment-features.ts';

const VELOCITY_X = latticeChannelIndex('velocityX');
const VELOCITY_Y = latticeChannelIndex('velocityY');
const ENERGY = latticeChannelIndex('energy');
/** Weight of no movement at all in the mean velocity, brightness^2. */
const STILL_ENERGY = 1e-5;
/** A body's own speed, not that of its swinging legs nor of the ground beside it. */
const SPEED_QUANTILE = 0.75;

/**
 * Boils a segment's features down to what the heads look at and what learning remembers. Pure.
 *
 * @param embeddings ids of the packs whose embeddings are looked at
 * @param foreground what stands before the backdrop; null where that is not known
 */
export function observationOf(
  features: SegmentFeatures,
  embeddings: readonly string[] = [],
  foreground: Foreground | null = null,
): Observation {
  const { epoch, sequence, startMs, endMs, values, lattice, objects } = features;
  const learned = features.learned && learnedOf(features.learned, embeddings);
  return {
    epoch,
    sequence,
    startMs,
    endMs,
    values,
    blobs: lattice ? extractBlobs(lattice) : new Float32Array(0),
    ...(lattice && foreground ? { figures: figureParts(lattice, foreground) } : {}),
    objects: objects?.map((object) => ({ ...object, ...motionIn(object, lattice) })) ?? null,
    ...(learned ? { learned } : {}),
  };
}

function learnedOf(learned: LearnedFeatures, wanted: readonly string[]): LearnedFeatures | null {
  const embeddings = wanted.flatMap((id) => {
    const embedding = learned.embeddings[id];
    return embedding ? [[id, unitVector(embedding)] as const] : [];
  });
  const heads = Object.entries(learned.heads).map(([id, { score, experts }]) => [
    id,
    { score, experts: firing(experts) },
  ]);
  if (embeddings.length === 0 && heads.length === 0) return null;
  return { embeddings: Object.fromEntries(embeddings), heads: Object.fromEntries(heads) };
}

/** The expert that says most; none of a head without experts. */
function firing(experts: HeadOutput['experts']): HeadOutput['experts'] {
  const [first, ...others] = experts;
  if (first === undefined) return [];
  return [others.reduce((most, expert) => (expert.score > most.score ? expert : most), first)];
}

/** How the picture moves inside an object's box, from the lattice places whose centres lie in it (at least the nearest one). */
function motionIn(
  { box }: DetectedObject,
  lattice: Lattice | undefined,
): Pick<ObservedObject, 'speed' | 'velocityX' | 'velocityY'> {
  if (lattice === undefined) return { speed: 0, velocityX: 0, velocityY: 0 };
  const { rows, columns, channels, values } = lattice;
  const [top, bottom] = places(box.top, box.bottom, rows);
  const [left, right] = places(box.left, box.right, columns);
  const speeds: number[] = [];
  let [weight, x, y] = [0, 0, 0];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const at = (row * columns + column) * channels;
      const vx = values[at + VELOCITY_X] ?? 0;
      const vy = values[at + VELOCITY_Y] ?? 0;
      const own = (values[at + ENERGY] ?? 0) ** 2 + STILL_ENERGY;
      speeds.push(Math.sqrt(vx * vx + vy * vy));
      weight += own;
      x += own * vx;
      y += own * vy;
    }
  }
  speeds.sort((a, b) => a - b);
  const speed = speeds[Math.min(speeds.length - 1, Math.floor(speeds.length * SPEED_QUANTILE))] ?? 0;
  return { speed, velocityX: x / weight, velocityY: y / weight };
}

/** First place (inclusive) and last (exclusive) whose centre lies between two shares of the picture. */
function places(from: number, to: number, count: number): readonly [number, number] {
  const first = Math.min(count - 1, Math.max(0, Math.round(from * count)));
  return [first, Math.min(count, Math.max(first + 1, Math.round(to * count)))];
}
