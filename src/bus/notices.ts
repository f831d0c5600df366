import type { Redis } from 'ioredis';
import { CHANGES_CHANNEL, EVENTS_CHANNEL } from './keys.ts';

/** Something that was changed in the database and that a role may care about. */
export interface ChangeNotice {
  readonly kind: 'camera' | 'endpoint' | 'review' | 'definitions';
  readonly id: string;
}

/** A new row in the events table. */
export interface EventNotice {
  readonly sequence: number;
}

export interface NoticeOptions {
  /** For `publish`: a connection of role `client`. */
  readonly publisher: Redis;
  /** For `subscribe`: a connection of role `blocking` of its own; Redis lets it do nothing else. */
  readonly subscriber?: Redis;
}

/**
 * Notices over Redis pub/sub: hints, never truth. One sent while a connection was down is gone, so a subscriber is told
 * after each reconnect to look for itself.
 */
class NoticeChannel<Notice> {
  readonly #channel: string;
  readonly #parse: (value: Record<string, unknown>) => Notice | null;
  readonly #options: NoticeOptions;

  constructor(channel: string, parse: (value: Record<string, unknown>) => Notice | null, options: NoticeOptions) {
    this.#channel = channel;
    this.#parse = parse;
    this.#options = options;
  }

  /** Throws ioredis' error while Redis is away; whoever misses a notice finds the change by its own regular look. */
  async publish(notice: Notice): Promise<void> {
    await this.#options.publisher.publish(this.#channel, JSON.stringify(notice));
  }

  /**
   * Calls `onNotice` for each notice, and `onMissed` whenever the subscription stands (again), because notices before
   * that were not seen. Works while Redis is away: it begins when it is back. Returns what ends it.
   */
  subscribe(onNotice: (notice: Notice) => void, onMissed: () => void = () => {}): () => void {
    const redis = this.#options.subscriber;
    if (!redis) throw new Error('this channel was opened without a subscriber connection');
    const onMessage = (channel: string, text: string) => {
      if (channel !== this.#channel) return;
      const notice = this.#read(text);
      if (notice) onNotice(notice);
    };
    // ioredis resubscribes what was subscribed, but gives up on a first attempt that failed
    const onReady = () => {
      redis.subscribe(this.#channel).then(onMissed, () => {});
    };
    redis.on('message', onMessage);
    redis.on('ready', onReady);
    if (redis.status === 'ready') onReady();
    return () => {
      redis.off('message', onMessage);
      redis.off('ready', onReady);
      if (redis.status === 'ready' && redis.listenerCount('message') === 0) {
        redis.unsubscribe(this.#channel).catch(() => {});
      }
    };
  }

  #read(text: string): Notice | null {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null ? this.#parse(value as Record<string, unknown>) : null;
    } catch {
      return null; // not ours
    }
  }
}

export class ChangeNotices extends NoticeChannel<ChangeNotice> {
  constructor(options: NoticeOptions) {
    super(
      CHANGES_CHANNEL,
      ({ kind, id }) =>
        typeof id === 'string' &&
        (kind === 'camera' || kind === 'endpoint' || kind === 'review' || kind === 'definitions')
          ? { kind, id }
          : null,
      options,
    );
  }
}

export class EventNotices extends NoticeChannel<EventNotice> {
  constructor(options: NoticeOptions) {
    super(EVENTS_CHANNEL, ({ sequence }) => (typeof sequence === 'number' ? { sequence } : null), options);
  }
}
