import type { Segment } from '../bus/segment.ts';
import type { Clock } from '../platform/clock.ts';
import { problem, VedetteError } from '../platform/errors.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { PlainError, ToRunner } from './runner/protocol.ts';

interface Call {
  readonly callId: number;
  readonly packIds: readonly string[];
  readonly segment: Segment;
  readonly resting: readonly string[];
  readonly resolve: (features: SegmentFeatures) => void;
  readonly reject: (error: VedetteError) => void;
  /** Runners that had it. */
  attempts: number;
  sent: boolean;
  cancelDeadline: () => void;
}

export interface ExtractCallsOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** Calls that a runner has at once; the others wait here, so that the deadline measures the runner and not the queue. */
  readonly maximumSent: number;
  /** False while there is no runner. */
  readonly send: (message: ToRunner) => boolean;
  /** A call had no answer in time: the runner hangs. */
  readonly onDeadline: () => void;
}

/** Runners that may have a call: the first, and one more after the first died with it. */
const MAXIMUM_ATTEMPTS = 2;

/** The `extract` calls that wait for a runner or for its answer. */
export class ExtractCalls {
  readonly #options: ExtractCallsOptions;
  readonly #calls = new Map<number, Call>();
  #lastId = 0;

  constructor(options: ExtractCallsOptions) {
    this.#options = options;
  }

  add(packIds: readonly string[], segment: Segment, resting: readonly string[]): Promise<SegmentFeatures> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const callId = this.#lastId;
      this.#calls.set(callId, {
        callId,
        packIds,
        segment,
        resting,
        resolve,
        reject,
        attempts: 0,
        sent: false,
        cancelDeadline: () => {},
      });
      this.sendWaiting();
    });
  }

  /** Sends what waits, oldest first, as far as the runner may have more. */
  sendWaiting(): void {
    let sent = [...this.#calls.values()].filter((call) => call.sent).length;
    for (const call of this.#calls.values()) {
      if (sent >= this.#options.maximumSent) return;
      if (call.sent) continue;
      const { callId, packIds, segment, resting } = call;
      if (!this.#options.send({ type: 'extract', callId, packIds, segment, resting })) return;
      call.sent = true;
      call.attempts += 1;
      call.cancelDeadline = this.#options.clock.after(this.#options.deadlineMs, this.#options.onDeadline);
      sent += 1;
    }
  }

  succeed(callId: number, features: SegmentFeatures): void {
    this.#take(callId)?.resolve(features);
    this.sendWaiting();
  }

  fail(callId: number, error: PlainError): void {
    this.#take(callId)?.reject(new VedetteError(error.code, error.values, { hint: error.hint }));
    this.sendWaiting();
  }

  /** The runner died: what it had is kept for the next one, unless it was the second already. */
  runnerDied(reason: string, hung: boolean): void {
    for (const call of [...this.#calls.values()]) {
      if (!call.sent) continue;
      call.cancelDeadline();
      call.sent = false;
      if (call.attempts < MAXIMUM_ATTEMPTS) continue;
      this.#take(call.callId)?.reject(
        hung
          ? problem('VDT_RUNNER_DEADLINE', { deadlineMs: this.#options.deadlineMs })
          : problem('VDT_RUNNER_FAILED', { reason }),
      );
    }
  }

  rejectAll(reason: string): void {
    for (const callId of [...this.#calls.keys()]) this.#take(callId)?.reject(problem('VDT_RUNNER_FAILED', { reason }));
  }

  #take(callId: number): Call | undefined {
    const call = this.#calls.get(callId);
    call?.cancelDeadline();
    this.#calls.delete(callId);
    return call;
  }
}
