import type { Redis } from 'ioredis';
import { type ReadSegment, SegmentReader } from '../../bus/segment-reader.ts';
import type { Clock } from '../../platform/clock.ts';
import { reasonOf } from '../../platform/errors.ts';
import type { Assignment, RunnerLossReason } from './protocol.ts';

export interface StreamFeederOptions {
  /** A connection of role `blocking`, used by nothing else. */
  readonly redis: Redis;
  readonly consumer: string;
  readonly inFlightPerCamera: number;
  readonly clock: Clock;
  readonly onSegment: (assignment: Assignment, read: ReadSegment) => void;
  readonly onLost: (cameraId: string, count: number, reason: RunnerLossReason) => void;
  readonly onBus: (up: boolean, reason: string | null) => void;
}

/** Longest block while every camera may be read. */
const IDLE_BLOCK_MS = 500;
/** Shorter while some camera has its hands full, so that it is not kept waiting once they are free. */
const BUSY_BLOCK_MS = 25;
const RETRY_MS = 250;

/** Reads the assigned cameras' streams and hands on as many segments as may be in flight for each. */
export class StreamFeeder {
  readonly #options: StreamFeederOptions;
  readonly #reader: SegmentReader;
  readonly #assigned = new Map<string, Assignment>();
  readonly #inFlight = new Map<string, number>();
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #up: boolean | null = null;

  constructor(options: StreamFeederOptions) {
    this.#options = options;
    this.#reader = new SegmentReader(options);
  }

  assign(assignment: Assignment): void {
    this.#assigned.set(assignment.cameraId, assignment);
    this.#inFlight.set(assignment.cameraId, 0);
    this.#reader.add(assignment.cameraId, assignment.minimumToken);
    this.#wake.abort();
  }

  unassign(cameraId: string): void {
    this.#assigned.delete(cameraId);
    this.#inFlight.delete(cameraId);
    this.#reader.remove(cameraId);
  }

  release(cameraId: string, assignment: number, count: number): void {
    if (this.#assigned.get(cameraId)?.assignment !== assignment) return;
    this.#inFlight.set(cameraId, Math.max(0, (this.#inFlight.get(cameraId) ?? 0) - count));
    this.#wake.abort();
  }

  stop(): void {
    this.#stopping.abort();
    this.#wake.abort();
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    const { clock, inFlightPerCamera } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const free = [...this.#assigned.keys()].filter((id) => (this.#inFlight.get(id) ?? 0) < inFlightPerCamera);
      if (free.length === 0) {
        await this.#rest(IDLE_BLOCK_MS);
        continue;
      }
      const room = Math.min(...free.map((id) => inFlightPerCamera - (this.#inFlight.get(id) ?? 0)));
      try {
        const blockMs = free.length < this.#assigned.size ? BUSY_BLOCK_MS : IDLE_BLOCK_MS;
        const read = await this.#reader.read(free, room, blockMs);
        this.#report(true, null);
        for (const segment of read) this.#handOn(segment);
      } catch (error) {
        this.#report(false, reasonOf(error));
        await clock.sleep(RETRY_MS, this.#stopping.signal);
      }
    }
  }

  #handOn(read: ReadSegment): void {
    const { cameraId } = read.segment;
    const assignment = this.#assigned.get(cameraId);
    if (!assignment) return; // unassigned while the read was under way: stays pending for the next owner
    this.#inFlight.set(cameraId, (this.#inFlight.get(cameraId) ?? 0) + 1);
    this.#options.onSegment(assignment, read);
  }

  async #rest(durationMs: number): Promise<void> {
    this.#wake = new AbortController();
    await this.#options.clock.sleep(durationMs, this.#wake.signal);
  }

  #report(up: boolean, reason: string | null): void {
    if (this.#up === up) return;
    this.#up = up;
    this.#options.onBus(up, reason);
  }
}
