import { connectRedis } from '../../bus/connect-redis.ts';
import type { Clock } from '../../platform/clock.ts';
import { problem, reasonOf, VedetteError } from '../../platform/errors.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { DetectedObject } from '../../score/detected-object.ts';
import { packsKey } from '../packs/pack-plan.ts';
import { Batcher, type BatchItem } from './batcher.ts';
import { CameraLine, type CameraPacks, type Job } from './camera-line.ts';
import { DetectorTurns } from './detector/detector-turns.ts';
import { EmbeddingSession } from './embedding-session.ts';
import { HeadSession } from './head-session.ts';
import { OpenPacks } from './open-packs.ts';
import { type FromRunner, type PackRun, type RunnerSettings, type ToRunner, toPlainError } from './protocol.ts';
import { PackSession } from './session.ts';
import type { SnippetWindow } from './snippet-history.ts';
import { StreamFeeder } from './stream-feeder.ts';

/** Longest time for which live segments of one batch are looked at by a detector; the rest of the batch goes on without. */
const DETECTOR_BUDGET_MS = 500;
/** A live segment that has waited longer for a learned pack goes on without it. */
const LEARNED_BEHIND_MS = 2_000;
/** Recordings whose last segments are remembered at once. */
const RECORDINGS = 32;

/** One segment before one pack. */
interface Task extends BatchItem {
  readonly job: Job;
  /** For a head. */
  readonly window: SnippetWindow | null;
}

export interface RunnerOptions {
  readonly clock: Clock;
  readonly send: (message: FromRunner) => void;
}

/** What happens inside the runner process: sessions, batches, and the streams of assigned cameras. */
export class Runner {
  readonly #clock: Clock;
  readonly #send: (message: FromRunner) => void;
  /** Since the last message. */
  #runs: PackRun[] = [];
  /** By camera, or by `call CAMERA` for recordings. */
  readonly #lines = new Map<string, CameraLine>();
  readonly #turns = new DetectorTurns();
  /** By live camera: learned packs that do not look. */
  readonly #resting = new Map<string, readonly string[]>();
  #settings: RunnerSettings | null = null;
  #packs: OpenPacks | null = null;
  #batcher: Batcher<Task> | null = null;
  #feeder: StreamFeeder | null = null;
  #closeBus: () => void = () => {};

