import { isDeepStrictEqual } from 'node:util';
import type { Sampling } from '../bus/sampling.ts';
import { reasonOf } from '../platform/errors.ts';
import { CameraWorker } from './camera-worker.ts';
import { CollapsedLog } from './collapsed-log.ts';
import type { IngestRoleOptions } from './ingest-options.ts';
import type { CameraLease, IngestCamera } from './ports.ts';

/** What a connection is made of; a change of it connects anew, a new name or budget does not. */
interface Wiring {
  readonly sourceUrl: string;
  readonly transport: 'tcp' | 'udp';
  readonly recordChunks: boolean;
  readonly sampling: Sampling;
}

interface Entry {
  readonly worker: CameraWorker;
  readonly lease: CameraLease;
  readonly wiring: Wiring;
  updatedMs: number;
}

/** The cameras that this process runs, brought in line with the store again and again. */
export class CameraRoster {
  readonly #options: IngestRoleOptions;
  readonly #httpProxy: string;
  readonly #entries = new Map<string, Entry>();
  readonly #storeTroubles: CollapsedLog;
  readonly #cameraTroubles = new Map<string, CollapsedLog>();
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(options: IngestRoleOptions, httpProxy: string) {
    this.#options = options;
    this.#httpProxy = httpProxy;
    this.#storeTroubles = new CollapsedLog(options.clock, (reason, repeated) =>
      options.logger.warn({ reason, repeated }, 'ingest.cameras_not_read'),
    );
  }

  /** The worker of a camera, if it runs here. */
  worker(cameraId: string): CameraWorker | undefined {
    return this.#entries.get(cameraId)?.worker;
  }

  /** Starts, restarts and stops cameras as the store wants it. Never rejects; calls while one runs become one more run. */
  reconcile(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async beat(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.worker.beat().catch(() => {})));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await Promise.all([...this.#entries.keys()].map((id) => this.#end(id, 'stopped')));
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      let cameras: readonly IngestCamera[];
      try {
        cameras = await this.#options.store.cameras.all();
      } catch (error) {
        this.#storeTroubles.add(reasonOf(error)); // what runs, runs on
        return;
      }
      if (this.#stopped) return;
      const wanted = new Map(cameras.map((camera) => [camera.id, camera]));
      const ends = [...this.#entries.keys()].flatMap((id) => {
        const camera = wanted.get(id);
        return camera?.enabled ? [] : [this.#end(id, camera ? 'disabled' : 'removed')];
      });
      await Promise.all([...ends, ...cameras.filter((camera) => camera.enabled).map((camera) => this.#bring(camera))]);
      this.#options.metrics.leasesHeld.set({ role: 'ingest' }, this.#entries.size);
    } while (this.#again && !this.#stopped);
  }

  /** Never rejects: one camera's trouble is not another's. */
  async #bring(camera: IngestCamera): Promise<void> {
    try {
      const entry = this.#entries.get(camera.id);
      if (entry) await this.#keep(camera, entry);
      else await this.#begin(camera);
    } catch (error) {
      this.#troublesOf(camera.id).add(reasonOf(error));
    }
  }

  async #keep(camera: IngestCamera, entry: Entry): Promise<void> {
    // a lease that ran out while Redis was away: go on, unless another process took the camera
    if (!entry.lease.held && !(await entry.lease.acquire())) {
      await this.#end(camera.id, 'fenced');
      return;
    }
    if (camera.updatedMs === entry.updatedMs) return;
    const wiring = await this.#wiringOf(camera);
    if (isDeepStrictEqual(wiring, entry.wiring)) {
      entry.updatedMs = camera.updatedMs;
      return;
    }
    await this.#end(camera.id, 'changed');
    await this.#begin(camera);
  }

  async #begin(camera: IngestCamera): Promise<void> {
    const { store } = this.#options;
    const wiring = await this.#wiringOf(camera);
    const lease = this.#options.openLease(camera.id, (reason) => {
      this.#options.logger.warn({ camera: camera.id, reason }, 'ingest.lease_lost');
      void this.reconcile();
    });
    if (!(await lease.acquire())) return;
    try {
      const fencingToken = await store.cameras.takeToken(camera.id, 'ingest');
      if (this.#stopped) throw new Error('ingest is stopping');
      const { sourceUrl, sampling } = wiring;
      const worker = new CameraWorker({
        ...this.#options,
        camera,
        sourceUrl,
        sampling,
        lease,
        fencingToken,
        httpProxy: this.#httpProxy,
        onFenced: () => void this.#end(camera.id, 'fenced'),
      });
      this.#entries.set(camera.id, { worker, lease, wiring, updatedMs: camera.updatedMs });
      worker.start();
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async #end(id: string, why: 'stopped' | 'disabled' | 'removed' | 'fenced' | 'changed'): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    if (why === 'removed') this.#cameraTroubles.delete(id);
    await entry.worker.stop(why);
  }

  async #wiringOf(camera: IngestCamera): Promise<Wiring> {
    const [sourceUrl, sampling] = await Promise.all([
      this.#options.store.cameras.sourceUrl(camera.id),
      this.#options.samplingFor(camera),
    ]);
    const { transport, recordChunks } = camera.settings;
    return { sourceUrl, transport, recordChunks, sampling };
  }

  #troublesOf(cameraId: string): CollapsedLog {
    let troubles = this.#cameraTroubles.get(cameraId);
    if (!troubles) {
      troubles = new CollapsedLog(this.#options.clock, (reason, repeated) =>
        this.#options.logger.warn({ camera: cameraId, reason, repeated }, 'ingest.camera_not_started'),
      );
      this.#cameraTroubles.set(cameraId, troubles);
    }
    return troubles;
  }
}
