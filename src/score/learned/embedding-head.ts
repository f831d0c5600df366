import type { CueHead, GridShape, HistorySample, Reading } from '../cue-head.ts';
import { meanDistance, NO_FOLD, type References } from '../nearest-references.ts';
import { busiestCell } from './busiest-cell.ts';
import { type EmbeddingBank, embeddingBank } from './embedding-bank.ts';
import { SILENT } from './trained-head.ts';
import { dot } from './unit-vector.ts';

/** What a camera's normal pictures are like to one pack; null where it looked too seldom to tell. */
export interface EmbeddingModel {
  readonly shape: GridShape;
  readonly references: References | null;
  readonly bank: EmbeddingBank | null;
  /** Distances in normal life, each to the references of other recordings: the median, and the largest. */
  readonly usual: number;
  readonly most: number;
}

/** What an embedding head remembers of normal life; null for the model of another head, or of one that looked too seldom. */
export function bankOf(model: unknown): EmbeddingBank | null {
  return (model as Partial<EmbeddingModel> | null | undefined)?.bank ?? null;
}

/** Begins the name of the head; the pack's id follows. `alone`: of a camera that nothing else looks at. */
export const EMBEDDING_PREFIXES = { beside: 'embedding:', alone: 'embedding-alone:' } as const;

/** Beside other cues it only says that the picture as a whole is new, as dusk is; nothing else tells what moves. */
const WEIGHT = 0.05;
/** Below this distance between vectors of length 1, pictures are the same but for noise. */
const FLOOR = 0.02;
/** However steady the scene, twice the distance is no more than three and a half nats. */
const LEAST_EXCESS = 0.2;
const MINIMUM_LOOKS = 40;
/** In all; 400 x 512 float32 are 0.8 MB. */
const MAXIMUM_REFERENCES = 400;
const LEAST_PER_FOLD = 8;

/**
 * How far the picture as a whole lies from the camera's normal ones: distance to the nearest three of a coreset (PatchCore's greedy
 * farthest-point choice, made within each recording, so that leaving one recording out leaves the look of the others whole). On vectors
 * of length 1 the Euclidean distance d orders as the cosine distance does, d^2 / 2.
 *
 * Beside other cues it is `counted`: every dusk is a new look. Alone it is `extrapolated`, since nothing else could raise an alarm.
 */
export function embeddingHead(
  pack: string,
  alone: boolean,
): CueHead<EmbeddingModel, null> & { readonly embedding: string } {
  return {
    name: (alone ? EMBEDDING_PREFIXES.alone : EMBEDDING_PREFIXES.beside) + pack,
    embedding: pack,
    cues: [
      {
        name: EMBEDDING_PREFIXES.beside + pack,
        weight: WEIGHT,
        evidence: alone ? 'extrapolated' : 'counted',
        leastExcess: LEAST_EXCESS,
      },
    ],

    learn(history, shape) {
      const looks = history.flatMap((sample) => {
        const embedding = sample.learned?.embeddings[pack];
        return embedding ? [{ sample, embedding }] : [];
      });
      if (looks.length < MINIMUM_LOOKS) {
        const model = { shape, references: null, bank: null, usual: 0, most: 0 };
        return { model, readings: history.map(() => [SILENT]) };
      }
      const references = collect(looks);
      const distances: number[] = [];
      const readings = history.map((sample) => {
        const embedding = sample.learned?.embeddings[pack];
        if (embedding === undefined) return [SILENT];
        const distance = distanceTo(references, embedding, sample.fold);
        distances.push(distance);
        return [readingOf(distance, busiestCell(sample, shape))];
      });
      distances.sort((a, b) => a - b);
      const bank = embeddingBank(looks.map(({ sample, embedding }) => ({ ...sample, embedding })));
      const usual = distances[distances.length >> 1] ?? 0;
      return { model: { shape, references, bank, usual, most: distances.at(-1) ?? 0 }, readings };
    },

    start: () => null,

    read({ references, shape }, state, observation) {
      const embedding = observation.learned?.embeddings[pack];
      if (references === null || embedding?.length !== references.dimensions) return { readings: [SILENT], state };
      const distance = distanceTo(references, embedding, NO_FOLD);
      return { readings: [readingOf(distance, busiestCell(observation, shape))], state };
    },

    describe({ usual, most }, _, { value }) {
      const times = (than: number) => (value + FLOOR) / (than + FLOOR);
      if (times(most) >= 1.05)
        return `the picture as a whole ${times(most).toFixed(1)} times further from any known look than anything seen here`;
      if (times(usual) >= 1.05)
        return `the picture as a whole ${times(usual).toFixed(1)} times further from any known look than is usual here`;
      return 'the picture as a whole at the edge of what is usual here';
    },
  };
}

function readingOf(distance: number, cell: number): Reading {
  return { raw: Math.log(distance + FLOOR), cell, value: distance };
}

/** Mean distance to the nearest three, 0 to 2; `fold` is left out. Of unit vectors, d^2 = 2 - 2 v.r: one product each. */
function distanceTo({ count, dimensions, values, folds }: References, embedding: Float32Array, fold: number): number {
  const nearest = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let reference = 0; reference < count; reference++) {
    if (folds[reference] === fold) continue;
    const squared = Math.max(0, 2 - 2 * dot(embedding, values, reference * dimensions));
    if (squared >= (nearest[2] ?? 0)) continue;
    nearest[2] = squared;
    nearest.sort((a, b) => a - b);
  }
  const [first = 0, second = 0, third = 0] = nearest;
  return meanDistance(first, second, third, 1);
}

interface Look {
  readonly sample: HistorySample;
  readonly embedding: Float32Array;
}

function collect(looks: readonly Look[]): References {
  const dimensions = looks[0]?.embedding.length ?? 0;
  const folds = new Map<number, Look[]>();
  for (const look of looks) folds.set(look.sample.fold, [...(folds.get(look.sample.fold) ?? []), look]);
  const perFold = Math.max(LEAST_PER_FOLD, Math.floor(MAXIMUM_REFERENCES / folds.size));
  const chosen = [...folds.values()].flatMap((own) => farthestPoints(own, perFold));
  const values = new Float32Array(chosen.length * dimensions);
  chosen.forEach(({ embedding }, place) => {
    values.set(embedding, place * dimensions);
  });
  return { dimensions, count: chosen.length, values, folds: Uint8Array.from(chosen, ({ sample }) => sample.fold) };
}

/** Begins with the first, then always the one that is farthest from those chosen (Gonzalez's k-centre). */
function farthestPoints(looks: readonly Look[], count: number): readonly Look[] {
  const distances = new Float64Array(looks.length).fill(Number.POSITIVE_INFINITY);
  const chosen: Look[] = [];
  let next = 0;
  while (chosen.length < Math.min(count, looks.length)) {
    const look = looks[next];
    if (look === undefined) break;
    chosen.push(look);
    distances[next] = -1;
    let farthest = -1;
    looks.forEach(({ embedding }, place) => {
      const before = distances[place] ?? 0;
      if (before < 0) return;
      let squared = 0;
      for (let index = 0; index < embedding.length && squared < before; index++) {
        squared += ((embedding[index] as number) - (look.embedding[index] ?? 0)) ** 2;
      }
      distances[place] = Math.min(before, squared);
      if (farthest < 0 || (distances[place] ?? 0) > (distances[farthest] ?? 0)) farthest = place;
    });
    next = farthest;
  }
  return chosen;
}
