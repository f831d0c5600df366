import type { DefinitionSet } from '../score/learned/definition-set.ts';
import { unitVector } from '../score/learned/unit-vector.ts';
import type { CameraDefinitions } from '../store/definitions.ts';
import { promptsOf, USUAL_NORMAL_TEXTS } from './definition-prompts.ts';

/** The part of the store that is asked. */
export interface DefinitionSource {
  readonly definitions: { ofCamera(cameraId: string): Promise<CameraDefinitions | null> };
}

/** Descriptors of texts by a pack's text tower, in order, of length 1. */
export type EmbedText = (packId: string, texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** A sentence takes a text tower some 15 ms of a core: calls are small, so that segments get their turns in between. */
const SENTENCES_A_CALL = 8;
/** 4096 x 512 float32 are 8 MB. */
const MAXIMUM_CACHED = 4_096;

/**
 * Reads a camera's definitions and has them embedded. To be asked when its lane opens, at each change notice of kind `definitions`, and
 * now and then, since notices may be lost: what was embedded before is remembered, so asking again costs one small query.
 */
export class DefinitionLoader {
  readonly #store: DefinitionSource;
  readonly #embedText: EmbedText;
  /** By pack and sentence, the one used longest ago first. */
  readonly #cache = new Map<string, Float32Array>();

  constructor(store: DefinitionSource, embedText: EmbedText) {
    this.#store = store;
    this.#embedText = embedText;
  }

  /** Null where the camera has none. Rejects as the store and the runner do. */
  async load(
    cameraId: string,
    pack: { readonly id: string; readonly logitScale: number },
  ): Promise<DefinitionSet | null> {
    const stored = await this.#store.definitions.ofCamera(cameraId);
    if (stored === null || stored.abnormal.length === 0) return null;
    const normal = stored.normal.length > 0 ? stored.normal : USUAL_NORMAL_TEXTS;
    const ensembles = [
      ...stored.abnormal.map(({ text, examples }) => promptsOf([text, ...examples], 'abnormal')),
      ...normal.map((text) => promptsOf([text], 'normal')),
    ];
    const descriptors = await this.#embed(pack.id, ensembles.flat());
    const means = ensembles.map((sentences) => meanOf(sentences.flatMap((text) => descriptors.get(text) ?? [])));
    return {
      key: `${stored.revision}:${pack.id}`,
      pack: pack.id,
      logitScale: pack.logitScale,
      abnormal: stored.abnormal.flatMap(({ name }, place) => {
        const embedding = means[place];
        return embedding ? [{ name, embedding }] : [];
      }),
      normal: means.slice(stored.abnormal.length),
    };
  }

  async #embed(pack: string, sentences: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    const missing: string[] = [];
    for (const text of new Set(sentences)) {
      const key = `${pack}\n${text}`;
      const known = this.#cache.get(key);
      if (known === undefined) {
        missing.push(text);
        continue;
      }
      this.#cache.delete(key);
      this.#cache.set(key, known);
      found.set(text, known);
    }
    for (let from = 0; from < missing.length; from += SENTENCES_A_CALL) {
      const texts = missing.slice(from, from + SENTENCES_A_CALL);
      const embeddings = await this.#embedText(pack, texts);
      texts.forEach((text, place) => {
        const embedding = embeddings[place];
        if (embedding === undefined) return;
        found.set(text, embedding);
        this.#remember(`${pack}\n${text}`, embedding);
      });
    }
    return found;
  }

  #remember(key: string, embedding: Float32Array): void {
    this.#cache.set(key, embedding);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MAXIMUM_CACHED) return;
      this.#cache.delete(oldest);
    }
  }
}

/** Mean direction, of length 1. */
function meanOf(embeddings: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(embeddings[0]?.length ?? 0);
  for (const embedding of embeddings) {
    for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] ?? 0) + (embedding[index] ?? 0);
  }
  return unitVector(sum);
}
