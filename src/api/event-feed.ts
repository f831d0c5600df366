import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { EventNoticeSubscriber, EventStore, StoredEvent } from './ports.ts';

/** Newest events kept in memory for all streams together; an older one is read from the store. */
const RECENT_EVENTS = 500;
const BATCH = 100;
/** A notice may be lost with Redis; then an event waits for this look at the store. */
const POLL_MS = 2_000;

/**
 * The newest events, read once for however many streams. Streams pull from it at their own pace by sequence, so
 * nothing is queued for a slow one. Sequences become visible in order (the store sees to that), so the highest one
 * read is a position that can be resumed from.
 */
export class EventFeed {
  readonly #events: EventStore;
  readonly #notices: EventNoticeSubscriber;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #recent: StoredEvent[] = [];
  #position: number | null = null;
  #reading: Promise<void> | null = null;
  #readAgain = false;
  #waiters = new Set<() => void>();
  #users = 0;
  #stopFollowing: (() => void) | null = null;

  constructor(deps: { events: EventStore; notices: EventNoticeSubscriber; clock: Clock; logger: Logger }) {
    this.#events = deps.events;
    this.#notices = deps.notices;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** Follows the store while anyone listens. The returned function leaves; calling it twice is fine. */
  async join(): Promise<() => void> {
    this.#users++;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      this.#users--;
      if (this.#users === 0) this.#unfollow();
    };
    try {
      if (this.#position === null) {
        const newest = await this.#events.lastSequence();
        this.#position ??= newest; // another stream may have been faster, and the feed further on
      }
    } catch (thrown) {
      leave();
      throw thrown;
    }
    if (!left && !this.#stopFollowing) this.#follow();
    return leave;
  }

  /** The newest sequence that was read; where a stream without Last-Event-ID begins. */
  get position(): number {
    return this.#position ?? 0;
  }

  /** Events after `sequence`, oldest first, a bounded number of them; none when the stream is up to date. */
  async after(sequence: number): Promise<readonly StoredEvent[]> {
    if (sequence >= this.position) return [];
    const oldest = this.#recent[0];
    if (oldest && oldest.sequence <= sequence + 1) {
      return this.#recent.filter((event) => event.sequence > sequence).slice(0, BATCH);
    }
    return this.#events.since(sequence, BATCH);
  }

  /** Resolves when there may be something after `sequence`, or when `signal` aborts. */
  async waitBeyond(sequence: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || sequence < this.position) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #follow(): void {
    const look = () => void this.#read();
    const unsubscribe = this.#notices.subscribe(look, look);
    let cancelPoll = () => {};
    const poll = () => {
      look();
      cancelPoll = this.#clock.after(POLL_MS, poll);
    };
    this.#stopFollowing = () => {
      unsubscribe();
      cancelPoll();
    };
    poll();
  }

  #unfollow(): void {
    this.#stopFollowing?.();
    this.#stopFollowing = null;
    this.#recent = [];
    this.#position = null;
  }

  async #read(): Promise<void> {
    if (this.#reading) {
      this.#readAgain = true;
      return this.#reading;
    }
    this.#reading = this.#readAll().catch((thrown: unknown) => {
      this.#logger.warn({ reason: reasonOf(thrown) }, 'api.event-feed-behind');
    });
    await this.#reading;
    this.#reading = null;
    if (this.#readAgain) {
      this.#readAgain = false;
      await this.#read();
    }
  }

  async #readAll(): Promise<void> {
    for (;;) {
      const from = this.#position;
      if (from === null) return;
      const batch = await this.#events.since(from, BATCH);
      const last = batch.at(-1);
      // while we waited, the last stream may have left and a new one set another position
      if (!last || this.#position !== from) return;
      this.#recent = [...this.#recent, ...batch].slice(-RECENT_EVENTS);
      this.#position = last.sequence;
      for (const wake of [...this.#waiters]) wake();
      if (batch.length < BATCH) return;
    }
  }
}
