import { InferenceSession } from 'onnxruntime-node';
import { problem } from '../../platform/errors.ts';
import type { PackManifest } from '../packs/pack-manifest.ts';
import { type Pack, verifyFiles } from '../packs/pack-registry.ts';
import type { TuningByProvider } from '../tuning/pack-tuning.ts';
import { openWithFirstProvider, type ProviderName, type ProviderReport } from './provider-chain.ts';
import { batchDims } from './segment-tensor.ts';

export interface SessionOptions {
  readonly providers: readonly ProviderName[];
  /** Threads inside one run; 0 leaves it to ONNX Runtime (all cores). */
  readonly threads: number;
  /** Settings that were measured on this machine, by pack; threads of one go before `threads`. */
  readonly tuning?: Readonly<Record<string, TuningByProvider>>;
}

export interface OpenModel {
  readonly session: InferenceSession;
  readonly provider: ProviderName;
  readonly reports: readonly ProviderReport[];
  /** 1 where the graph fixes its batch, null where it is free. */
  readonly fixedBatch: number | null;
}

/** What a manifest says of one input or output of its graph. */
interface Promised {
  /** Field of the manifest. */
  readonly field: string;
  readonly name: string;
  readonly type: string;
  /** Without the batch. */
  readonly dims: readonly number[];
}

/**
 * Checks the pack's files, opens the model and compares its inputs and outputs with the manifest.
 * Throws VDT_PACK_INVALID, VDT_PACK_NOT_PULLED, VDT_PACK_CHECKSUM, VDT_PACK_MODEL_MISMATCH or VDT_PROVIDER_UNAVAILABLE.
 */
export async function openModel(pack: Pack, options: SessionOptions): Promise<OpenModel> {
  await verifyFiles(pack);
  const opened = await openWithFirstProvider(pack.manifest.id, options.providers, (provider) =>
    InferenceSession.create(pack.modelPath, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...threadOption(options.tuning?.[pack.manifest.id]?.[provider]?.threads ?? options.threads),
    }),
  );
  try {
    return { ...opened, fixedBatch: checkModel(pack.manifest, opened.session) };
  } catch (error) {
    await opened.session.release();
    throw error;
  }
}

function threadOption(threads: number): { intraOpNumThreads?: number } {
  return threads > 0 ? { intraOpNumThreads: threads } : {};
}

function inputsOf(manifest: PackManifest): readonly Promised[] {
  if (manifest.kind === 'head') {
    const { name, present, window, dims } = manifest.features;
    return [
      { field: 'features', name, type: 'float32', dims: [window, dims] },
      ...(present ? [{ field: 'features.present', name: present, type: 'float32', dims: [window] }] : []),
    ];
  }
  const { input } = manifest;
  return [{ field: 'input', name: input.name, type: input.type, dims: batchDims(input, 1).slice(1) }];
}

function outputsOf(manifest: PackManifest): readonly Promised[] {
  const type = 'float32';
  if (manifest.kind === 'head') {
    const { output, experts } = manifest;
    return [
      { field: 'output', name: output.name, type, dims: [1] },
      ...(experts ? [{ field: 'experts', name: experts.name, type, dims: [experts.classes.length] }] : []),
    ];
  }
  const { output, lattice } = manifest;
  return [
    { field: 'output', name: output.name, type, dims: output.dims },
    ...(lattice ? [{ field: 'lattice', name: lattice.name, type, dims: lattice.dims }] : []),
  ];
}

/** Compares the graph with the manifest; returns the batch size where the graph fixes one. */
function checkModel(manifest: PackManifest, session: InferenceSession): number | null {
  const refuse = (field: string, reason: string) =>
    problem('VDT_PACK_MODEL_MISMATCH', { pack: manifest.id, field, reason });
  const check = (
    { field, name, type, dims }: Promised,
    metadata: readonly InferenceSession.ValueMetadata[],
    mayBeOpen: boolean,
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
    if (!agrees && !(mayBeOpen && found.shape.length === 0)) {
      throw refuse(`${field}.dims`, `are [N, ${dims.join(', ')}], the model has [${found.shape.join(', ')}]`);
    }
    return batch ?? '';
  };
  const batches = inputsOf(manifest).map((promised) => check(promised, session.inputMetadata, false));
  for (const promised of outputsOf(manifest)) check(promised, session.outputMetadata, true);
  const fixed = batches.find((batch) => typeof batch === 'number' && batch > 0);
  if (typeof fixed !== 'number') return null;
  if (fixed !== 1) throw refuse('input.dims', `have a fixed batch of ${fixed}; it must be free or 1`);
  return fixed;
}
