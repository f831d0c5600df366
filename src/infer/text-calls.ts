import type { Clock } from '../platform/clock.ts';
import { problem, VedetteError } from '../platform/errors.ts';
import type { PlainError, ToRunner } from './runner/protocol.ts';

interface TextCall {
  readonly resolve: (embeddings: readonly Float32Array[]) => void;
  readonly reject: (error: VedetteError) => void;
  readonly cancelDeadline: () => void;
}

export interface TextCallsOptions {
  readonly clock: Clock;
  /** Longest wait for one answer: a text tower may have to be opened first. */
  readonly deadlineMs: number;
  /** False while there is no runner. */
  readonly send: (message: ToRunner) => boolean;
}

/** The `embedText` calls under way. They are seldom and their texts are kept elsewhere, so a failed one is the caller's to repeat. */
export class TextCalls {
  readonly #options: TextCallsOptions;
  readonly #calls = new Map<number, TextCall>();
  #lastId = 0;

  constructor(options: TextCallsOptions) {
    this.#options = options;
  }

  /** Throws VDT_RUNNER_FAILED while there is no runner or where it dies, VDT_RUNNER_DEADLINE, and what the runner says. */
  add(packId: string, texts: readonly string[]): Promise<readonly Float32Array[]> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const callId = this.#lastId;
      if (!this.#options.send({ type: 'embed-text', callId, packId, texts })) {
        reject(problem('VDT_RUNNER_FAILED', { reason: 'it is not ready' }));
        return;
      }
      const { clock, deadlineMs } = this.#options;
      const cancelDeadline = clock.after(deadlineMs, () =>
        this.#take(callId)?.reject(problem('VDT_RUNNER_DEADLINE', { deadlineMs })),
      );
      this.#calls.set(callId, { resolve, reject, cancelDeadline });
    });
  }

  succeed(callId: number, embeddings: readonly Float32Array[]): void {
    this.#take(callId)?.resolve(embeddings);
  }

  fail(callId: number, { code, values, hint }: PlainError): void {
    this.#take(callId)?.reject(new VedetteError(code, values, { hint }));
  }

  rejectAll(reason: string): void {
    for (const callId of [...this.#calls.keys()]) this.#take(callId)?.reject(problem('VDT_RUNNER_FAILED', { reason }));
  }

  #take(callId: number): TextCall | undefined {
    const call = this.#calls.get(callId);
    call?.cancelDeadline();
    this.#calls.delete(callId);
    return call;
  }
}
