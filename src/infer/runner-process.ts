import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SpawnProcess } from '../platform/child-process.ts';
import type { Logger } from '../platform/logger.ts';

/** What the runner may know of our environment: nothing that could hold a secret. */
const ENVIRONMENT = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_.*|LD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|ORT_.*|OMP_.*)$/;

/** Starts a runner that waits for its `start` message. Its output goes to the log, event `runner.output`. */
export function spawnRunner(spawn: SpawnProcess, logger: Logger): ChildProcess {
  const entry = import.meta.url.endsWith('.ts')
    ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href, runnerPath('ts')]
    : ['--enable-source-maps', runnerPath('js')];
  const child = spawn(process.execPath, entry, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => ENVIRONMENT.test(name))),
      // ONNX Runtime would write usage records and send them to its maker (docs/decisions/0010)
      ORT_DISABLE_TELEMETRY: '1',
    },
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      logger.debug({ text: chunk.toString().trim().slice(0, 2_000) }, 'runner.output');
    });
  }
  return child;
}

function runnerPath(extension: 'ts' | 'js'): string {
  return fileURLToPath(new URL(`./runner/main.${extension}`, import.meta.url));
}
