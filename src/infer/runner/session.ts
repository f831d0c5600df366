import { Tensor } from 'onnxruntime-node';
import type { Segment } from '../../bus/segment.ts';
import { problem } from '../../platform/errors.ts';
import type { SegmentFeatures } from '../../score/segment-features.ts';
import { pictureManifestOf } from '../packs/pack-manifest.ts';
import type { Pack } from '../packs/pack-registry.ts';
import { featureShapeOf, isEmbedding, latticeShapeOf, type PictureManifest } from '../packs/picture-manifest.ts';
import { DetectorSession } from './detector/detector-session.ts';
import { EmbeddingSession } from './embedding-session.ts';
import { HeadSession } from './head-session.ts';
import { type OpenModel, openModel, type SessionOptions } from './open-model.ts';
import type { ProviderName, ProviderReport } from './provider-chain.ts';
import { batchDims, batchTensor, checkSegment } from './segment-tensor.ts';

/**
 * One extractor opened in ONNX Runtime. `run` blocks its thread although it returns a promise: only the runner, or a
 * command with nothing else to answer, may hold one (invariant 9).
 */
export class PackSession {
  readonly pack: Pack;
  readonly provider: ProviderName;
  readonly reports: readonly ProviderReport[];
  readonly #manifest: PictureManifest;
  readonly #model: OpenModel;

  private constructor(pack: Pack, model: OpenModel) {
    this.pack = pack;
    this.#manifest = pictureManifestOf(pack.manifest);
    this.provider = model.provider;
    this.reports = model.reports;
    this.#model = model;
  }

  /** Throws as `openModel`. */
  static async open(pack: Pack, options: SessionOptions): Promise<PackSession> {
    return new PackSession(pack, await openModel(pack, options));
  }

  /** Throws VDT_SEGMENT_INVALID where the segment is not what the pack takes. */
  check(segment: Segment): void {
    checkSegment(this.#manifest.input, segment);
  }

  /** Features of each checked segment, in order; one run where the model's batch is free. */
  async extract(segments: readonly Segment[]): Promise<readonly SegmentFeatures[]> {
    if (this.#model.fixedBatch === null || segments.length <= 1) return this.#run(segments);
    const features: SegmentFeatures[] = [];
    for (const segment of segments) features.push(...(await this.#run([segment])));
    return features;
  }

  async close(): Promise<void> {
    await this.#model.session.release();
  }

  async #run(segments: readonly Segment[]): Promise<readonly SegmentFeatures[]> {
    const { input, output, lattice, id } = this.#manifest;
    const data = batchTensor(input, segments);
    const dims = batchDims(input, segments.length);
    const tensor = data instanceof Uint8Array ? new Tensor('uint8', data, dims) : new Tensor('float32', data, dims);
    const results = await this.#model.session.run({ [input.name]: tensor }, [
      output.name,
      ...(lattice ? [lattice.name] : []),
    ]);
    /** Values of each segment in the output `name`. */
    const take = (field: 'output' | 'lattice', name: string, length: number): readonly Float32Array[] => {
      const values = results[name]?.data;
      if (!(values instanceof Float32Array) || values.length !== length * segments.length) {
        throw problem('VDT_PACK_MODEL_MISMATCH', {
          pack: id,
          field: `${field}.dims`,
          reason: `promise ${length} float32 values a segment, the model gave ${values?.length ?? 0} for ${segments.length}`,
        });
      }
      return segments.map((_, index) => values.slice(index * length, (index + 1) * length));
    };
    const shape = featureShapeOf(this.#manifest);
    const grids = take('output', output.name, shape.rows * shape.columns * shape.channels);
    const latticeShape = latticeShapeOf(this.#manifest);
    const lattices =
      lattice && latticeShape
        ? take('lattice', lattice.name, latticeShape.rows * latticeShape.columns * latticeShape.channels)
        : null;
    const none = new Float32Array(0);
    return segments.map((segment, index) => ({
      epoch: segment.epoch,
      sequence: segment.sequence,
      startMs: segment.frameTimesMs[0] ?? 0,
      endMs: segment.frameTimesMs.at(-1) ?? 0,
      ...shape,
      values: grids[index] ?? none,
      ...(latticeShape && lattices ? { lattice: { ...latticeShape, values: lattices[index] ?? none } } : {}),
    }));
  }
}

/** Opens, checks and closes a pack; gives what became of each provider. For `models verify`. Throws as `PackSession.open`. */
export async function verifyPack(pack: Pack, options: SessionOptions): Promise<readonly ProviderReport[]> {
  const session = await openSession(pack, options);
  await session.close();
  return session.reports;
}

/** Opens a pack of whatever kind. Throws as `openModel`. */
export function openSession(
  pack: Pack,
  options: SessionOptions,
): Promise<PackSession | DetectorSession | EmbeddingSession | HeadSession> {
  const { manifest } = pack;
  if (manifest.kind === 'head') return HeadSession.open(pack, options);
  if (manifest.kind === 'detector') return DetectorSession.open(pack, options);
  return isEmbedding(manifest) ? EmbeddingSession.open(pack, options) : PackSession.open(pack, options);
}
