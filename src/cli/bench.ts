import type { Config } from '../platform/config-schema.ts';
import { problem } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { benchInfer, type InferBenchResult } from './benches/infer-bench.ts';
import { withRandomWeights } from './benches/random-weights.ts';
import { type Command, type CommandInput, operand, wholeOption } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openPackRegistry } from './installed-packs.ts';
import { table } from './terminal.ts';

const DEFAULT_PACKS = ['motion-grid'];
const DEFAULT_SECONDS = 5;
const DEFAULT_ROUNDS = 5;
/** Of what may be asked for. */
const RANGE = { least: 1, most: 3_600 } as const;

export const benchCommand: Command = {
  name: 'bench',
  summary:
    'Measures the service on this machine.\n\n' +
    '  infer   features a second through the runner (IPC, batches, tensors) over a bare ONNX Runtime loop of the same\n' +
    '          packs, batch and threads; both in turn, in one run',
  usage: 'infer [--pack ID]…',
  options: {
    pack: { type: 'string', multiple: true, help: 'pack to measure, again for another (default: motion-grid)' },
    seconds: { type: 'string', help: `length of each measurement (default: ${DEFAULT_SECONDS})` },
    rounds: { type: 'string', help: `measurements of each of the two (default: ${DEFAULT_ROUNDS})` },
    batch: { type: 'string', help: 'segments in one run (default: infer.batchSize)' },
    threads: { type: 'string', help: 'threads inside one run (default: infer.threads)' },
    provider: { type: 'string', help: 'execution provider (default: infer.providers)' },
    'random-weights': {
      type: 'boolean',
      help: 'where weights were not pulled, measure with random ones: speed does not depend on them',
    },
  },
  examples: [
    'vedette bench infer --pack i3d-rgb --pack fights --json',
    'vedette bench infer --pack i3d-rgb --random-weights',
  ],
  async run(input) {
    const action = operand(input, 0, 'what to measure (infer)', 'bench');
    if (action !== 'infer') throw usage(`there is no "bench ${action}"`);
    return infer(input);
  },
};

const usage = (reason: string) => problem('VDT_USAGE', { reason }, { hint: 'Run: vedette bench --help' });

async function infer(input: CommandInput): Promise<number> {
  const { terminal, lists, flags, signal } = input;
  const packIds = lists.pack ?? DEFAULT_PACKS;
  const seconds = wholeOption(input, 'seconds', DEFAULT_SECONDS, RANGE);
  const rounds = wholeOption(input, 'rounds', DEFAULT_ROUNDS, RANGE);
  const given = settingsOf(input, loadConfig(input.values.config, process.env));
  const registry = openPackRegistry(given);
  const prepared = flags['random-weights']
    ? await withRandomWeights(given, registry, packIds)
    : { config: given, random: [], close: async () => {} };
  try {
    const results: InferBenchResult[] = [];
    for (const packId of packIds) {
      results.push(
        await benchInfer({
          config: prepared.config,
          packId,
          seconds,
          rounds,
          signal,
          onRound: (done) => terminal.progress(`${packId}: round ${done} of ${rounds}`),
        }),
      );
    }
    terminal.progressDone();
    terminal.print(
      table(
        ['PACK', 'WITH', 'PROVIDER', 'BATCH', 'THREADS', 'A SECOND', 'BARE', 'RATIO', 'RANGE', 'BY PROCESSOR TIME'],
        results.map((result) => [
          result.pack,
          result.packs.filter((id) => id !== result.pack).join('+'),
          result.provider,
          Object.entries(result.batches)
            .map(([id, size]) => `${id} ${size}`)
            .join(', '),
          String(result.threads),
          result.featuresPerSecond.toFixed(1),
          result.bareFeaturesPerSecond.toFixed(1),
          result.ratio.toFixed(3),
          result.ratioRange.map((ratio) => ratio.toFixed(3)).join(' to '),
          result.processor?.ratio.toFixed(3) ?? '',
        ]),
      ),
    );
    terminal.result({ seconds, packs: results, randomWeights: prepared.random });
    return EXIT_CODES.ok.code;
  } finally {
    await prepared.close();
  }
}

/** The configuration with what the command line says; then nothing that was stored by "models bench" counts. */
function settingsOf(input: CommandInput, config: Config): Config {
  const { provider } = input.values;
  const providers = config.infer.providers;
  const named =
    provider === undefined
      ? providers
      : (['tensorrt', 'cuda', 'webgpu', 'cpu'] as const).filter((name) => name === provider);
  if (named.length === 0) throw usage(`--provider is ${provider ?? ''}, must be tensorrt, cuda, webgpu or cpu`);
  return {
    ...config,
    infer: {
      ...config.infer,
      providers: named,
      batchSize: wholeOption(input, 'batch', config.infer.batchSize, RANGE),
      threads: wholeOption(input, 'threads', config.infer.threads, RANGE),
    },
  };
}
