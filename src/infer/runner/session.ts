import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Segment } from '../../bus/segment.ts';
import { problem } from '../../platform/errors.ts';
import type { SegmentFeatures } from '../../score/segment-features.ts';
import { featureShapeOf, type PackManifest } from '../packs/pack-manifest.ts';
import { type Pack, verifyFiles } from '../packs/pack-registry.ts';
import { openWithFirstProvider, type ProviderName, type ProviderReport } from './provider-chain.ts';
import { batchDims, batchTensor, checkSegment } from './segment-tensor.ts';

export interface SessionOptions {
  readonly providers: readonly ProviderName[];
  /** Threads inside one run; 0 leaves it to ONNX Runtime (all cores). */
  readonly threads: number;
}

/**
 * One pack opened in ONNX Runtime. `run` blocks its thread although it returns a promise: only the runner, or a
 * command with nothing else to answer, may hold one (invariant 9).
 */
export class PackSession {
  readonly pack: Pack;
  readonly provider: ProviderName;
  readonly reports: readonly ProviderReport[];
  readonly #session: InferenceSession;
  readonly #fixedBatch: number | null;

  private constructor(
    pack: Pack,
    opened: { session: InferenceSession; provider: ProviderName; reports: readonly ProviderReport[] },
    fixedBatch: number | null,
  ) {
    this.pack = pack;
    this.provider = opened.provider;
    this.reports = opened.reports;
    this.#session = opened.session;
    this.#fixedBatch = fixedBatch;
  }

  /**
   * Checks the pack's files, opens the model and compares its input and output with the manifest.
   * Throws VDT_PACK_INVALID, VDT_PACK_CHECKSUM, VDT_PACK_MODEL_MISMATCH or VDT_PROVIDER_UNAVAILABLE.
   */
  static async open(pack: Pack, options: SessionOptions): Promise<PackSession> {
    await verifyFiles(pack);
    const opened = await openWithFirstProvider(pack.manifest.id, options.providers, (provider) =>
      InferenceSession.create(pack.modelPath, {
        executionProviders: [provider],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        ...(options.threads > 0 ? { intraOpNumThreads: options.threads } : {}),
      }),
    );
    try {
      return new PackSession(pack, opened, checkModel(pack.manifest, opened.session));
    } catch (error) {
      await opened.session.release();
      throw error;
    }
  }

  /** Throws VDT_SEGMENT_INVALID where the segment is not what the pack takes. */
  check(segment: Segment): void {
    checkSegment(this.pack.manifest.input, segment);
  }

  /** Features of each checked segment, in order; one run where the model's batch is free. */
  async extract(segments: readonly Segment[]): Promise<readonly SegmentFeatures[]> {
    if (this.#fixedBatch === null || segments.length <= 1) return this.#run(segments);
    const features: SegmentFeatures[] = [];
    for (const segment of segments) features.push(...(await this.#run([segment])));
    return features;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run(segments: readonly Segment[]): Promise<readonly SegmentFeatures[]> {
    const { input, output, id } = this.pack.manifest;
    const data = batchTensor(input, segments);
    const dims = batchDims(input, segments.length);
    const tensor = data instanceof Uint8Array ? new Tensor('uint8', data, dims) : new Tensor('float32', data, dims);
    const results = await this.#session.run({ [input.name]: tensor }, [output.name]);
    const values = results[output.name]?.data;
    const shape = featureShapeOf(this.pack.manifest);
    const length = shape.rows * shape.columns * shape.channels;
    if (!(values instanceof Float32Array) || values.length !== length * segments.length) {
      throw problem('VDT_PACK_MODEL_MISMATCH', {
        pack: id,
        field: 'output.dims',
        reason: `promise ${length} float32 values a segment, the model gave ${values?.length ?? 0} for ${segments.length}`,
      });
    }
    return segments.map((segment, index) => ({
      epoch: segment.epoch,
      sequence: segment.sequence,
      startMs: segment.frameTimesMs[0] ?? 0,
      endMs: segment.frameTimesMs.at(-1) ?? 0,
      ...shape,
      values: values.slice(index * length, (index + 1) * length),
    }));
  }
}

/** Opens, checks and closes a pack; gives what became of each provider. For `models verify`. Throws as `PackSession.open`. */
export async function verifyPack(pack: Pack, options: SessionOptions): Promise<readonly ProviderReport[]> {
  const session = await PackSession.open(pack, options);
  await session.close();
  return session.reports;
}

/** Compares the graph with the manifest; returns the batch size where the graph fixes one. */
function checkModel({ id, input, output }: PackManifest, session: InferenceSession): number | null {
  const refuse = (field: string, reason: string) => problem('VDT_PACK_MODEL_MISMATCH', { pack: id, field, reason });
  const describe = (
    field: 'input' | 'output',
    name: string,
    type: string,
    metadata: readonly InferenceSession.ValueMetadata[],
    dims: readonly number[],
  ): string | number => {
    const found = metadata.find((value) => value.name === name);
    if (!found?.isTensor) {
      const known = metadata.map((value) => value.name).join(', ');
      throw refuse(`${field}.name`, `is ${name}, the model has ${known}`);
    }
    if (found.type !== type) throw refuse(`${field}.type`, `is ${type}, the model has ${found.type}`);
    const [batch, ...rest] = found.shape;
    const agrees = rest.length === dims.length && rest.every((size, i) => typeof size === 'string' || size === dims[i]);
    // a graph may leave its output's shape open; then the first run checks the length
    if (!agrees && !(field === 'output' && found.shape.length === 0)) {
      throw refuse(`${field}.dims`, `are [N, ${dims.join(', ')}], the model has [${found.shape.join(', ')}]`);
    }
    return batch ?? '';
  };
  const batch = describe('input', input.name, input.type, session.inputMetadata, batchDims(input, 1).slice(1));
  describe('output', output.name, 'float32', session.outputMetadata, output.dims);
  if (typeof batch !== 'number' || batch <= 0) return null;
  if (batch !== 1) throw refuse('input.dims', `have a fixed batch of ${batch}; it must be free or 1`);
  return batch;
}
