import { availableParallelism } from 'node:os';
import { BASE_PACK } from '../infer/packs/pack-plan.ts';
import type { Pack, PackRegistry } from '../infer/packs/pack-registry.ts';
import { segmentSecondsOf } from '../infer/packs/picture-manifest.ts';
import type { ProviderName } from '../infer/runner/provider-chain.ts';
import { chooseTuning, segmentMs, type TuningTrial } from '../infer/tuning/choose-tuning.ts';
import { processorName, writeTuning } from '../infer/tuning/pack-tuning.ts';
import { systemClock, toRfc3339 } from '../platform/clock.ts';
import type { Config } from '../platform/config-schema.ts';
import { createLogger } from '../platform/logger.ts';
import { BareRunner } from './benches/bare-runner.ts';
import { type CommandInput, operand } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { recordingRunner } from './extraction.ts';
import { pulledPackDirectory } from './installed-packs.ts';
import { table } from './terminal.ts';

const BATCHES = [1, 2, 4, 8, 16];
/** Shortest measurement of one setting, and how often it is taken: the best of them counts, since other work only slows. */
const MEASURE_MS = 400;
const TIMES = 3;
/** A run this much over the bound makes larger batches not worth trying. */
const HOPELESS = 2;

/**
 * `vedette models bench ID`: the pack's graph alone, with every batch size and number of threads, by the first provider that takes it. Stores the
 * setting with the most features a second whose run is no longer than a segment lasts; the runner then uses it for this pack.
 */
export async function benchPack(input: CommandInput, registry: PackRegistry, config: Config): Promise<number> {
  const { terminal, signal } = input;
  const pack = await registry.load(operand(input, 1, 'the pack to measure', 'models'));
  const { id, version } = pack.manifest;
  const provider = await providerOf(config, pack, registry);
  const longestRunMs = await segmentMsOf(pack, registry);
  const threadCounts =
    provider === 'cpu' ? Array.from({ length: availableParallelism() }, (_, index) => index + 1) : [1];
  const trials: TuningTrial[] = [];
  for (const threads of threadCounts) {
    const bare = await BareRunner.open({ modelPaths: [pack.modelPath], provider, threads });
    try {
      for (const batchSize of BATCHES) {
        signal.throwIfAborted();
        terminal.progress(`${threads} threads, ${batchSize} segments`);
        await bare.run([batchSize], 0);
        let batchMs = Number.POSITIVE_INFINITY;
        for (let time = 0; time < TIMES; time++) {
          const { runMs } = await bare.run([batchSize], MEASURE_MS);
          batchMs = Math.min(batchMs, runMs[0] ?? batchMs);
        }
        trials.push({ batchSize, threads, batchMs });
        if (batchMs > HOPELESS * longestRunMs) break;
      }
    } finally {
      await bare.close();
    }
  }
  terminal.progressDone();
  const chosen = chooseTuning(trials, longestRunMs);
  terminal.print(
    table(
      ['THREADS', 'BATCH', 'MS A BATCH', 'MS A SEGMENT', 'FEATURES A SECOND', ''],
      trials.map((trial) => [
        String(trial.threads),
        String(trial.batchSize),
        trial.batchMs.toFixed(2),
        segmentMs(trial).toFixed(2),
        (1_000 / segmentMs(trial)).toFixed(1),
        trial === chosen ? '<- stored' : '',
      ]),
    ),
  );
  let path: string | null = null;
  if (chosen) {
    path = await writeTuning(pulledPackDirectory(config), id, {
      provider,
      processor: processorName(),
      version,
      batchSize: chosen.batchSize,
      threads: chosen.threads,
      millisecondsPerSegment: segmentMs(chosen),
      measured: toRfc3339(systemClock.nowMs()),
    });
    if (chosen.batchMs > longestRunMs)
      terminal.note(
        `even one run takes longer than a segment lasts (${longestRunMs} ms): this machine cannot keep up with a camera all the time`,
      );
    terminal.note(
      `stored in ${path}; a service that runs uses it after its next start, infer.threads and infer.batchSize permitting`,
    );
  }
  terminal.result({ pack: id, version, provider, processor: processorName(), longestRunMs, trials, chosen, path });
  return EXIT_CODES.ok.code;
}

/** The provider that the pack runs on here; it is opened as the service opens it, so that a faulty pack is told. */
async function providerOf(config: Config, pack: Pack, registry: PackRegistry): Promise<ProviderName> {
  const { manifest } = pack;
  const needed = manifest.kind === 'head' ? [await registry.load(manifest.extractor), pack] : [pack];
  const runner = recordingRunner(config, needed, createLogger({ level: 'error' }));
  await runner.start();
  const chosen = runner.providers.find((report) => report.packId === manifest.id && report.state === 'chosen');
  await runner.stop();
  return chosen?.provider ?? 'cpu';
}

/** How long a camera's segment lasts, milliseconds: the base's, for packs that look at clips or pictures of other lengths. */
async function segmentMsOf({ manifest }: Pack, registry: PackRegistry): Promise<number> {
  const base = manifest.id === BASE_PACK ? manifest : (await registry.get(BASE_PACK)).manifest;
  return base.kind === 'extractor' ? segmentSecondsOf(base) * 1_000 : 500;
}
