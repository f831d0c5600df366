import type { Segment } from '../bus/segment.ts';
import { threadsOf } from '../infer/infer-role.ts';
import { loadPlan } from '../infer/packs/load-plan.ts';
import type { PackPlan } from '../infer/packs/pack-plan.ts';
import type { Pack } from '../infer/packs/pack-registry.ts';
import type { ProviderReport } from '../infer/runner/provider-chain.ts';
import { RunnerSupervisor } from '../infer/runner-supervisor.ts';
import type { Config } from '../platform/config-schema.ts';
import type { Logger } from '../platform/logger.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import { openPackRegistry } from './installed-packs.ts';

/** The packs of a camera at work on recordings. Close it. */
export interface Extraction {
  /** In the order of `plan.ids`. */
  readonly packs: readonly Pack[];
  readonly plan: PackPlan;
  readonly providers: readonly ProviderReport[];
  /** What all packs together, but those that rest, make of a segment; several calls may be under way. */
  extract(segment: Segment, resting?: readonly string[]): Promise<SegmentFeatures>;
  /** Descriptors of texts in the space of a pack's pictures, of length 1. */
  embedText(packId: string, texts: readonly string[]): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

export interface ExtractionOptions {
  readonly config: Config;
  /** As a camera names them; what goes with them is added (`planPacks`). */
  readonly packIds: readonly string[];
  readonly logger: Logger;
}

/** Throws VDT_PACK_…, VDT_PACKS_…, VDT_PROVIDER_UNAVAILABLE, VDT_RUNNER_FAILED. */
export async function openExtraction({ config, packIds, logger }: ExtractionOptions): Promise<Extraction> {
  const { plan, packs } = await loadPlan(openPackRegistry(config), packIds);
  const runner = recordingRunner(config, packs, logger);
  await runner.start();
  return {
    packs,
    plan,
    providers: runner.providers,
    extract: (segment, resting) => runner.extract(plan.ids, segment, resting),
    embedText: (packId, texts) => runner.embedText(packId, texts),
    close: () => runner.stop(),
  };
}

/** A runner for recordings, not yet started: no bus, segments are handed over one by one. */
export function recordingRunner(config: Config, packs: readonly Pack[], logger: Logger): RunnerSupervisor {
  return new RunnerSupervisor({
    settings: {
      packs,
      providers: config.infer.providers,
      threads: threadsOf(config.infer.threads),
      batchSize: config.infer.batchSize,
      // recordings are read as fast as they are scored: nobody else's segments are on their way, waiting helps nothing
      batchWaitMs: 0,
      redisUrl: null,
      consumer: 'recordings',
      inFlightPerCamera: 1,
    },
    logger,
    deadlineMs: config.infer.deadlineSeconds * 1_000,
  });
}
