import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';

export interface DropCounterOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Adds to the counters on the camera's page. */
  readonly store: (cameraId: string, counts: Readonly<Record<string, number>>) => Promise<void>;
}

/** Counts lost segments by camera and reason: in the metrics at once, on the camera's page with the next `flush`. */
export class DropCounter {
  readonly #options: DropCounterOptions;
  #pending = new Map<string, Map<string, number>>();

  constructor(options: DropCounterOptions) {
    this.#options = options;
  }

  add(cameraId: string, count: number, reason: string): void {
    this.#options.metrics.segmentsDropped.inc({ camera: cameraId, reason }, count);
    const counts = this.#pending.get(cameraId) ?? new Map<string, number>();
    this.#pending.set(cameraId, counts);
    if (!counts.has(reason)) this.#options.logger.warn({ camera: cameraId, reason, count }, 'segments.dropped');
    counts.set(reason, (counts.get(reason) ?? 0) + count);
  }

  /** Writes what was counted; kept for the next time where the store is away. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = new Map();
    for (const [cameraId, counts] of pending) {
      try {
        await this.#options.store(cameraId, Object.fromEntries(counts));
      } catch (error) {
        this.#options.logger.debug({ camera: cameraId, reason: reasonOf(error) }, 'segments.dropped-not-stored');
        const later = this.#pending.get(cameraId) ?? new Map<string, number>();
        for (const [reason, count] of counts) later.set(reason, (later.get(reason) ?? 0) + count);
        this.#pending.set(cameraId, later);
      }
    }
  }
}
