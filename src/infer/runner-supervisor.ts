import type { ChildProcess } from 'node:child_process';
import type { Segment } from '../bus/segment.ts';
import { exitOf, type SpawnProcess, systemSpawn } from '../platform/child-process.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { problem, VedetteError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import { ExtractCalls } from './extract-calls.ts';
import type { FeatureExtractor } from './feature-extractor.ts';
import type { PackManifest } from './packs/pack-manifest.ts';
import { isEmbedding } from './packs/picture-manifest.ts';
import { RestartBudget, type RestartPolicy, RUNNER_RESTARTS } from './restart-budget.ts';
import type {
  Assignment,
  FromRunner,
  LiveFeatures,
  PackRun,
  RefusedPack,
  RunnerLossReason,
  RunnerSettings,
  ToRunner,
} from './runner/protocol.ts';
import type { ProviderReport } from './runner/provider-chain.ts';
import { spawnRunner } from './runner-process.ts';
import { TextCalls } from './text-calls.ts';

/**
 * `starting` loads its packs; `ready`; `restarting` one died and the next is on its way; `alarm` too many died, nothing
 * is tried for a while; `stopped`.
 */
export type RunnerState = 'starting' | 'ready' | 'restarting' | 'alarm' | 'stopped';

export interface RunnerSupervisorOptions {
  readonly settings: RunnerSettings;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  readonly spawn?: SpawnProcess;
  /** Longest silence, and longest wait for one call. Default 10 s. */
  readonly deadlineMs?: number;
  /** Longest time to load the packs. Default 60 s. */
  readonly startDeadlineMs?: number;
  readonly restarts?: RestartPolicy;
  readonly onFeatures?: (live: LiveFeatures) => void;
  readonly onLost?: (cameraId: string, count: number, reason: RunnerLossReason) => void;
  /** Whether the runner reaches the segment streams. */
  readonly onBus?: (up: boolean) => void;
  readonly onState?: (state: RunnerState) => void;
}

const STOP_GRACE_MS = 3_000;
const START_DEADLINE_MS = 60_000;
/** Calls with a detector that a runner has at once: each may take a tenth of a second on a small machine. */
const DETECTOR_CALLS = 16;
/** Likewise with learned packs, which look at one segment after the other: each may take a second. */
const LEARNED_CALLS = 4;

function maximumSent({ packs, batchSize }: RunnerSettings): number {
  const has = (test: (manifest: PackManifest) => boolean) => packs.some(({ manifest }) => test(manifest));
  return Math.min(
    batchSize * 2,
    has(({ kind }) => kind === 'detector') ? DETECTOR_CALLS : Number.POSITIVE_INFINITY,
    has((manifest) => manifest.kind !== 'head' && isEmbedding(manifest)) ? LEARNED_CALLS : Number.POSITIVE_INFINITY,
  );
}

/**
 * Keeps one runner process alive: kills it when it hangs, replaces it when it is gone, tells the new one what the old
 * one was assigned, and repeats calls that were under way. The runner then reads again what nobody acknowledged.
 */
export class RunnerSupervisor implements FeatureExtractor {
  readonly #options: RunnerSupervisorOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #calls: ExtractCalls;
  readonly #texts: TextCalls;
  readonly #budget: RestartBudget;
  readonly #assigned = new Map<string, Assignment>();
  #stopping = new AbortController();
  #child: ChildProcess | null = null;
  #life: Promise<void> = Promise.resolve();
  #state: RunnerState = 'stopped';
  #providers: readonly ProviderReport[] = [];
  #refused: readonly string[] = [];
  #heardMs = 0;
  /** Why the present child is being killed by us. */
  #killedFor: 'hang' | null = null;

