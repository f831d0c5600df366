import { followsInRecording } from '../follows.ts';

/** Embeddings of normal life in order of time: what a text that comes later is calibrated on. Plain data. */
export interface EmbeddingBank {
  readonly dimensions: number;
  /** count x dimensions, each of length 1. */
  readonly values: Float32Array;
  /** For each, 1 where the one before it is not its neighbour in time. */
  readonly begins: Uint8Array;
}

export interface EmbeddingMoment {
  readonly embedding: Float32Array;
  readonly recording?: number;
  readonly epoch: number;
  readonly sequence: number;
}

/** 600 x 512 float32 are 1.2 MB; wider embeddings get fewer. */
const MAXIMUM_NUMBERS = 600 * 512;
/** Neighbours stay together, for dependence and smoothing. */
const BLOCK = 12;

/** A choice of blocks spread evenly over the moments, which are in order of time; at most 1.2 MB. */
export function embeddingBank(moments: readonly EmbeddingMoment[]): EmbeddingBank {
  const dimensions = moments[0]?.embedding.length ?? 0;
  const maximumBlocks = Math.max(1, Math.floor(MAXIMUM_NUMBERS / Math.max(1, dimensions) / BLOCK));
  const blocks = Math.ceil(moments.length / BLOCK);
  const kept = moments.filter((_, place) => {
    const block = Math.floor(place / BLOCK);
    return (
      blocks <= maximumBlocks ||
      Math.floor(((block + 1) * maximumBlocks) / blocks) > Math.floor((block * maximumBlocks) / blocks)
    );
  });
  const values = new Float32Array(kept.length * dimensions);
  const begins = new Uint8Array(kept.length);
  kept.forEach((moment, place) => {
    values.set(moment.embedding, place * dimensions);
    begins[place] = followsInRecording(kept[place - 1], moment) ? 0 : 1;
  });
  return { dimensions, values, begins };
}
