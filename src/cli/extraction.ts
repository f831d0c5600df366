import type { FeatureExtractor } from '../infer/feature-extractor.ts';
import { threadsOf } from '../infer/infer-role.ts';
import { type Pack, PackRegistry } from '../infer/packs/pack-registry.ts';
import { RunnerSupervisor } from '../infer/runner-supervisor.ts';
import type { Config } from '../platform/config-schema.ts';
import type { Logger } from '../platform/logger.ts';

/** A runner for recordings: no bus, segments are handed over one by one. Close it. */
export async function openExtraction(options: {
  readonly config: Config;
  readonly packIds: readonly string[];
  readonly logger: Logger;
}): Promise<{ readonly packs: readonly Pack[]; readonly extractor: FeatureExtractor; close(): Promise<void> }> {
  const { config, logger } = options;
  const registry = new PackRegistry(config.packs.directory);
  const packs = await Promise.all(options.packIds.map((id) => registry.load(id)));
  const runner = new RunnerSupervisor({
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
  await runner.start();
  return { packs, extractor: runner, close: () => runner.stop() };
}
