export interface EndpointSlotsOptions {
  /** Attempts under way at once, all endpoints together. */
  readonly concurrency: number;
  /** Of these, for an endpoint that fails or is slow. */
  readonly troubledLimit: number;
}

export type SlotAnswer =
  | { readonly granted: true; readonly release: (outcome: { succeeded: boolean; durationMs: number }) => void }
  | { readonly granted: false; readonly retryAtMs: number };

interface EndpointLoad {
  running: number;
  troubled: boolean;
  /** Moving average. */
  durationMs: number;
  /** The time up to which those who were turned away have been given appointments. */
  bookedMs: number;
}

const SLOW_MS = 2_000;
const FIRST_GUESS_MS = 500;
const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 60_000;
/** Share of the concurrency that one healthy endpoint may take: the rest is there when it falls silent all at once. */
const HEALTHY_SHARE = 0.75;
const REMEMBERED_ENDPOINTS = 10_000;

/**
 * Keeps one dead endpoint from taking every place of the worker. Who is turned away gets an appointment spaced by
 * the endpoint's own pace, so that a backlog of thousands costs about one more look per job and not a busy loop.
 */
export class EndpointSlots {
  readonly #options: EndpointSlotsOptions;
  readonly #loads = new Map<string, EndpointLoad>();

  constructor(options: EndpointSlotsOptions) {
    this.#options = options;
  }

  take(endpointId: string, nowMs: number): SlotAnswer {
    const load = this.#loadOf(endpointId);
    const limit = this.#limitOf(load);
    if (load.running >= limit) {
      load.bookedMs = Math.min(
        Math.max(load.bookedMs, nowMs) + Math.max(SHORTEST_WAIT_MS, load.durationMs) / limit,
        nowMs + LONGEST_WAIT_MS,
      );
      return { granted: false, retryAtMs: Math.ceil(Math.max(load.bookedMs, nowMs + SHORTEST_WAIT_MS)) };
    }
    load.running += 1;
    let released = false;
    return {
      granted: true,
      release: ({ succeeded, durationMs }) => {
        if (released) return;
        released = true;
        load.running -= 1;
        load.durationMs = 0.7 * load.durationMs + 0.3 * durationMs;
        load.troubled = !succeeded || load.durationMs > SLOW_MS;
      },
    };
  }

  #limitOf(load: EndpointLoad): number {
    const { concurrency, troubledLimit } = this.#options;
    return Math.max(1, load.troubled ? Math.min(troubledLimit, concurrency) : Math.floor(concurrency * HEALTHY_SHARE));
  }

  #loadOf(endpointId: string): EndpointLoad {
    let load = this.#loads.get(endpointId);
    if (!load) {
      load = { running: 0, troubled: false, durationMs: FIRST_GUESS_MS, bookedMs: 0 };
      this.#loads.set(endpointId, load);
      if (this.#loads.size > REMEMBERED_ENDPOINTS) this.#forgetIdle();
    }
    return load;
  }

  #forgetIdle(): void {
    for (const [endpointId, load] of this.#loads) {
      if (load.running === 0) this.#loads.delete(endpointId);
      if (this.#loads.size <= REMEMBERED_ENDPOINTS / 2) return;
    }
  }
}
