import type { Sampling } from '../bus/sampling.ts';
import type { Segment } from '../bus/segment.ts';
import type { SpawnProcess } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import { reasonOf, VedetteError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { redactSecrets } from '../platform/redact.ts';
import { CaptureClock } from './capture-clock.ts';
import type { ChunkRecorder, ChunkRun } from './chunk-recorder.ts';
import { CollapsedLog } from './collapsed-log.ts';
import { type ConnectFailure, classifySystemError, failure } from './connect-failure.ts';
import { type ConnectionEnd, runConnection } from './connection.ts';
import type { TimedPixels } from './frame-pairing.ts';
import { FrameRate } from './frame-rate.ts';
import type { CameraState, CameraStatus } from './ports.ts';
import { ReconnectLadder } from './reconnect-ladder.ts';
import { Segmenter } from './segmenter.ts';
import { checkSourceHost, type LookupHost } from './source-host.ts';
import { parseSourceUrl, type SourceUrl } from './source-url.ts';
import { SteadyUtc } from './steady-utc.ts';
import type { SupervisorLimits } from './supervisor-limits.ts';

export interface SupervisorOptions {
  readonly cameraId: string;
  /** With the password. */
  readonly sourceUrl: string;
  readonly transport: 'tcp' | 'udp';
  readonly sampling: Sampling;
  readonly fencingToken: number;
  /** Null records nothing. */
  readonly recorder: ChunkRecorder | null;
  readonly limits: SupervisorLimits;
  readonly ffmpegPath: string;
  readonly httpProxy?: string | undefined;
  readonly spawn: SpawnProcess;
  readonly lookup: LookupHost;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** What the store knew last: capture times and counters go on from there. */
  readonly previousStatus: CameraStatus;
  readonly onSegment: (segment: Segment) => void;
  readonly onTransition: (status: CameraStatus, previousState: CameraState) => void;
  readonly onFrame?: () => void;
  /** Frames that were decoded and not used, by reason. */
  readonly onFramesLost?: (reason: 'damaged', count: number) => void;
  readonly onReconnect?: (reason: string) => void;
}

/**
 * Keeps one camera connected for ever: connect, watch, wait, connect. The first connect takes the same path as every later one.
 *
 * connecting ─▶ live ─▶ stalled ─▶ backoff ─▶ connecting …; without a picture for `offlineMs` it is offline, and stays so
 * over all attempts until a picture comes.
 */
export class CameraSupervisor {
  readonly #options: SupervisorOptions;
  readonly #utc: SteadyUtc;
  readonly #captureClock: CaptureClock;
  readonly #segmenter: Segmenter;
  readonly #ladder: ReconnectLadder;
  readonly #troubles: CollapsedLog;
  readonly #storageTroubles: CollapsedLog;
  readonly #rate: FrameRate;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #status: CameraStatus;
  #lastPictureMonotonicMs: number;
  #holdUntilMs = Number.NEGATIVE_INFINITY;
  #firstMediaSeconds: number | null = null;
  #cancelOffline: () => void = () => {};
  #pid: number | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { clock, logger, cameraId, previousStatus } = options;
    const notBeforeMs = previousStatus.lastFrameMs ?? 0;
    this.#utc = new SteadyUtc(clock, notBeforeMs);
    this.#captureClock = new CaptureClock(this.#utc, Math.min(notBeforeMs, this.#utc.nowMs()));
    this.#segmenter = new Segmenter(options);
    this.#ladder = new ReconnectLadder(options.random);
    this.#rate = new FrameRate(clock);
    this.#troubles = new CollapsedLog(clock, (reason, repeated) =>
      logger.warn({ camera: cameraId, reason, repeated }, 'camera.trouble'),
    );
    this.#storageTroubles = new CollapsedLog(clock, (reason, repeated) =>
      logger.error({ camera: cameraId, reason, repeated }, 'camera.recording_failed'),
    );
    this.#lastPictureMonotonicMs = clock.monotonicMs();
    this.#status = {
      ...previousStatus,
      state: 'connecting',
      sinceMs: this.#utc.nowMs(),
      reason: null,
      framesPerSecond: null,
    };
  }

  /** As of now; safe to show. */
  get status(): CameraStatus {
    return { ...this.#status, framesPerSecond: this.#status.state === 'live' ? this.#rate.perSecond() : null };
  }

  /** Process id of the present ffmpeg. */
  get pid(): number | null {
    return this.#pid;
  }

  start(): void {
    if (this.#running) return;
    this.#watchOffline();
    this.#running = this.#run();
  }

  /** Resolves when ffmpeg has ended and its last chunk is in place. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelOffline();
    await this.#running;
    await this.#options.recorder?.settled();
  }

  async #run(): Promise<void> {
    const { clock, recorder } = this.#options;
    const { signal } = this.#stopping;
    await recorder?.prepare();
    while (!signal.aborted) {
      const end = await this.#connectOnce();
      if (signal.aborted) break;
      const waitMs = this.#ladder.nextWaitMs(end.goodMs);
      this.#reportEnd(end, waitMs);
      if (this.#status.state !== 'offline') this.#enter('backoff', end.failure.message);
      else this.#status = { ...this.#status, reason: end.failure.message };
      await clock.sleep(waitMs, signal);
      if (signal.aborted) break;
      if (this.#status.state !== 'offline') this.#enter('connecting', end.failure.message);
    }
  }

  /** Never rejects: whatever goes wrong is a reason to try again. */
  async #connectOnce(): Promise<ConnectionEnd> {
    const { recorder } = this.#options;
    try {
      const url = parseSourceUrl(this.#options.sourceUrl);
      await this.#checkHost(url);
      this.#captureClock.reset();
      this.#firstMediaSeconds = null;
      this.#rate.reset();
      this.#holdUntilMs = Number.NEGATIVE_INFINITY;
      const recording = recorder?.openRun() ?? null;
      return await runConnection(
        {
          ...this.#options,
          url,
          recording,
          httpProxy: url.scheme === 'http' || url.scheme === 'https' ? this.#options.httpProxy : undefined,
          signal: this.#stopping.signal,
          onFrame: (frame) => this.#take(frame),
          onDamage: () => this.#markDamage(),
          onChunkList: (bytes) => this.#takeChunks(recording, bytes),
          onStorageTrouble: (line) => this.#storageTroubles.add(line),
          onStall: () => this.#enter('stalled', failure('timeout', 'no picture any more').message),
          onStarted: (pid) => {
            this.#pid = pid;
          },
        },
        ({ codec, width, height }) => {
          this.#status = { ...this.#status, codec, width, height };
        },
      );
    } catch (error) {
      return { failure: failureFrom(error), goodMs: 0, frames: 0, stalled: false, lines: [] };
    } finally {
      this.#pid = null;
    }
  }

  /** Looked up anew before each connect: addresses change, and a name that led home may lead elsewhere now. */
  async #checkHost(url: SourceUrl): Promise<void> {
    const { lookup, clock, limits } = this.#options;
    const giveUp = new AbortController();
    const tooLate = clock.sleep(limits.lookupMs, giveUp.signal).then(() => {
      throw Object.assign(new Error('the name server does not answer'), { code: 'EAI_AGAIN' });
    });
    tooLate.catch(() => {});
    try {
      await Promise.race([checkSourceHost(url.host, lookup), tooLate]);
    } finally {
      giveUp.abort();
    }
  }

  #take({ pixels, mediaSeconds, own }: TimedPixels): void {
    const { clock, onFrame, onSegment, onFramesLost } = this.#options;
    this.#lastPictureMonotonicMs = clock.monotonicMs();
    if (own) {
      this.#rate.add();
      onFrame?.();
    }
    if (Number.isNaN(mediaSeconds)) return;
    this.#firstMediaSeconds ??= mediaSeconds;
    const { captureMs, epoch, began } = this.#captureClock.observe(mediaSeconds);
    if (began !== null)
      this.#options.logger.info({ camera: this.#options.cameraId, epoch, reason: began }, 'camera.epoch');
    this.#status = { ...this.#status, lastFrameMs: captureMs };
    if (this.#status.state !== 'live') this.#enter('live', null);
    if (clock.monotonicMs() < this.#holdUntilMs) {
      if (own) onFramesLost?.('damaged', 1);
      return;
    }
    const segment = this.#segmenter.push({ pixels, captureMs, mediaSeconds, epoch, own });
    if (segment) onSegment(segment);
  }

  /** A patched picture looks like an event: nothing is used until the next key frame has likely come. */
  #markDamage(): void {
    if (this.#status.state !== 'live') return; // before the first key frame the decoder always complains
    this.#holdUntilMs = this.#options.clock.monotonicMs() + this.#options.limits.damageHoldMs;
    const lost = this.#segmenter.interrupt();
    if (lost > 0) this.#options.onFramesLost?.('damaged', lost);
  }

  #takeChunks(recording: ChunkRun | null, bytes: Uint8Array): void {
    recording?.push(
      bytes,
      (seconds) =>
        this.#firstMediaSeconds === null ? null : this.#captureClock.toUtcMs(this.#firstMediaSeconds + seconds),
      this.#utc.nowMs(),
    );
  }

  #reportEnd(end: ConnectionEnd, waitMs: number): void {
    this.#status = { ...this.#status, reconnects: this.#status.reconnects + 1 };
    this.#troubles.add(end.failure.message);
    const { logger, cameraId, onReconnect } = this.#options;
    logger.debug({ camera: cameraId, ...end, waitMs }, 'camera.connection_ended');
    onReconnect?.(end.stalled ? 'stalled' : end.failure.reason);
  }

  #enter(state: CameraState, reason: string | null): void {
    const previousState = this.#status.state;
    if (state === previousState || this.#stopping.signal.aborted) return;
    this.#status = { ...this.#status, state, reason, sinceMs: this.#utc.nowMs() };
    const { logger, cameraId } = this.#options;
    if (state === 'live') logger.info({ camera: cameraId, previousState }, 'camera.live');
    else logger.debug({ camera: cameraId, previousState, reason }, `camera.${state}`);
    this.#options.onTransition(this.status, previousState);
  }

  #watchOffline(): void {
    const { clock, limits } = this.#options;
    const silentMs = clock.monotonicMs() - this.#lastPictureMonotonicMs;
    if (silentMs >= limits.offlineMs && this.#status.state !== 'live') {
      this.#enter('offline', this.#status.reason ?? failure('timeout').message);
    }
    const nextMs = silentMs >= limits.offlineMs ? limits.offlineMs : limits.offlineMs - silentMs;
    this.#cancelOffline = clock.after(Math.max(10, nextMs), () => this.#watchOffline());
  }
}

function failureFrom(error: unknown): ConnectFailure {
  if (error instanceof VedetteError && error.code === 'VDT_CAMERA_URL_REFUSED') {
    return { reason: 'url_refused', message: redactSecrets(reasonOf(error)), hint: error.hint };
  }
  return classifySystemError(error);
}
