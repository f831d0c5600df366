import type { Clock } from '../../platform/clock.ts';

export interface BatchItem {
  readonly packId: string;
  readonly cameraId: string;
}

export interface BatcherOptions<Item extends BatchItem> {
  readonly clock: Clock;
  /** Most items in one run. */
  readonly maximumSize: number;
  /** Works off one batch; runs never overlap. Must not reject: outcomes are its own affair. */
  readonly run: (packId: string, items: readonly Item[], waitsMs: readonly number[]) => Promise<void>;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly sinceMs: number;
  readonly dueMs: number;
}

/**
 * Gathers items of many cameras into batches of one pack each. A batch goes when it is full, or when one item has waited
 * long enough. Cameras take turns, so that one with a backlog cannot starve the others; within a camera order is kept.
 */
export class Batcher<Item extends BatchItem> {
  readonly #options: BatcherOptions<Item>;
  /** pack -> camera -> waiting items; the order of cameras is whose turn is next. */
  readonly #waiting = new Map<string, Map<string, Waiting<Item>[]>>();
  #running = false;
  #cancelTimer: (() => void) | null = null;

  constructor(options: BatcherOptions<Item>) {
    this.#options = options;
  }

  /** `longestWaitMs` 0: goes with whatever is there as soon as no run is under way. */
  add(item: Item, longestWaitMs: number): void {
    const nowMs = this.#options.clock.monotonicMs();
    const cameras = this.#waiting.get(item.packId) ?? new Map<string, Waiting<Item>[]>();
    this.#waiting.set(item.packId, cameras);
    const queue = cameras.get(item.cameraId) ?? [];
    cameras.set(item.cameraId, queue);
    queue.push({ item, sinceMs: nowMs, dueMs: nowMs + longestWaitMs });
    this.#consider();
  }

  /** Forgets what waits for a camera; what runs already is not stopped. */
  discard(cameraId: string): void {
    for (const cameras of this.#waiting.values()) cameras.delete(cameraId);
  }

  #consider(): void {
    if (this.#running) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const { clock, maximumSize } = this.#options;
    let next: { packId: string; dueMs: number } | null = null;
    for (const [packId, cameras] of this.#waiting) {
      let size = 0;
      let dueMs = Number.POSITIVE_INFINITY;
      for (const queue of cameras.values()) {
        size += queue.length;
        for (const waiting of queue) dueMs = Math.min(dueMs, waiting.dueMs);
      }
      if (size === 0) continue;
      if (size >= maximumSize) dueMs = Math.min(dueMs, clock.monotonicMs());
      if (!next || dueMs < next.dueMs) next = { packId, dueMs };
    }
    if (!next) return;
    const { packId, dueMs } = next;
    const waitMs = dueMs - clock.monotonicMs();
    if (waitMs > 0) {
      this.#cancelTimer = clock.after(waitMs, () => this.#consider());
      return;
    }
    this.#running = true;
    // a turn of the event loop first: what arrives in the same moment comes along
    queueMicrotask(() => void this.#runOne(packId));
  }

  async #runOne(packId: string): Promise<void> {
    const { clock, run } = this.#options;
    const taken = this.#take(packId);
    try {
      const nowMs = clock.monotonicMs();
      if (taken.length > 0) {
        await run(
          packId,
          taken.map(({ item }) => item),
          taken.map(({ sinceMs }) => nowMs - sinceMs),
        );
      }
    } finally {
      this.#running = false;
      this.#consider();
    }
  }

  /** One item of each camera in turn, round and round, until the batch is full. */
  #take(packId: string): Waiting<Item>[] {
    const cameras = this.#waiting.get(packId);
    const taken: Waiting<Item>[] = [];
    while (cameras && cameras.size > 0 && taken.length < this.#options.maximumSize) {
      const [cameraId, queue] = cameras.entries().next().value ?? ['', []];
      cameras.delete(cameraId);
      const first = queue.shift();
      if (first) taken.push(first);
      if (queue.length > 0) cameras.set(cameraId, queue); // behind all others
    }
    return taken;
  }
}
