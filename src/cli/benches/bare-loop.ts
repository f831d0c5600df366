import { InferenceSession, Tensor } from 'onnxruntime-node';
import { watchForOrphanhood } from '../../infer/runner/orphan-watch.ts';
import { systemClock } from '../../platform/clock.ts';
import { reasonOf } from '../../platform/errors.ts';

/**
 * Entry of a process that does nothing but run ONNX graphs on tensors that are there already: the measure of what the service's
 * own runner, which does more, could reach at best.
 */
export interface BareGraph {
  readonly modelPath: string;
}

export type ToBareLoop =
  | {
      readonly type: 'open';
      readonly graphs: readonly BareGraph[];
      readonly provider: string;
      /** Threads inside one run. */
      readonly threads: number;
    }
  /** Runs each graph on its number of segments, round after round, until the time is over. */
  | { readonly type: 'run'; readonly batches: readonly number[]; readonly milliseconds: number };

export type FromBareLoop =
  | { readonly type: 'opened' }
  /** Wall time of one run of each graph, mean over the rounds; processor time of all threads over wall time. */
  | { readonly type: 'ran'; readonly runMs: readonly number[]; readonly processorShare: number }
  | { readonly type: 'failed'; readonly reason: string };

const TYPED = {
  float32: (size: number) => Float32Array.from({ length: size }, (_, index) => ((index * 37) % 255) / 255),
  uint8: (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 37) % 255),
  int64: (size: number) => BigInt64Array.from({ length: size }, () => 1n),
} as const;

let sessions: readonly InferenceSession[] = [];
/** Inputs of each session by batch, made once. */
const inputs = new Map<string, Record<string, Tensor>>();

async function open({ graphs, provider, threads }: Extract<ToBareLoop, { type: 'open' }>): Promise<void> {
  sessions = await Promise.all(
    graphs.map(({ modelPath }) =>
      // the options of `openModel`: nothing else may differ
      InferenceSession.create(modelPath, {
        executionProviders: [provider],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
      }),
    ),
  );
}

/** Whether the graph leaves its batch free; one that fixes it to 1 is run once a segment. */
function isFree({ inputMetadata }: InferenceSession): boolean {
  return inputMetadata.every((input) => input.isTensor && typeof input.shape[0] === 'string');
}

function inputsOf(index: number, session: InferenceSession, batch: number): Record<string, Tensor> {
  const key = `${index} ${batch}`;
  const known = inputs.get(key);
  if (known) return known;
  const made: Record<string, Tensor> = {};
  for (const input of session.inputMetadata) {
    if (!input.isTensor || !(input.type in TYPED)) throw new Error(`the input ${input.name} is no tensor of numbers`);
    const dims = input.shape.map((size, at) => (at === 0 ? batch : typeof size === 'number' ? size : 1));
    const make = TYPED[input.type as keyof typeof TYPED];
    made[input.name] = new Tensor(input.type as 'float32', make(dims.reduce((a, b) => a * b, 1)) as Float32Array, dims);
  }
  inputs.set(key, made);
  return made;
}

async function run({ batches, milliseconds }: Extract<ToBareLoop, { type: 'run' }>): Promise<FromBareLoop> {
  const turns = sessions.map((session, index) => {
    const batch = batches[index] ?? 1;
    return {
      session,
      times: isFree(session) ? 1 : batch,
      feeds: inputsOf(index, session, isFree(session) ? batch : 1),
    };
  });
  const spentMs = turns.map(() => 0);
  const usedBefore = process.cpuUsage();
  const beginMs = systemClock.monotonicMs();
  let nowMs = beginMs;
  let rounds = 0;
  do {
    for (const [index, { session, times, feeds }] of turns.entries()) {
      for (let i = 0; i < times; i++) await session.run(feeds);
      const endMs = systemClock.monotonicMs();
      spentMs[index] = (spentMs[index] ?? 0) + endMs - nowMs;
      nowMs = endMs;
    }
    rounds += 1;
  } while (nowMs - beginMs < milliseconds);
  const { user, system } = process.cpuUsage(usedBefore);
  const processorShare = (user + system) / 1_000 / (nowMs - beginMs);
  return { type: 'ran', runMs: spentMs.map((ms) => ms / rounds), processorShare };
}

const send = (message: FromBareLoop) => void process.send?.(message);
process.on('message', (message: ToBareLoop) => {
  const answer = message.type === 'open' ? open(message).then(() => ({ type: 'opened' }) as const) : run(message);
  answer.then(send, (thrown: unknown) => send({ type: 'failed', reason: reasonOf(thrown) }));
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
watchForOrphanhood();
