import type { Clock } from '../platform/clock.ts';
import type { EventFeed } from './event-feed.ts';
import type { StoredEvent } from './ports.ts';

const HEARTBEAT_MS = 15_000;
/** How long a client may leave a full buffer unread. */
const SLOWEST_READ_MS = 20_000;

export interface EventStreamOptions {
  readonly feed: EventFeed;
  readonly clock: Clock;
  /** Resume after this sequence; null: from now on. */
  readonly after: number | null;
  readonly wanted: (event: StoredEvent) => boolean;
  /** Asked with each heartbeat: whether the client's key is still good. */
  readonly stillAllowed: () => Promise<boolean>;
  /** Ends the stream; also aborted by it when the client does not read. */
  readonly ending: AbortController;
  readonly onSlow: () => void;
}

/**
 * The text of a live stream (HTML standard, section 9.2 server-sent events), made only as fast as it is read. A client
 * that leaves its buffer full is let go of; it can come back with Last-Event-ID and has missed nothing.
 */
export async function* eventStream(options: EventStreamOptions): AsyncGenerator<string, void, void> {
  const { feed, clock, ending, stillAllowed, wanted } = options;
  const { signal } = ending;
  // An id from before the database was made anew lies in the future: begin at the present instead of waiting for it.
  let position = Math.min(options.after ?? feed.position, feed.position);
  let heartbeatDueMs = clock.monotonicMs() + HEARTBEAT_MS;
  const guardSlow = () =>
    clock.after(SLOWEST_READ_MS, () => {
      options.onSlow();
      ending.abort();
    });

  yield `retry: 2000\n: position ${position}\n\n`;
  while (!signal.aborted) {
    for (const event of await feed.after(position)) {
      position = event.sequence;
      if (!wanted(event)) continue;
      const cancelGuard = guardSlow();
      yield eventText(event);
      cancelGuard();
      if (signal.aborted) return;
    }
    if (clock.monotonicMs() >= heartbeatDueMs) {
      heartbeatDueMs = clock.monotonicMs() + HEARTBEAT_MS;
      if (!(await stillAllowed())) return;
      const cancelGuard = guardSlow();
      yield ': still here\n\n';
      cancelGuard();
    }
    await waitForNews(feed, position, clock, heartbeatDueMs, signal);
  }
}

async function waitForNews(feed: EventFeed, position: number, clock: Clock, untilMs: number, signal: AbortSignal) {
  const rest = new AbortController();
  const cancelTimer = clock.after(Math.max(0, untilMs - clock.monotonicMs()), () => rest.abort());
  await feed.waitBeyond(position, AbortSignal.any([signal, rest.signal]));
  cancelTimer();
}

function eventText({ sequence, type, body }: StoredEvent): string {
  const lines = body.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `id: ${sequence}\nevent: ${type}\n${lines.join('')}\n`;
}
