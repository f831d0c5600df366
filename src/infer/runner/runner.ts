import { connectRedis } from '../../bus/connect-redis.ts';
import type { Segment } from '../../bus/segment.ts';
import type { Clock } from '../../platform/clock.ts';
import { problem, reasonOf, VedetteError } from '../../platform/errors.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { DetectedObject } from '../../score/detected-object.ts';
import type { SegmentFeatures } from '../../score/segment-features.ts';
import { packsKey } from '../packs/pack-plan.ts';
import { Batcher, type BatchItem } from './batcher.ts';
import { DetectorSession } from './detector/detector-session.ts';
import { DetectorTurns } from './detector/detector-turns.ts';
import { type FromRunner, type RunnerSettings, type ToRunner, toPlainError } from './protocol.ts';
import { PackSession } from './session.ts';
import { StreamFeeder } from './stream-feeder.ts';

/** Longest time for which live segments of one batch are looked at; the rest of the batch goes on without. */
const DETECTOR_BUDGET_MS = 500;

interface Task extends BatchItem {
  readonly segment: Segment;
  /** Null where no detector looks at it. */
  readonly detector: DetectorSession | null;
  /** Null for recordings: nothing is left out of them, so that every run gives the same. */
  readonly live: { readonly cameraId: string } | null;
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
  readonly #detectors = new Map<string, DetectorSession>();
  readonly #turns = new DetectorTurns();
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
        this.#turns.forget(message.cameraId);
        return false;
      case 'release':
        this.#feeder?.release(message.cameraId, message.assignment, message.count);
        return false;
      case 'extract':
        this.#extract(message.callId, message.packIds, message.segment);
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
        if (pack.manifest.kind === 'detector') {
          this.#detectors.set(pack.manifest.id, await DetectorSession.open(pack, settings));
        } else this.#sessions.set(pack.manifest.id, await PackSession.open(pack, settings));
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
    const sessions = [...this.#sessions.values(), ...this.#detectors.values()];
    this.#send({ type: 'ready', providers: sessions.flatMap(({ reports }) => reports) });
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
      onSegment: ({ cameraId, packIds, assignment }, { entryId, segment }) => {
        const packId = packsKey(packIds);
        const live = { type: 'features', cameraId, assignment, packId, entryId, fencingToken: segment.fencingToken };
        this.#add(
          packIds,
          {
            cameraId,
            segment,
            live: { cameraId },
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

  #extract(callId: number, packIds: readonly string[], segment: Segment): void {
    this.#add(
      packIds,
      {
        cameraId: `call ${segment.cameraId}`, // a queue of its own: unassigning the live camera must not discard it
        segment,
        live: null,
        done: (features) => this.#send({ type: 'extracted', callId, features }),
        failed: (error) => this.#send({ type: 'failed', callId, error: toPlainError(error) }),
      },
      0,
    );
  }

  #add(packIds: readonly string[], given: Omit<Task, 'packId' | 'detector'>, longestWaitMs: number): void {
    const [packId = '', detectorId] = packIds;
    let task: Task;
    try {
      const session = this.#sessions.get(packId) ?? this.#refuse(packId);
      session.check(given.segment);
      const detector = detectorId === undefined ? null : (this.#detectors.get(detectorId) ?? this.#refuse(detectorId));
      // a live segment may have lost its still on the way, or be older than the camera's detector
      if (!given.live || given.segment.still) detector?.check(given.segment);
      task = { ...given, packId, detector };
    } catch (error) {
      given.failed(asProblem(error));
      return;
    }
    this.#batcher?.add(task, this.#settings ? longestWaitMs : 0);
  }

  #refuse(packId: string): never {
    const known = [...this.#sessions.keys(), ...this.#detectors.keys()].join(', ');
    throw problem('VDT_RUNNER_FAILED', { reason: `the pack ${packId} is not loaded (${known} are)` });
  }

  async #run(packId: string, tasks: readonly Task[], waitsMs: readonly number[]): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const features = await this.#sessions.get(packId)?.extract(tasks.map(({ segment }) => segment));
      const runMs = this.#clock.monotonicMs() - startedMs;
      this.#send({ type: 'ran', packId, size: tasks.length, runMs, waitsMs });
      const objects = await this.#look(tasks, waitsMs);
      for (const [index, task] of tasks.entries()) {
        const own = features?.[index];
        if (!own) task.failed(problem('VDT_RUNNER_FAILED', { reason: 'the model gave no result' }));
        else task.done(task.detector ? { ...own, objects: objects[index] ?? null } : own);
      }
    } catch (error) {
      for (const task of tasks) task.failed(asProblem(error));
    }
  }

  /** What the detectors see in the tasks' stills; null where none looked. */
  async #look(tasks: readonly Task[], waitsMs: readonly number[]): Promise<(readonly DetectedObject[] | null)[]> {
    const objects: (readonly DetectedObject[] | null)[] = tasks.map(() => null);
    for (const [detectorId, detector] of this.#detectors) {
      const indices = tasks.flatMap((task, index) => (task.detector === detector ? [index] : []));
      if (indices.length === 0) continue;
      const batchWaitMs = this.#settings?.batchWaitMs ?? 0;
      const turns = this.#turns.order(
        indices.map((index) => ({
          index,
          cameraId: tasks[index]?.live?.cameraId ?? null,
          behindMs: (waitsMs[index] ?? 0) - batchWaitMs,
          hasStill: tasks[index]?.segment.still !== undefined,
        })),
      );
      const startedMs = this.#clock.monotonicMs();
      let tiles = 0;
      let looked = 0;
      for (const group of turns) {
        if (group.live && this.#clock.monotonicMs() - startedMs > DETECTOR_BUDGET_MS) continue;
        const segments = group.indices.flatMap((index) => tasks[index]?.segment ?? []);
        const results = await detector.detect(segments);
        for (const [at, index] of group.indices.entries()) {
          const result = results[at];
          objects[index] = result?.objects ?? null;
          tiles += result?.tiles ?? 0;
        }
        looked += group.indices.length;
        this.#turns.note(group, startedMs);
      }
      const runMs = this.#clock.monotonicMs() - startedMs;
      this.#send({ type: 'looked', packId: detectorId, tiles, runMs, skipped: indices.length - looked });
    }
    return objects;
  }
}

function asProblem(error: unknown): VedetteError {
  return error instanceof VedetteError
    ? error
    : problem('VDT_RUNNER_FAILED', { reason: reasonOf(error) }, { cause: error });
}
