import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ProviderName } from '../../infer/runner/provider-chain.ts';
import { type ExitStatus, exitOf, systemSpawn } from '../../platform/child-process.ts';
import { problem } from '../../platform/errors.ts';
import type { FromBareLoop, ToBareLoop } from './bare-loop.ts';

export interface BareRunnerOptions {
  readonly modelPaths: readonly string[];
  readonly provider: ProviderName;
  /** Threads inside one run. */
  readonly threads: number;
}

/** A process of the same kind as the runner that does nothing but `session.run` on ready tensors. Close it. */
export class BareRunner {
  readonly #child: ChildProcess;
  readonly #exited: Promise<ExitStatus>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = exitOf(child);
  }

  /** Throws VDT_RUNNER_FAILED where a graph does not open. */
  static async open({ modelPaths, provider, threads }: BareRunnerOptions): Promise<BareRunner> {
    const here = import.meta.url;
    const entry = here.endsWith('.ts')
      ? ['--import', pathToFileURL(createRequire(here).resolve('tsx')).href, loopPath('ts')]
      : [loopPath('js')];
    const child = systemSpawn(process.execPath, entry, {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    });
    const runner = new BareRunner(child);
    await runner.#ask({ type: 'open', graphs: modelPaths.map((modelPath) => ({ modelPath })), provider, threads });
    return runner;
  }

  /**
   * Runs all graphs in turn for at least that long.
   * @param batches segments in one run of each graph
   * @returns milliseconds of one run of each graph; processor time of all threads over wall time
   */
  async run(
    batches: readonly number[],
    milliseconds: number,
  ): Promise<{ readonly runMs: readonly number[]; readonly processorShare: number }> {
    const answer = await this.#ask({ type: 'run', batches, milliseconds });
    if (answer.type !== 'ran') throw problem('VDT_RUNNER_FAILED', { reason: 'it answered something else' });
    return answer;
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #ask(message: ToBareLoop): Promise<FromBareLoop> {
    const child = this.#child;
    const answer = await Promise.race([
      new Promise<FromBareLoop>((resolve) => {
        child.once('message', (given: FromBareLoop) => resolve(given));
        child.send(message, () => {});
      }),
      this.#exited.then(({ code, signal }): FromBareLoop => {
        return { type: 'failed', reason: `it ended with ${signal ?? `code ${code}`}` };
      }),
    ]);
    if (answer.type !== 'failed') return answer;
    if (child.exitCode === null) child.kill('SIGKILL');
    throw problem('VDT_RUNNER_FAILED', { reason: `the bare loop: ${answer.reason}` });
  }
}

function loopPath(extension: 'ts' | 'js'): string {
  return fileURLToPath(new URL(`./bare-loop.${extension}`, import.meta.url));
}
