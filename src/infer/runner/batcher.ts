import type { Clock } from '../../platform/clock.ts';

export interface BatchItem {
  readonly packId: string;
  readonly cameraId: string;
}

export interface BatcherOptions<Item extends BatchItem> {
  readonly clock: Clock;
  /** Most items in one run of a pack; asked before each. */
  readonly maximumSize: number | ((packId: string) => number);
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
 * Packs take turns too: of those whose batch may go, the one that has used the least time runs, so that a quick pack waits for
 * at most one batch of a slow one. A pack that had nothing to do saves up no time (start-time fair queueing).
 */
export class Batcher<Item extends BatchItem> {
  readonly #options: BatcherOptions<Item>;
  /** pack -> camera -> waiting items; the order of cameras is whose turn is next. */
  readonly #waiting = new Map<string, Map<string, Waiting<Item>[]>>();
  /** Time that each pack has used, ms; on a scale of its own, see `#admit`. */
  readonly #usedMs = new Map<string, number>();
  /** `#usedMs` of the pack that ran last, when it began. */
  #scaleMs = 0;
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
    if (cameras.size === 0) this.#admit(item.packId);
    const queue = cameras.get(item.cameraId) ?? [];
    cameras.set(item.cameraId, queue);
    queue.push({ item, sinceMs: nowMs, dueMs: nowMs + longestWaitMs });
    this.#consider();
  }

  /** Forgets what waits for a camera; what runs already is not stopped. */
  discard(cameraId: string): void {
    for (const cameras of this.#waiting.values()) cameras.delete(cameraId);
  }

  /** A pack that had nothing to do begins level with the others. */
  #admit(packId: string): void {
    this.#usedMs.set(packId, Math.max(this.#usedMs.get(packId) ?? 0, this.#scaleMs));
  }

  #consider(): void {
    if (this.#running) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    let ready: { readonly packId: string; readonly usedMs: number; readonly dueMs: number } | null = null;
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const [packId, cameras] of this.#waiting) {
      let size = 0;
      let dueMs = Number.POSITIVE_INFINITY;
      for (const queue of cameras.values()) {
        size += queue.length;
        for (const waiting of queue) dueMs = Math.min(dueMs, waiting.dueMs);
      }
      if (size === 0) continue;
      earliestMs = Math.min(earliestMs, dueMs);
      if (size < this.#sizeOf(packId) && dueMs > nowMs) continue;
      const usedMs = this.#usedMs.get(packId) ?? 0;
      if (!ready || usedMs < ready.usedMs || (usedMs === ready.usedMs && dueMs < ready.dueMs)) {
        ready = { packId, usedMs, dueMs };
      }
    }
    if (ready) {
      const { packId } = ready;
      this.#running = true;
      this.#scaleMs = ready.usedMs;
      // a turn of the event loop first: what arrives in the same moment comes along
      queueMicrotask(() => void this.#runOne(packId));
    } else if (earliestMs < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = clock.after(earliestMs - nowMs, () => this.#consider());
    }
  }

  #sizeOf(packId: string): number {
    const { maximumSize } = this.#options;
    return typeof maximumSize === 'number' ? maximumSize : Math.max(1, maximumSize(packId));
  }

  async #runOne(packId: string): Promise<void> {
    const { clock, run } = this.#options;
    const taken = this.#take(packId);
    const nowMs = clock.monotonicMs();
    try {
      if (taken.length > 0) {
        await run(
          packId,
          taken.map(({ item }) => item),
          taken.map(({ sinceMs }) => nowMs - sinceMs),
        );
      }
    } finally {
      this.#usedMs.set(packId, (this.#usedMs.get(packId) ?? 0) + clock.monotonicMs() - nowMs);
      this.#running = false;
      this.#consider();
    }
  }

  /** One item of each camera in turn, round and round, until the batch is full. */
  #take(packId: string): Waiting<Item>[] {
    const cameras = this.#waiting.get(packId);
    const taken: Waiting<Item>[] = [];
    const size = this.#sizeOf(packId);
    while (cameras && cameras.size > 0 && taken.length < size) {
      const [cameraId, queue] = cameras.entries().next().value ?? ['', []];
      cameras.delete(cameraId);
      const first = queue.shift();
      if (first) taken.push(first);
      if (queue.length > 0) cameras.set(cameraId, queue); // behind all others
    }
    return taken;
  }
}