  constructor(options: RunnerSupervisorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger;
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    this.#budget = new RestartBudget(options.restarts ?? RUNNER_RESTARTS, this.#clock);
    this.#calls = new ExtractCalls({
      clock: this.#clock,
      deadlineMs: this.#deadlineMs,
      maximumSent: maximumSent(options.settings),
      send: (message) => this.#state === 'ready' && this.#send(message),
      onDeadline: () => this.#killHung('a call had no answer'),
    });
    this.#texts = new TextCalls({
      clock: this.#clock,
      deadlineMs: options.startDeadlineMs ?? START_DEADLINE_MS,
      send: (message) => this.#state === 'ready' && this.#send(message),
    });
  }

  get state(): RunnerState {
    return this.#state;
  }

  /** What became of each execution provider, pack by pack, in the present runner. */
  get providers(): readonly ProviderReport[] {
    return this.#providers;
  }

  /** Ids of packs that the present runner could not open and can do without. */
  get refusedPacks(): readonly string[] {
    return this.#refused;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Resolves when the first runner has loaded its packs. Throws VDT_PACK_…, VDT_PROVIDER_UNAVAILABLE where one cannot be
   * used, VDT_RUNNER_FAILED where the process does not come up.
   */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#stopping = new AbortController();
    this.#become('starting');
    const child = this.#launch();
    try {
      await this.#untilReady(child);
    } catch (error) {
      this.#become('stopped');
      await this.#end(child);
      throw error;
    }
    this.#life = this.#keepAlive(child);
  }

  /** Ends the runner; calls under way are refused. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#become('stopped');
    this.#stopping.abort();
    this.#calls.rejectAll('it was stopped');
    this.#texts.rejectAll('it was stopped');
    if (this.#child) await this.#end(this.#child);
    await this.#life;
  }

  close(): Promise<void> {
    return this.stop();
  }

  async extract(
    packIds: readonly string[],
    segment: Segment,
    resting: readonly string[] = [],
  ): Promise<SegmentFeatures> {
    if (this.#state === 'stopped' || this.#state === 'alarm') {
      throw problem('VDT_RUNNER_FAILED', {
        reason: this.#state === 'alarm' ? 'it died too often' : 'it is not running',
      });
    }
    return this.#calls.add(packIds, segment, resting);
  }

  /**
   * Descriptors of texts in the space of a pack's pictures, of length 1, in order. Throws VDT_PACK_INVALID where the pack has no text
   * tower, VDT_RUNNER_FAILED while no runner is ready or where it dies (ask again), VDT_RUNNER_DEADLINE.
   */
  embedText(packId: string, texts: readonly string[]): Promise<readonly Float32Array[]> {
    return texts.length === 0 ? Promise.resolve([]) : this.#texts.add(packId, texts);
  }

  /** Lets the runner read a camera's stream; pending segments come first. */
  assign(assignment: Assignment): void {
    this.#assigned.set(assignment.cameraId, assignment);
    if (this.#state === 'ready') this.#send({ type: 'assign', ...assignment });
  }

  /** Segments in the runner's hands stay unacknowledged, for the next owner. */
  unassign(cameraId: string): void {
    this.#assigned.delete(cameraId);
    if (this.#state === 'ready') this.#send({ type: 'unassign', cameraId });
  }

  /** So many features of the camera are committed and acknowledged. */
  release(cameraId: string, assignment: number, count: number): void {
    if (this.#state === 'ready') this.#send({ type: 'release', cameraId, assignment, count });
  }

  /** Which of the camera's learned packs do not look at its next segments. */
  attend(cameraId: string, assignment: number, resting: readonly string[]): void {
    const known = this.#assigned.get(cameraId);
    if (known?.assignment !== assignment) return;
    this.#assigned.set(cameraId, { ...known, resting });
    if (this.#state === 'ready') this.#send({ type: 'attend', cameraId, assignment, resting });
  }

  /** Raises the fencing token below which a restarted runner refuses segments. */
  noteToken(cameraId: string, token: number): void {
    const known = this.#assigned.get(cameraId);
    if (known && token > known.minimumToken) this.#assigned.set(cameraId, { ...known, minimumToken: token });
  }

  #launch(): ChildProcess {
    const child = spawnRunner(this.#options.spawn ?? systemSpawn, this.#logger);
    this.#child = child;
    this.#killedFor = null;
    this.#heardMs = this.#clock.monotonicMs();
    child.on('error', () => {}); // `exitOf` tells
    return child;
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadlineMs = this.#options.startDeadlineMs ?? START_DEADLINE_MS;
    const settled = new AbortController();
    try {
      await Promise.race([
        new Promise<void>((resolve, reject) => {
          child.once('message', (message: FromRunner) => {
            if (message.type === 'refused') {
              const { code, values, hint } = message.error;
              reject(new VedetteError(code, values, { hint }));
            } else if (message.type === 'ready') {
              this.#noteProviders(message.providers);
              this.#noteRefused(message.refused);
              resolve();
            }
          });
          this.#send({ type: 'start', settings: this.#options.settings });
        }),
        exitOf(child).then(({ code, signal, error }) => {
          const reason = error?.message ?? `it ended with ${signal ?? `code ${code}`} before it was ready`;
          throw problem('VDT_RUNNER_FAILED', { reason }, { cause: error });
        }),
        this.#clock.sleep(deadlineMs, settled.signal).then(() => {
          if (settled.signal.aborted) return;
          throw problem('VDT_RUNNER_FAILED', { reason: `its packs were not loaded within ${deadlineMs} ms` });
        }),
      ]);
    } finally {
      settled.abort();
    }
    if (this.#stopping.signal.aborted) return;
    child.on('message', (message: FromRunner) => {
      if (child === this.#child) this.#receive(message);
    });
    this.#heardMs = this.#clock.monotonicMs();
    this.#become('ready');
    for (const assignment of this.#assigned.values()) this.#send({ type: 'assign', ...assignment });
    this.#calls.sendWaiting();
    this.#scheduleHeartbeat(child);
  }

  async #keepAlive(first: ChildProcess): Promise<void> {
    let child: ChildProcess = first;
    const { signal } = this.#stopping;
    for (;;) {
      const status = await exitOf(child);
      if (signal.aborted) return;
      const hung = this.#killedFor === 'hang';
      const reason = hung
        ? 'it hung'
        : (status.error?.message ?? `it ended with ${status.signal ?? `code ${status.code}`}`);
      this.#become('restarting');
      this.#options.metrics?.runnerRestarts.inc({ reason: hung ? 'hang' : 'death' });
      this.#calls.runnerDied(reason, hung);
      this.#texts.rejectAll(reason);
      const { waitMs, spent } = this.#budget.spend();
      if (spent) {
        this.#become('alarm');
        this.#logger.error({ reason, pauseMs: waitMs }, 'runner.alarm');
        this.#calls.rejectAll(`it died too often: ${reason}`);
      } else {
        this.#logger.warn({ reason, waitMs }, 'runner.died');
      }
      await this.#clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      this.#become('restarting');
      child = this.#launch();
      await this.#untilReady(child).catch(async (error: unknown) => {
        if (signal.aborted) return;
        this.#logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'runner.start-failed');
        child.kill('SIGKILL');
      });
    }
  }

  #receive(message: FromRunner): void {
    this.#heardMs = this.#clock.monotonicMs();
    for (const run of message.runs ?? []) this.#measure(run);
    switch (message.type) {
      case 'features':
        this.#options.onFeatures?.(message);
        break;
      case 'lost':
        this.#options.onLost?.(message.cameraId, message.count, message.reason);
        break;
      case 'extracted':
        this.#calls.succeed(message.callId, message.features);
        break;
      case 'failed':
        this.#calls.fail(message.callId, message.error);
        break;
      case 'texts':
        this.#texts.succeed(message.callId, message.embeddings);
        break;
      case 'texts-failed':
        this.#texts.fail(message.callId, message.error);
        break;
      case 'looked':
        this.#measureLook(message);
        break;
      case 'bus':
        this.#logger[message.up ? 'info' : 'warn'](
          { reason: message.reason },
          message.up ? 'runner.bus-up' : 'runner.bus-down',
        );
        this.#options.onBus?.(message.up);
        break;
      case 'pong':
      case 'ready':
      case 'refused':
        break;
    }
  }

  #measure({ packId, size, runMs, waitsMs }: PackRun): void {
    const { metrics } = this.#options;
    if (!metrics) return;
    metrics.inferBatchSize.observe({ pack: packId }, size);
    metrics.inferRun.observe({ pack: packId }, runMs / 1_000);
    for (const waitMs of waitsMs) metrics.inferWait.observe({ pack: packId }, waitMs / 1_000);
  }

  #measureLook({ packId, tiles, runMs, skipped }: Extract<FromRunner, { type: 'looked' }>): void {
    const { metrics } = this.#options;
    if (tiles > 0) {
      metrics?.inferBatchSize.observe({ pack: packId }, tiles);
      metrics?.inferRun.observe({ pack: packId }, runMs / 1_000);
    }
    if (skipped > 0) metrics?.detectorSkipped.inc({ pack: packId }, skipped);
  }

  /** Asks for a sign of life three times within the deadline; any message is one. */
  #scheduleHeartbeat(child: ChildProcess): void {
    this.#clock.after(this.#deadlineMs / 3, () => {
      if (child !== this.#child || this.#stopping.signal.aborted || child.exitCode !== null) return;
      if (this.#clock.monotonicMs() - this.#heardMs > this.#deadlineMs) {
        this.#killHung('it gave no sign of life');
        return;
      }
      this.#send({ type: 'ping', id: 0 });
      this.#scheduleHeartbeat(child);
    });
  }

  #killHung(reason: string): void {
    if (!this.#child || this.#killedFor || this.#state !== 'ready') return;
    this.#logger.warn({ reason, deadlineMs: this.#deadlineMs }, 'runner.hung');
    this.#killedFor = 'hang';
    this.#child.kill('SIGKILL');
  }

  async #end(child: ChildProcess): Promise<void> {
    const exited = exitOf(child);
    this.#send({ type: 'stop' });
    const settled = new AbortController();
    void exited.then(() => settled.abort());
    await this.#clock.sleep(STOP_GRACE_MS, settled.signal);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
    if (this.#child === child) this.#child = null;
  }

  #send(message: ToRunner): boolean {
    const child = this.#child;
    if (!child?.connected) return false;
    child.send(message, () => {}); // a failure shows as the child's exit
    return true;
  }

  #noteProviders(reports: readonly ProviderReport[]): void {
    this.#providers = reports;
    for (const { packId, provider, state, reason } of reports) {
      if (state === 'refused') this.#logger.warn({ pack: packId, provider, reason }, 'runner.provider-refused');
      if (state === 'chosen') this.#logger.info({ pack: packId, provider }, 'runner.provider');
      this.#options.metrics?.runnerProvider.set({ provider }, state === 'chosen' ? 1 : 0);
    }
  }

  #noteRefused(refused: readonly RefusedPack[]): void {
    this.#refused = refused.map(({ packId }) => packId);
    for (const { packId, error } of refused) {
      const { message } = new VedetteError(error.code, error.values, { hint: error.hint });
      this.#logger.error({ pack: packId, reason: message }, 'runner.pack-refused');
    }
  }

  #become(state: RunnerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState?.(state);
  }
}
