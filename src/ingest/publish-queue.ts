import type { Segment } from '../bus/segment.ts';

export interface PublishQueueOptions {
  /** Puts a segment on the bus; `dropped` is how many older ones had to make room there. */
  readonly publish: (segment: Segment) => Promise<{ readonly dropped: number }>;
  /** Segments that may wait here; beyond it the oldest goes. */
  readonly limit: number;
  readonly onPublished: (segment: Segment) => void;
  /** Counted loss: `publish_backlog` here, `bus_overflow` in the stream, `bus_unavailable` while Redis is away. */
  readonly onDropped: (
    reason: 'publish_backlog' | 'bus_overflow' | 'bus_unavailable',
    count: number,
    cause?: unknown,
  ) => void;
}

/** Publishes the segments of one camera one after the other, in order, and never makes the camera wait. */
export class PublishQueue {
  readonly #options: PublishQueueOptions;
  #waiting: Segment[] = [];
  #running: Promise<void> | null = null;

  constructor(options: PublishQueueOptions) {
    this.#options = options;
  }

  push(segment: Segment): void {
    this.#waiting.push(segment);
    if (this.#waiting.length > this.#options.limit) {
      this.#waiting.shift();
      this.#options.onDropped('publish_backlog', 1);
    }
    this.#running ??= this.#run();
  }

  /** Resolves when all that was pushed has left or is counted. */
  async drained(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let segment = this.#waiting.shift(); segment; segment = this.#waiting.shift()) {
      try {
        const { dropped } = await this.#options.publish(segment);
        this.#options.onPublished(segment);
        if (dropped > 0) this.#options.onDropped('bus_overflow', dropped);
      } catch (error) {
        this.#options.onDropped('bus_unavailable', 1, error);
      }
    }
    this.#running = null;
  }
}
