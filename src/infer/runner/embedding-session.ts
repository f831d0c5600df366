import { Tensor } from 'onnxruntime-node';
import type { Segment } from '../../bus/segment.ts';
import { problem } from '../../platform/errors.ts';
import { pictureManifestOf } from '../packs/pack-manifest.ts';
import type { Pack } from '../packs/pack-registry.ts';
import type { PictureManifest } from '../packs/picture-manifest.ts';
import { ClipCutter } from './clip-cutter.ts';
import { type OpenModel, openModel, type SessionOptions } from './open-model.ts';
import type { ProviderName, ProviderReport } from './provider-chain.ts';
import { batchDims, batchTensor, checkSegment, type Pixels } from './segment-tensor.ts';

/** An extractor that describes a segment by one vector, opened in ONNX Runtime; for `run`'s thread see `PackSession`. */
export class EmbeddingSession {
  readonly pack: Pack;
  readonly provider: ProviderName;
  readonly reports: readonly ProviderReport[];
  readonly #manifest: PictureManifest;
  readonly #model: OpenModel;
  /** Null for a pack that takes the segment's own frames. */
  readonly #cutter: ClipCutter | null;

  private constructor(pack: Pack, model: OpenModel) {
    this.pack = pack;
    this.provider = model.provider;
    this.reports = model.reports;
    this.#manifest = pictureManifestOf(pack.manifest);
    this.#model = model;
    this.#cutter = this.#manifest.input.source === 'clip' ? new ClipCutter(this.#manifest.input) : null;
  }

  /** Throws as `openModel`. */
  static async open(pack: Pack, options: SessionOptions): Promise<EmbeddingSession> {
    return new EmbeddingSession(pack, await openModel(pack, options));
  }

  /**
   * Whether the segment has what the pack looks at; a live one may have lost its clip on the way.
   * Throws VDT_SEGMENT_INVALID where its own frames are not what the pack takes.
   */
  suits(segment: Segment): boolean {
    if (this.#cutter) return this.#cutter.suits(segment.clip);
    checkSegment(this.#manifest.input, segment);
    return true;
  }

  /** The descriptor of each segment that suits, in order; one run where the model's batch is free. */
  async embed(segments: readonly Segment[]): Promise<readonly Float32Array[]> {
    if (this.#model.fixedBatch === null || segments.length <= 1) return this.#run(segments);
    const found: Float32Array[] = [];
    for (const segment of segments) found.push(...(await this.#run([segment])));
    return found;
  }

  async close(): Promise<void> {
    await this.#model.session.release();
  }

  async #run(segments: readonly Segment[]): Promise<readonly Float32Array[]> {
    const { id, input, output } = this.#manifest;
    const data = batchTensor(
      input,
      segments.map((segment) => this.#pixelsOf(segment)),
    );
    const dims = batchDims(input, segments.length);
    const tensor = data instanceof Uint8Array ? new Tensor('uint8', data, dims) : new Tensor('float32', data, dims);
    const results = await this.#model.session.run({ [input.name]: tensor }, [output.name]);
    const values = results[output.name]?.data;
    const [length = 0] = output.dims;
    if (!(values instanceof Float32Array) || values.length !== length * segments.length) {
      const reason = `promise ${length} float32 values a segment, the model gave ${values?.length ?? 0} for ${segments.length}`;
      throw problem('VDT_PACK_MODEL_MISMATCH', { pack: id, field: 'output.dims', reason });
    }
    return segments.map((_, index) => values.slice(index * length, (index + 1) * length));
  }

  #pixelsOf(segment: Segment): Pixels {
    if (!this.#cutter) return segment;
    if (!segment.clip) throw problem('VDT_SEGMENT_INVALID', { reason: 'it has no clip' });
    return { pixels: this.#cutter.cut(segment.clip) };
  }
}
