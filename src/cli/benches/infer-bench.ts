import type { Sampling } from '../../bus/sampling.ts';
import type { Segment } from '../../bus/segment.ts';
import { threadsOf } from '../../infer/infer-role.ts';
import { loadPlan } from '../../infer/packs/load-plan.ts';
import { RunnerSupervisor } from '../../infer/runner-supervisor.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config-schema.ts';
import { createLogger } from '../../platform/logger.ts';
import { createMetrics, type Metrics } from '../../platform/metrics.ts';
import { openPackRegistry } from '../installed-packs.ts';
import { BareRunner } from './bare-runner.ts';
import { madeSegments } from './made-segments.ts';
import { processorMs } from './processor-time.ts';

export interface InferBenchOptions {
  /** `infer.batchSize` is the batch of both. */
  readonly config: Config;
  readonly packId: string;
  /** Of each of the two in a round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly signal: AbortSignal;
  readonly onRound: (done: number) => void;
}

/** Features a second of the service's runner and of a bare ONNX Runtime loop over the same graphs. */
export interface InferBenchResult {
  readonly pack: string;
  /** Every pack that looks at a camera with this one; both run all of them. */
  readonly packs: readonly string[];
  readonly provider: string;
  /** Segments in one run of each pack: what the runner took, of at most `infer.batchSize`; the bare loop runs the same. */
  readonly batches: Readonly<Record<string, number>>;
  readonly threads: number;
  /** Medians over the rounds. */
  readonly featuresPerSecond: number;
  readonly bareFeaturesPerSecond: number;
  /** Median of the rounds' ratios, each of two measurements that follow one another. */
  readonly ratio: number;
  /** Smallest and largest ratio of a round. */
  readonly ratioRange: readonly [number, number];
  /**
   * Processor time of one feature, ms: of the runner, and of the bare loop; and the share of the runner's that is not overhead. A
   * machine that does other things at the same time changes it little. Null where the system does not tell it.
   */
  readonly processor: { readonly runnerMs: number; readonly bareMs: number; readonly ratio: number } | null;
  readonly rounds: readonly Round[];
}

interface Round {
  readonly featuresPerSecond: number;
  readonly bareFeaturesPerSecond: number;
  readonly runnerMs: number | null;
  readonly bareMs: number;
}

/**
 * Measures the two in turn, in the order runner, bare, bare, runner, so that a machine that slows down slows both. Segments go to the runner as in
 * the service: made in this process, sent over IPC, batched, turned into tensors; what comes back counts.
 * Throws VDT_PACK_…, VDT_RUNNER_FAILED.
 */
export async function benchInfer(options: InferBenchOptions): Promise<InferBenchResult> {
  const { config, packId, signal } = options;
  const milliseconds = options.seconds * 1_000;
  const threads = threadsOf(config.infer.threads);
  const { plan, packs } = await loadPlan(openPackRegistry(config), [packId]);
  const metrics = createMetrics();
  const runner = new RunnerSupervisor({
    settings: {
      packs,
      providers: config.infer.providers,
      threads,
      batchSize: config.infer.batchSize,
      batchWaitMs: 0,
      redisUrl: null,
      consumer: 'bench',
      inFlightPerCamera: 1,
    },
    logger: createLogger({ level: 'error' }),
    metrics,
    deadlineMs: Math.max(MINIMUM_DEADLINE_MS, config.infer.deadlineSeconds * 1_000),
  });
  await runner.start();
  let bare: BareRunner | null = null;
  try {
    // learned packs look at recordings one by one: a pair of segments on the way keeps them busy
    const cameras = plan.learned.length > 0 ? Math.min(2, config.infer.batchSize) : config.infer.batchSize;
    const load = new SteadyLoad((segment) => runner.extract(plan.ids, segment), plan.sampling, cameras, {
      usedMs: () => processorMs(runner.pid),
    });
    // first the memory, the threads and the slow first runs; then the batches that this load leads to
    await load.run(0, signal);
    const before = await runsOf(metrics);
    await load.run(milliseconds, signal);
    const batches = meanBatches(before, await runsOf(metrics));
    const sizes = packs.map(({ manifest }) => batches[manifest.id] ?? 1);
    const chosen = runner.providers.find((report) => report.state === 'chosen')?.provider ?? 'cpu';
    const loop = await BareRunner.open({ modelPaths: packs.map((pack) => pack.modelPath), provider: chosen, threads });
    bare = loop;
    const runBare = async () => {
      const { runMs, processorShare } = await loop.run(sizes, milliseconds);
      const featureMs = runMs.reduce((sum, ms, index) => sum + ms / (sizes[index] ?? 1), 0);
      return { bareFeaturesPerSecond: 1_000 / featureMs, bareMs: featureMs * processorShare };
    };
    await loop.run(sizes, 0);
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      signal.throwIfAborted();
      const first = round % 2 === 0 ? await load.run(milliseconds, signal) : null;
      const bareOnes = await runBare();
      rounds.push({ ...(first ?? (await load.run(milliseconds, signal))), ...bareOnes });
      options.onRound(round + 1);
    }
    const ratios = rounds.map((round) => round.featuresPerSecond / round.bareFeaturesPerSecond);
    return {
      pack: packId,
      packs: plan.ids,
      provider: chosen,
      batches,
      threads,
      featuresPerSecond: median(rounds.map((round) => round.featuresPerSecond)),
      bareFeaturesPerSecond: median(rounds.map((round) => round.bareFeaturesPerSecond)),
      ratio: median(ratios),
      ratioRange: [Math.min(...ratios), Math.max(...ratios)],
      processor: processorFigures(rounds),
      rounds,
    };
  } finally {
    await bare?.close();
    await runner.stop();
  }
}

