import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { problem } from '../../../platform/errors.ts';
import { unitVector } from '../../../score/learned/unit-vector.ts';
import type { Pack } from '../../packs/pack-registry.ts';
import type { PictureManifest } from '../../packs/picture-manifest.ts';
import type { SessionOptions } from '../open-model.ts';
import { openWithFirstProvider } from '../provider-chain.ts';
import { clipTokenizer, type Tokenize } from './tokenize.ts';

/** `text` of a pack.json: the graph takes int64 [N, contextLength] token ids and gives float32 [N, D]. */
type TextModel = NonNullable<PictureManifest['text']>;

/** Texts that go through the model at once: 77 tokens of a 12-layer tower are a few MB of activations each. */
const BATCH = 16;

/** The text tower of a pack. Like every session it blocks its thread while it runs. */
export class TextSession {
  readonly #pack: string;
  readonly #text: TextModel;
  readonly #session: InferenceSession;
  readonly #tokenize: Tokenize;

  private constructor(pack: string, text: TextModel, session: InferenceSession, tokenize: Tokenize) {
    this.#pack = pack;
    this.#text = text;
    this.#session = session;
    this.#tokenize = tokenize;
  }

  /**
   * Opens the tower of a pack whose files have been verified.
   * @throws VDT_PACK_INVALID without a text tower or with an unreadable merge list, VDT_PACK_MODEL_MISMATCH, VDT_PROVIDER_UNAVAILABLE
   */
  static async open(pack: Pack, options: SessionOptions): Promise<TextSession> {
    const { id, kind } = pack.manifest;
    const text = kind === 'head' ? undefined : pack.manifest.text;
    if (text === undefined) throw problem('VDT_PACK_INVALID', { pack: id, field: 'text', reason: 'is missing' });
    const read = (file: string) =>
      readFile(join(pack.directory, file)).catch((cause: unknown) => {
        throw problem('VDT_PACK_INVALID', { pack: id, field: file, reason: 'cannot be read' }, { cause });
      });
    const tokenize = clipTokenizer(id, await read(text.vocabulary), text.contextLength);
    const { session } = await openWithFirstProvider(id, options.providers, (provider) =>
      InferenceSession.create(join(pack.directory, text.model), {
        executionProviders: [provider],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        ...(options.threads > 0 ? { intraOpNumThreads: options.threads } : {}),
      }),
    );
    const refuse = (field: string, name: string, names: readonly string[]) =>
      problem('VDT_PACK_MODEL_MISMATCH', { pack: id, field, reason: `is ${name}, the model has ${names.join(', ')}` });
    try {
      if (!session.inputNames.includes(text.input)) throw refuse('text.input', text.input, session.inputNames);
      if (!session.outputNames.includes(text.output)) throw refuse('text.output', text.output, session.outputNames);
    } catch (error) {
      await session.release();
      throw error;
    }
    return new TextSession(id, text, session, tokenize);
  }

  /** Descriptor of each text, in order, of length 1; a text's own whatever others stand beside it, to rounding. */
  async embed(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const embeddings: Float32Array[] = [];
    for (let from = 0; from < texts.length; from += BATCH) {
      embeddings.push(...(await this.#run(texts.slice(from, from + BATCH))));
    }
    return embeddings;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const { contextLength, input, output } = this.#text;
    const ids = new BigInt64Array(texts.length * contextLength);
    texts.forEach((text, place) => {
      this.#tokenize(text).forEach((id, position) => {
        ids[place * contextLength + position] = BigInt(id);
      });
    });
    const results = await this.#session.run({ [input]: new Tensor('int64', ids, [texts.length, contextLength]) }, [
      output,
    ]);
    const values = results[output]?.data;
    if (!(values instanceof Float32Array) || values.length === 0 || values.length % texts.length !== 0) {
      const reason = `promises float32 values for each text, the model gave ${values?.length ?? 0} for ${texts.length}`;
      throw problem('VDT_PACK_MODEL_MISMATCH', { pack: this.#pack, field: 'text.output', reason });
    }
    const length = values.length / texts.length;
    return texts.map((_, place) => unitVector(values.slice(place * length, (place + 1) * length)));
  }
}
