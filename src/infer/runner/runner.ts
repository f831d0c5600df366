import { connectRedis } from '../../bus/connect-redis.ts';
import type { Segment } from '../../bus/segment.ts';
import type { Clock } from '../../platform/clock.ts';
import { problem, reasonOf, VedetteError } from '../../platform/errors.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { SegmentFeatures } from '../../score/segment-features.ts';
import { Batcher, type BatchItem } from './batcher.ts';
import { type FromRunner, type RunnerSettings, type ToRunner, toPlainError } from './protocol.ts';
import { PackSession } from './session.ts';
import { StreamFeeder } from './stream-feeder.ts';

interface Task extends BatchItem {
  readonly segment: Segment;
  readonly done: (features: SegmentFeatures) => void;
  readonly failed: (error: VedetteError) => void;
}

export interface RunnerOptions {
  readonly clock: Clock;
  readonly send: (message: FromRunner) => void;
}

/** What happens inside the runner process: sessions, batches, and the streams of assigned cameras. */
export class Runner {
  readonly #clock: Clock;
  readonly #send: (message: FromRunner) => void;
  readonly #sessions = new Map<string, PackSession>();
  #settings: RunnerSettings | null = null;
  #batcher: Batcher<Task> | null = null;
  #feeder: StreamFeeder | null = null;
  #closeBus: () => void = () => {};

  constructor(options: RunnerOptions) {
    this.#clock = options.clock;
    this.#send = options.send;
  }

  /** Does what a message asks; true when it was told to stop. */
  async handle(message: ToRunner): Promise<boolean> {
    switch (message.type) {
      case 'start':
        await this.#start(message.settings);
        return false;
      case 'ping':
        this.#send({ type: 'pong', id: message.id });
        return false;
      case 'assign':
        this.#feeder?.assign(message);
        return false;
      case 'unassign':
        this.#feeder?.unassign(message.cameraId);
        this.#batcher?.discard(message.cameraId);
        return false;
      case 'release':
        this.#feeder?.release(message.cameraId, message.assignment, message.count);
        return false;
      case 'extract':
        this.#extract(message.callId, message.packId, message.segment);
        return false;
      case 'stop':
        this.#feeder?.stop();
        this.#closeBus();
        return true;
    }
  }

  async #start(settings: RunnerSettings): Promise<void> {
    try {
      for (const pack of settings.packs) {
        const session = await PackSession.open(pack, settings);
        this.#sessions.set(pack.manifest.id, session);
      }
    } catch (error) {
      this.#send({ type: 'refused', error: toPlainError(asProblem(error)) });
      return;
    }
    this.#settings = settings;
    this.#batcher = new Batcher<Task>({
      clock: this.#clock,
      maximumSize: settings.batchSize,
      run: (packId, tasks, waitsMs) => this.#run(packId, tasks, waitsMs),
    });
    if (settings.redisUrl !== null) this.#openStreams(settings, settings.redisUrl);
    this.#send({ type: 'ready', providers: [...this.#sessions.values()].flatMap(({ reports }) => reports) });
  }

  #openStreams(settings: RunnerSettings, redisUrl: string): void {
    const redis = connectRedis(redisUrl, { role: 'blocking' }, silentLogger);
    this.#closeBus = () => redis.disconnect();
    this.#feeder = new StreamFeeder({
      redis,
      consumer: settings.consumer,
      inFlightPerCamera: settings.inFlightPerCamera,
      clock: this.#clock,
      onLost: (cameraId, count, reason) => this.#send({ type: 'lost', cameraId, count, reason }),
      onBus: (up, reason) => this.#send({ type: 'bus', up, reason }),
      onSegment: ({ cameraId, packId, assignment }, { entryId, segment }) => {
        const live = { type: 'features', cameraId, assignment, packId, entryId, fencingToken: segment.fencingToken };
        this.#add(
          {
            packId,
            cameraId,
            segment,
            done: (features) => this.#send({ ...live, type: 'features', features }),
            failed: (error) => {
              const reason = error.code === 'VDT_SEGMENT_INVALID' ? 'mismatch' : 'failed';
              this.#send({ type: 'lost', cameraId, count: 1, reason });
              this.#send({ ...live, type: 'features', features: null });
            },
          },
          settings.batchWaitMs,
        );
      },
    });
    void this.#feeder.run();
  }

  #extract(callId: number, packId: string, segment: Segment): void {
    this.#add(
      {
        packId,
        cameraId: `call ${segment.cameraId}`, // a queue of its own: unassigning the live camera must not discard it
        segment,
        done: (features) => this.#send({ type: 'extracted', callId, features }),
        failed: (error) => this.#send({ type: 'failed', callId, error: toPlainError(error) }),
      },
      0,
    );
  }

  #add(task: Task, longestWaitMs: number): void {
    const session = this.#sessions.get(task.packId);
    try {
      if (!session) {
        const known = [...this.#sessions.keys()].join(', ');
        throw problem('VDT_RUNNER_FAILED', { reason: `the pack ${task.packId} is not loaded (${known} are)` });
      }
      session.check(task.segment);
    } catch (error) {
      task.failed(asProblem(error));
      return;
    }
    this.#batcher?.add(task, this.#settings ? longestWaitMs : 0);
  }

  async #run(packId: string, tasks: readonly Task[], waitsMs: readonly number[]): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const features = await this.#sessions.get(packId)?.extract(tasks.map(({ segment }) => segment));
      for (const [index, task] of tasks.entries()) {
        const own = features?.[index];
        if (own) task.done(own);
        else task.failed(problem('VDT_RUNNER_FAILED', { reason: 'the model gave no result' }));
      }
    } catch (error) {
      for (const task of tasks) task.failed(asProblem(error));
    }
    this.#send({ type: 'ran', packId, size: tasks.length, runMs: this.#clock.monotonicMs() - startedMs, waitsMs });
  }
}

function asProblem(error: unknown): VedetteError {
  return error instanceof VedetteError
    ? error
    : problem('VDT_RUNNER_FAILED', { reason: reasonOf(error) }, { cause: error });
}
