import type { Sampling } from '../bus/sampling.ts';
import { reasonOf } from '../platform/errors.ts';
import { type Announced, announcedBy, cameraEvent } from './camera-events.ts';
import { CameraSupervisor } from './camera-supervisor.ts';
import { ChunkRecorder } from './chunk-recorder.ts';
import type { IngestRoleOptions } from './ingest-options.ts';
import type { CameraLease, CameraState, CameraStatus, IngestCamera } from './ports.ts';
import { PublishQueue } from './publish-queue.ts';
import { StatusWriter } from './status-writer.ts';
import { supervisorLimits } from './supervisor-limits.ts';

export interface CameraWorkerOptions extends IngestRoleOptions {
  readonly camera: IngestCamera;
  readonly sourceUrl: string;
  readonly sampling: Sampling;
  readonly lease: CameraLease;
  readonly fencingToken: number;
  readonly httpProxy: string;
  /** Another process owns the camera now. */
  readonly onFenced: () => void;
}

/** The reason under which a status is left behind when this process stops in order. */
const STOPPED = 'ingest was stopped';
/** Segments that may wait for Redis in this process. */
const PUBLISH_BACKLOG = 16;
const DRAIN_MS = 2_000;

/** All that one camera needs while this process owns it: supervisor, publisher, status, counters. */
export class CameraWorker {
  readonly #options: CameraWorkerOptions;
  readonly #supervisor: CameraSupervisor;
  readonly #status: StatusWriter;
  readonly #queue: PublishQueue;
  #announced: Announced | null;
  #dropped = new Map<string, number>();

  constructor(options: CameraWorkerOptions) {
    this.#options = options;
    const { camera, store, publisher, metrics, settings, clock, fencingToken } = options;
    const logger = options.logger.child({ camera: camera.id });
    const labels = { camera: camera.id };
    this.#announced = camera.status.reason === STOPPED ? 'online' : (announcedBy(camera.status.state) ?? null);
    this.#status = new StatusWriter({
      write: (status, events) => store.cameras.setStatus(camera.id, status, fencingToken, events),
      onAppended: (appended) => options.onEvents?.(appended),
      onFenced: options.onFenced,
      logger,
    });
    this.#queue = new PublishQueue({
      publish: (segment) => publisher.publish(segment),
      limit: PUBLISH_BACKLOG,
      onPublished: () => metrics.segmentsPublished.inc(labels),
      onDropped: (reason, count) => this.#countDropped(reason, count),
    });
    const recorder = camera.settings.recordChunks
      ? new ChunkRecorder({
          cameraId: camera.id,
          dataFolder: settings.dataDir,
          chunkSeconds: settings.chunkSeconds,
          register: (chunk) => store.chunks.add(chunk),
          clock,
          onRecorded: () => metrics.chunksRecorded.inc(labels),
          onTrouble: (reason) => {
            this.#countDropped('recording', 1);
            logger.warn({ reason }, 'camera.chunk_trouble');
          },
        })
      : null;
    this.#supervisor = new CameraSupervisor({
      ...options,
      cameraId: camera.id,
      transport: camera.settings.transport,
      recorder,
      limits: { ...supervisorLimits(settings), ...settings.limits },
      ffmpegPath: settings.ffmpegPath,
      previousStatus: camera.status,
      onSegment: (segment) => this.#queue.push(segment),
      onTransition: (status, previousState) => this.#onTransition(status, previousState),
      onFrame: () => metrics.framesSampled.inc(labels),
      onFramesLost: (reason, count) => this.#countDropped(`frames_${reason}`, count),
      onReconnect: (reason) => metrics.reconnects.inc({ ...labels, reason }),
    });
  }

  /** As of now. */
  get status(): CameraStatus {
    return this.#supervisor.status;
  }

  /** Process id of the present ffmpeg; null between connections. */
  get pid(): number | null {
    return this.#supervisor.pid;
  }

  start(): void {
    this.#status.put(this.#supervisor.status);
    this.#showState(this.#supervisor.status.state);
    this.#supervisor.start();
  }

  /** Writes the newest status and counters; to be called every few seconds. */
  async beat(): Promise<void> {
    this.#status.put(this.#supervisor.status);
    await Promise.all([this.#status.settled(), this.#flushDropped()]);
  }

  /** Ends ffmpeg, leaves a last status behind where the camera is still ours, and gives the lease back. */
  async stop(why: 'stopped' | 'disabled' | 'removed' | 'fenced' | 'changed'): Promise<void> {
    const { clock, lease, metrics, camera } = this.#options;
    const last = this.#supervisor.status;
    await this.#supervisor.stop();
    const giveUp = new AbortController();
    await Promise.race([this.#queue.drained(), clock.sleep(DRAIN_MS, giveUp.signal)]);
    if (why === 'stopped' && last.state === 'live') {
      this.#status.put({ ...this.#supervisor.status, state: 'connecting', reason: STOPPED, framesPerSecond: null });
    } else if (why === 'disabled') {
      this.#status.put({
        ...this.#supervisor.status,
        state: 'offline',
        reason: 'the camera is disabled',
        framesPerSecond: null,
      });
    }
    if (why !== 'fenced' && why !== 'removed') {
      await Promise.race([
        Promise.all([this.#status.settled(), this.#flushDropped()]),
        clock.sleep(DRAIN_MS, giveUp.signal),
      ]);
    }
    await Promise.race([lease.release().catch(() => {}), clock.sleep(DRAIN_MS, giveUp.signal)]);
    giveUp.abort();
    for (const state of STATES) metrics.cameraState.remove({ camera: camera.id, state });
  }

  #onTransition(status: CameraStatus, previousState: CameraState): void {
    const { camera, fencingToken } = this.#options;
    this.#showState(status.state);
    const told = announcedBy(status.state);
    if (told === undefined || told === this.#announced) {
      this.#status.put(status);
      return;
    }
    this.#announced = told;
    const { state, reason, sinceMs: atMs } = status;
    this.#options.logger.info({ camera: camera.id, state, previousState, reason }, `camera.${told}`);
    this.#status.put(status, [cameraEvent(told, { camera, state, previousState, reason, atMs, fencingToken })]);
  }

  #showState(state: CameraState): void {
    const { metrics, camera } = this.#options;
    for (const each of STATES) metrics.cameraState.set({ camera: camera.id, state: each }, each === state ? 1 : 0);
  }

  #countDropped(reason: string, count: number): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count);
    this.#options.metrics.segmentsDropped.inc({ camera: this.#options.camera.id, reason }, count);
  }

  async #flushDropped(): Promise<void> {
    if (this.#dropped.size === 0) return;
    const counts = this.#dropped;
    this.#dropped = new Map();
    const { store, camera, logger } = this.#options;
    try {
      await store.cameras.addDropped(camera.id, Object.fromEntries(counts));
    } catch (error) {
      for (const [reason, count] of counts) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count);
      logger.debug({ camera: camera.id, reason: reasonOf(error) }, 'camera.counters_not_written');
    }
  }
}

const STATES: readonly CameraState[] = ['connecting', 'live', 'stalled', 'backoff', 'offline'];
