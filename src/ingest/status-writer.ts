import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { AppendedEvents, CameraStatus, NewEvent } from './ports.ts';

export interface StatusWriterOptions {
  readonly write: (status: CameraStatus, events: readonly NewEvent[]) => Promise<AppendedEvents | null>;
  /** The events are committed: tell who waits for them. */
  readonly onAppended: (appended: AppendedEvents) => void;
  /** The token is old: another process owns the camera. */
  readonly onFenced: () => void;
  readonly logger: Logger;
}

/** Events that wait for the database; a camera that flaps for hours while it is away must not fill the memory. */
const MOST_WAITING_EVENTS = 200;

/** Writes the newest status and every event of one camera, in order; while the store is away the events wait. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #events: NewEvent[] = [];
  #status: CameraStatus | null = null;
  #running: Promise<void> | null = null;
  #fenced = false;
  #failing = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** What was not yet written is tried again with the next call. */
  put(status: CameraStatus, events: readonly NewEvent[] = []): void {
    this.#status = status;
    this.#events.push(...events);
    if (this.#events.length > MOST_WAITING_EVENTS) this.#events.splice(0, this.#events.length - MOST_WAITING_EVENTS);
    this.#running ??= this.#run();
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#status && !this.#fenced) {
      const status = this.#status;
      const events = [...this.#events];
      this.#status = null;
      try {
        const appended = await this.#options.write(status, events);
        this.#failing = false;
        this.#events = this.#events.filter((event) => !events.includes(event));
        if (appended === null) {
          this.#fenced = true;
          this.#options.onFenced();
        } else if (appended.events.length > 0 || appended.deliveryIds.length > 0) {
          this.#options.onAppended(appended);
        }
      } catch (error) {
        if (!this.#failing) this.#options.logger.warn({ reason: reasonOf(error) }, 'camera.status_not_written');
        this.#failing = true;
        break;
      }
    }
    this.#running = null;
  }
}