function processorFigures(rounds: readonly Round[]): InferBenchResult['processor'] {
  const pairs = rounds.flatMap(({ runnerMs, bareMs }) => (runnerMs === null ? [] : [{ runnerMs, bareMs }]));
  if (pairs.length === 0) return null;
  return {
    runnerMs: median(pairs.map(({ runnerMs }) => runnerMs)),
    bareMs: median(pairs.map(({ bareMs }) => bareMs)),
    ratio: median(pairs.map(({ runnerMs, bareMs }) => bareMs / runnerMs)),
  };
}

/** A run of a large batch of a heavy pack may take longer than the service allows. */
const MINIMUM_DEADLINE_MS = 60_000;

/** Runs and segments so far, by pack. */
type Runs = ReadonlyMap<string, { readonly runs: number; readonly segments: number }>;

async function runsOf({ inferBatchSize }: Metrics): Promise<Runs> {
  const runs = new Map<string, { runs: number; segments: number }>();
  for (const { metricName, labels, value } of (await inferBatchSize.get()).values) {
    const pack = String(labels.pack);
    const own = runs.get(pack) ?? { runs: 0, segments: 0 };
    runs.set(pack, own);
    if (metricName?.endsWith('_count')) own.runs = value;
    if (metricName?.endsWith('_sum')) own.segments = value;
  }
  return runs;
}

function meanBatches(before: Runs, after: Runs): Record<string, number> {
  return Object.fromEntries(
    [...after].map(([pack, { runs, segments }]) => {
      const past = before.get(pack) ?? { runs: 0, segments: 0 };
      return [pack, Math.max(1, Math.round((segments - past.segments) / Math.max(1, runs - past.runs)))];
    }),
  );
}

interface LoadFigures {
  readonly featuresPerSecond: number;
  /** Processor time of the runner for one feature. */
  readonly runnerMs: number | null;
}

/** Keeps the runner busy with segments of several cameras, two of each on the way, and counts what comes back. */
class SteadyLoad {
  readonly #extract: (segment: Segment) => Promise<unknown>;
  readonly #usedMs: () => Promise<number | null>;
  readonly #clock: Clock;
  readonly #cameras: readonly Generator<Segment, never, undefined>[];
  #next = 0;

  constructor(
    extract: (segment: Segment) => Promise<unknown>,
    sampling: Sampling,
    cameras: number,
    options: { readonly usedMs: () => Promise<number | null>; readonly clock?: Clock },
  ) {
    this.#extract = extract;
    this.#usedMs = options.usedMs;
    this.#clock = options.clock ?? systemClock;
    this.#cameras = Array.from({ length: cameras }, (_, camera) => madeSegments(`bench-${camera}`, sampling));
  }

  /** Runs for at least that long and two segments a camera, after two that only fill the pipe; the runner is busy throughout. */
  async run(milliseconds: number, signal: AbortSignal): Promise<LoadFigures> {
    const clock = this.#clock;
    const filling = this.#cameras.length * 2;
    let completed = 0;
    let begin = { ms: 0, usedMs: null as number | null };
    let end = { features: 0, ms: 0 };
    let over = false;
    const one = async (): Promise<void> => {
      while (!over) {
        signal.throwIfAborted();
        await this.#extract(this.#segment());
        if (over) return;
        completed += 1;
        if (completed === filling) {
          begin = { ms: clock.monotonicMs(), usedMs: null };
          begin = { ...begin, usedMs: await this.#usedMs() };
        }
        // a whole round of the cameras: a batch comes back at once
        if (completed <= filling || completed % this.#cameras.length !== 0) continue;
        end = { features: completed - filling, ms: clock.monotonicMs() };
        over = completed >= filling * 2 && end.ms - begin.ms >= milliseconds;
      }
    };
    const workers = Array.from({ length: filling }, one);
    await Promise.race(workers); // the first to end is the one that saw the end
    const usedMs = await this.#usedMs();
    await Promise.all(workers);
    const usedBefore = begin.usedMs;
    return {
      featuresPerSecond: (end.features * 1_000) / (end.ms - begin.ms),
      runnerMs: usedMs === null || usedBefore === null ? null : (usedMs - usedBefore) / end.features,
    };
  }

  #segment(): Segment {
    const camera = this.#cameras[this.#next % this.#cameras.length];
    this.#next += 1;
    if (!camera) throw new RangeError('no camera');
    return camera.next().value;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