  constructor(options: RunnerOptions) {
    this.#clock = options.clock;
    this.#send = (message) => {
      const runs = this.#runs;
      if (runs.length > 0) this.#runs = [];
      options.send(runs.length > 0 ? { ...message, runs } : message);
    };
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
        this.#closeLine(message.cameraId);
        this.#resting.set(message.cameraId, message.resting ?? []);
        this.#feeder?.assign(message);
        return false;
      case 'attend':
        this.#resting.set(message.cameraId, message.resting);
        return false;
      case 'unassign':
        this.#feeder?.unassign(message.cameraId);
        this.#closeLine(message.cameraId);
        this.#resting.delete(message.cameraId);
        this.#turns.forget(message.cameraId);
        return false;
      case 'release':
        this.#feeder?.release(message.cameraId, message.assignment, message.count);
        return false;
      case 'extract':
        this.#extract(message);
        return false;
      case 'embed-text':
        void this.#embedText(message.callId, message.packId, message.texts);
        return false;
      case 'stop':
        this.#feeder?.stop();
        this.#closeBus();
        return true;
    }
  }

  async #start(settings: RunnerSettings): Promise<void> {
    let packs: OpenPacks;
    try {
      packs = await OpenPacks.open(settings);
    } catch (error) {
      this.#send({ type: 'refused', error: toPlainError(asProblem(error)) });
      return;
    }
    this.#packs = packs;
    this.#settings = settings;
    this.#batcher = new Batcher<Task>({
      clock: this.#clock,
      maximumSize: (packId) => packs.batchSizeOf(packId),
      run: (packId, tasks, waitsMs) => this.#run(packId, tasks, waitsMs),
    });
    if (settings.redisUrl !== null) this.#openStreams(settings, settings.redisUrl);
    this.#send({ type: 'ready', providers: packs.reports, refused: packs.refused });
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
        this.#add(packIds, this.#resting.get(cameraId) ?? [], cameraId, settings.batchWaitMs, {
          segment,
          live: { cameraId },
          done: (features) => this.#send({ ...live, type: 'features', features }),
          failed: (error) => {
            const reason = error.code === 'VDT_SEGMENT_INVALID' ? 'mismatch' : 'failed';
            this.#send({ type: 'lost', cameraId, count: 1, reason });
            this.#send({ ...live, type: 'features', features: null });
          },
        });
      },
    });
    void this.#feeder.run();
  }

  #extract({ callId, packIds, segment, resting = [] }: Extract<ToRunner, { type: 'extract' }>): void {
    const lineId = `call ${segment.cameraId}`; // a line of its own: unassigning the live camera must not discard it
    this.#add(packIds, resting, lineId, 0, {
      segment,
      live: null,
      done: (features) => this.#send({ type: 'extracted', callId, features }),
      failed: (error) => this.#send({ type: 'failed', callId, error: toPlainError(error) }),
    });
  }

  #add(
    packIds: readonly string[],
    resting: readonly string[],
    lineId: string,
    longestWaitMs: number,
    given: Pick<Job, 'segment' | 'live' | 'done' | 'failed'>,
  ): void {
    const { segment, live } = given;
    let packs: CameraPacks;
    let lookers: readonly EmbeddingSession[];
    let unsuited: readonly EmbeddingSession[];
    try {
      packs = this.#opened().ofCamera(packIds);
      packs.base.check(segment);
      // a live segment may have lost its still or clip on the way, or be older than the camera's packs
      if (!live || segment.still) packs.detector?.check(segment);
      const awake = packs.learned.filter(({ pack }) => !resting.includes(pack.manifest.id));
      lookers = awake.filter((session) => session.suits(segment));
      unsuited = awake.filter((session) => !lookers.includes(session));
      if (!live && unsuited.length > 0) {
        throw problem('VDT_SEGMENT_INVALID', { reason: 'its clip is not what the packs take' });
      }
    } catch (error) {
      given.failed(asProblem(error));
      return;
    }
    for (const { pack } of unsuited) this.#skipped(pack.manifest.id, 1);
    const line = this.#lineOf(lineId);
    const job: Job = {
      ...given,
      packs,
      line,
      base: null,
      embeddings: {},
      heads: {},
      looks: 1 + lookers.length,
      judgements: null,
      error: null,
    };
    line.add(job);
    for (const { pack } of [packs.base, ...lookers]) {
      this.#batcher?.add({ packId: pack.manifest.id, cameraId: lineId, job, window: null }, longestWaitMs);
    }
  }

  /** Throws VDT_RUNNER_FAILED before `start`. */
  #opened(): OpenPacks {
    if (this.#packs) return this.#packs;
    throw problem('VDT_RUNNER_FAILED', { reason: 'its packs are not loaded yet' });
  }

  #lineOf(lineId: string): CameraLine {
    const known = this.#lines.get(lineId);
    const line = known ?? new CameraLine();
    // the one used last stands last
    this.#lines.delete(lineId);
    this.#lines.set(lineId, line);
    if (!known && lineId.startsWith('call ')) this.#forgetRecordings();
    return line;
  }

  #forgetRecordings(): void {
    const recordings = [...this.#lines].filter(([id]) => id.startsWith('call '));
    for (const [id, line] of recordings.slice(0, -RECORDINGS)) if (line.idle) this.#lines.delete(id);
  }

  #closeLine(lineId: string): void {
    this.#batcher?.discard(lineId);
    this.#lines.get(lineId)?.close();
    this.#lines.delete(lineId);
  }

  async #run(packId: string, tasks: readonly Task[], waitsMs: readonly number[]): Promise<void> {
    try {
      const session = this.#opened().get(packId);
      if (session instanceof EmbeddingSession) await this.#embed(session, tasks, waitsMs);
      else if (session instanceof HeadSession) await this.#judge(session, tasks, waitsMs);
      else if (session instanceof PackSession) await this.#extractBase(session, tasks, waitsMs);
    } catch (error) {
      for (const { job } of tasks) job.error ??= asProblem(error);
    }
    for (const { job, window } of tasks) {
      if (window) job.judgements = (job.judgements ?? 1) - 1;
      else job.looks -= 1;
    }
    for (const line of new Set(tasks.map(({ job }) => job.line))) this.#advance(line);
  }

  /** Asks the heads what can be asked, and sends what is complete. */
  #advance(line: CameraLine): void {
    for (const { job, head, window } of line.questions()) {
      const cameraId = lineIdOf(job);
      this.#batcher?.add({ packId: head.pack.manifest.id, cameraId, job, window }, 0);
    }
    line.deliver();
  }

  async #extractBase(session: PackSession, tasks: readonly Task[], waitsMs: readonly number[]): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const features = await session.extract(tasks.map(({ job }) => job.segment));
    this.#ran(session.pack.manifest.id, tasks.length, startedMs, waitsMs);
    const jobs = tasks.map(({ job }) => job);
    const objects = await this.#look(jobs, waitsMs);
    for (const [index, job] of jobs.entries()) {
      const own = features[index];
      if (!own) job.error ??= problem('VDT_RUNNER_FAILED', { reason: 'the model gave no result' });
      else job.base = job.packs.detector ? { ...own, objects: objects[index] ?? null } : own;
    }
  }

  /** Live segments that have waited for too long are left out. */
  async #embed(session: EmbeddingSession, tasks: readonly Task[], waitsMs: readonly number[]): Promise<void> {
    const { id } = session.pack.manifest;
    const wanted = tasks.filter(({ job }, index) => !job.live || (waitsMs[index] ?? 0) <= LEARNED_BEHIND_MS);
    this.#skipped(id, tasks.length - wanted.length);
    for (const jobs of groupsOf(wanted)) {
      const startedMs = this.#clock.monotonicMs();
      const embeddings = await session.embed(jobs.map(({ segment }) => segment));
      this.#ran(id, jobs.length, startedMs, waitsMs);
      for (const [index, job] of jobs.entries()) {
        const embedding = embeddings[index];
        if (embedding) job.embeddings[id] = embedding;
      }
    }
  }

  async #judge(session: HeadSession, tasks: readonly Task[], waitsMs: readonly number[]): Promise<void> {
    const { id } = session.pack.manifest;
    const windows = new Map(tasks.flatMap(({ job, window }) => (window ? [[job, window] as const] : [])));
    for (const jobs of groupsOf(tasks)) {
      const startedMs = this.#clock.monotonicMs();
      const outputs = await session.judge(jobs.map((job) => windows.get(job) ?? []));
      this.#ran(id, jobs.length, startedMs, waitsMs);
      for (const [index, job] of jobs.entries()) {
        const output = outputs[index];
        if (output) job.heads[id] = output;
      }
    }
  }

  #ran(packId: string, size: number, startedMs: number, waitsMs: readonly number[]): void {
    const runMs = this.#clock.monotonicMs() - startedMs;
    this.#packs?.noteRun(packId, size, runMs);
    this.#runs.push({ packId, size, runMs, waitsMs });
  }

  #skipped(packId: string, skipped: number): void {
    if (skipped > 0) this.#send({ type: 'looked', packId, tiles: 0, runMs: 0, skipped });
  }

  async #embedText(callId: number, packId: string, texts: readonly string[]): Promise<void> {
    try {
      const session = await this.#opened().text(packId);
      this.#send({ type: 'texts', callId, embeddings: await session.embed(texts) });
    } catch (error) {
      this.#send({ type: 'texts-failed', callId, error: toPlainError(asProblem(error)) });
    }
  }

  /** What the detectors see in the segments' stills; null where none looked. */
  async #look(jobs: readonly Job[], waitsMs: readonly number[]): Promise<(readonly DetectedObject[] | null)[]> {
    const objects: (readonly DetectedObject[] | null)[] = jobs.map(() => null);
    for (const detector of this.#opened().detectors) {
      const indices = jobs.flatMap(({ packs }, index) => (packs.detector === detector ? [index] : []));
      if (indices.length === 0) continue;
      const batchWaitMs = this.#settings?.batchWaitMs ?? 0;
      const turns = this.#turns.order(
        indices.map((index) => ({
          index,
          cameraId: jobs[index]?.live?.cameraId ?? null,
          behindMs: (waitsMs[index] ?? 0) - batchWaitMs,
          hasStill: jobs[index]?.segment.still !== undefined,
        })),
      );
      const startedMs = this.#clock.monotonicMs();
      let tiles = 0;
      let looked = 0;
      for (const group of turns) {
        if (group.live && this.#clock.monotonicMs() - startedMs > DETECTOR_BUDGET_MS) continue;
        const segments = group.indices.flatMap((index) => jobs[index]?.segment ?? []);
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
      this.#send({ type: 'looked', packId: detector.pack.manifest.id, tiles, runMs, skipped: indices.length - looked });
    }
    return objects;
  }
}

function asProblem(error: unknown): VedetteError {
  return error instanceof VedetteError
    ? error
    : problem('VDT_RUNNER_FAILED', { reason: reasonOf(error) }, { cause: error });
}

/** The line that a job stands in, as `Runner.#lines` calls it. */
function lineIdOf({ segment, live }: Job): string {
  return live ? live.cameraId : `call ${segment.cameraId}`;
}

/**
 * What goes through a learned pack together: live segments as they come, those of recordings one by one. A graph's last bits depend on
 * what else is in the batch (another matrix kernel for another size), and a recording is to give the same in every run.
 */
function groupsOf(tasks: readonly Task[]): readonly (readonly Job[])[] {
  const live = tasks.flatMap(({ job }) => (job.live ? [job] : []));
  const recorded = tasks.flatMap(({ job }) => (job.live ? [] : [[job]]));
  return [...(live.length > 0 ? [live] : []), ...recorded];
}
