import { Worker } from 'node:worker_threads';
import { problem, reasonOf } from '../platform/errors.ts';
import type { LearningTask } from '../score/camera-scorer.ts';
import { headsNamed } from '../score/heads.ts';
import { learnNormality } from '../score/learn-normality.ts';
import type { NormalityModel } from '../score/normality-model.ts';

/** Boils a camera's history down to its model. Rejects with VDT_INTERNAL when that fails. */
export type Learn = (task: LearningTask) => Promise<NormalityModel>;

/** Pure arithmetic, so a thread is enough: no native code runs in it. At most so much for one camera's history and the work on it. */
const MAXIMUM_HEAP_MIB = 1_024;

/** Learns in a thread, one camera at a time: the role's event loop goes on answering meanwhile. */
export class Learner {
  #last: Promise<unknown> = Promise.resolve();
  #worker: Worker | null = null;
  #stopped = false;

  readonly learn: Learn = (task) => {
    const learned = this.#last.then(() => this.#run(task));
    this.#last = learned.catch(() => {});
    return learned;
  };

  /** Ends what is under way; its promise rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.terminate();
  }

  #run(task: LearningTask): Promise<NormalityModel> {
    // sources run by tsx or Vitest have no compiled worker beside them
    if (import.meta.url.endsWith('.ts')) return learnInline(task);
    return new Promise((resolve, reject) => {
      const refuse = (reason: string) => reject(problem('VDT_INTERNAL', { reason: `learning ended early: ${reason}` }));
      if (this.#stopped) {
        refuse('the role stops');
        return;
      }
      const worker = new Worker(new URL('./learning-worker.js', import.meta.url), {
        workerData: task,
        resourceLimits: { maxOldGenerationSizeMb: MAXIMUM_HEAP_MIB },
      });
      this.#worker = worker;
      worker.once('message', (model: NormalityModel) => {
        resolve(model);
        void worker.terminate();
      });
      worker.once('error', (error) => refuse(reasonOf(error)));
      worker.once('exit', (code) => refuse(`exit ${code}`)); // after a message or an error this changes nothing
    });
  }
}

/** The same without a thread. */
export const learnInline: Learn = async (task) => {
  await Promise.resolve();
  return learnNormality(task.samples, headsNamed(task.heads), task.shape, task.seed);
};
