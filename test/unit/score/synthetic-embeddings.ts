import { unitVector } from '../../../src/score/learned/unit-vector.ts';
import { SeededRandom } from '../../../src/score/random.ts';

const DIMENSIONS = 64;

/** A direction of its own for each seed; two of them are nearly at right angles. */
export function direction(seed: number): Float32Array {
  return noise(new SeededRandom(seed * 7_919 + 17));
}

/** Not far from `centre`: `spread` is about the tangent of the angle between them. */
export function embeddingNear(centre: Float32Array, spread: number, random: SeededRandom): Float32Array {
  const away = noise(random);
  return unitVector(centre.map((value, index) => value + spread * (away[index] ?? 0)));
}

/** `share` of the way from one to the other. */
export function between(one: Float32Array, other: Float32Array, share: number): Float32Array {
  return unitVector(one.map((value, index) => (1 - share) * value + share * (other[index] ?? 0)));
}

function noise(random: SeededRandom): Float32Array {
  return unitVector(
    Float32Array.from({ length: DIMENSIONS }, () => random.next() + random.next() + random.next() - 1.5),
  );
}
