import { InferenceSession } from 'onnxruntime-node';
import { problem } from '../../platform/errors.ts';
import type { PackManifest } from '../packs/pack-manifest.ts';
import { type Pack, verifyFiles } from '../packs/pack-registry.ts';
import { openWithFirstProvider, type ProviderName, type ProviderReport } from './provider-chain.ts';
import { batchDims } from './segment-tensor.ts';

export interface SessionOptions {
  readonly providers: readonly ProviderName[];
  /** Threads inside one run; 0 leaves it to ONNX Runtime (all cores). */
  readonly threads: number;
}

export interface OpenModel {
  readonly session: InferenceSession;
  readonly provider: ProviderName;
  readonly reports: readonly ProviderReport[];
  /** 1 where the graph fixes its batch, null where it is free. */
  readonly fixedBatch: number | null;
}

/**
 * Checks the pack's files, opens the model and compares its input and outputs with the manifest.
 * Throws VDT_PACK_INVALID, VDT_PACK_NOT_PULLED, VDT_PACK_CHECKSUM, VDT_PACK_MODEL_MISMATCH or VDT_PROVIDER_UNAVAILABLE.
 */
export async function openModel(pack: Pack, options: SessionOptions): Promise<OpenModel> {
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
    return { ...opened, fixedBatch: checkModel(pack.manifest, opened.session) };
  } catch (error) {
    await opened.session.release();
    throw error;
  }
}

/** Compares the graph with the manifest; returns the batch size where the graph fixes one. */
function checkModel({ id, input, output, lattice }: PackManifest, session: InferenceSession): number | null {
  const refuse = (field: string, reason: string) => problem('VDT_PACK_MODEL_MISMATCH', { pack: id, field, reason });
  const describe = (
    field: 'input' | 'output' | 'lattice',
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
    if (!agrees && !(field !== 'input' && found.shape.length === 0)) {
      throw refuse(`${field}.dims`, `are [N, ${dims.join(', ')}], the model has [${found.shape.join(', ')}]`);
    }
    return batch ?? '';
  };
  const batch = describe('input', input.name, input.type, session.inputMetadata, batchDims(input, 1).slice(1));
  describe('output', output.name, 'float32', session.outputMetadata, output.dims);
  if (lattice) describe('lattice', lattice.name, 'float32', session.outputMetadata, lattice.dims);
  if (typeof batch !== 'number' || batch <= 0) return null;
  if (batch !== 1) throw refuse('input.dims', `have a fixed batch of ${batch}; it must be free or 1`);
  return batch;
}
