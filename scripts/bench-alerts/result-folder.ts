import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CameraJob, sceneName, settingsName } from './job.ts';
import type { CameraResult } from './virtual-camera.ts';

/** A finished camera as it lies in the folder. */
export interface StoredResult {
  /** `codeVersion` of what computed it. */
  readonly code: string;
  readonly finishedMs: number;
  readonly result: CameraResult;
}

const cameraOf = (job: CameraJob): string => `${sceneName(job)}-budget${job.alertBudgetPerDay}`;

/** One JSON file a finished camera, named by its scene, its settings and the code: what is there need not be run again. */
export class ResultFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(stored: StoredResult): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const file = join(this.#folder, `${cameraOf(stored.result.job)}.${stored.code}.json`);
    // a file that is there is whole, whenever the run is broken off
    await writeFile(`${file}.partial`, JSON.stringify(stored));
    await rename(`${file}.partial`, file);
  }

  /** All of them, the newest last. */
  async read(): Promise<StoredResult[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const stored = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .map(async (name) => JSON.parse(await readFile(join(this.#folder, name), 'utf8')) as StoredResult),
    );
    return stored.sort((a, b) => a.finishedMs - b.finishedMs);
  }
}

/**
 * The newest result of a job, if there is one.
 * @param code null takes results of any code
 */
export function findResult(all: readonly StoredResult[], job: CameraJob, code: string | null): CameraResult | null {
  const wanted = cameraOf(job);
  return all.findLast((one) => (code ?? one.code) === one.code && cameraOf(one.result.job) === wanted)?.result ?? null;
}

export interface Comparable {
  readonly results: readonly CameraResult[];
  /** What was left out, as `code settings`, with the number of cameras. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/**
 * The results that may be counted together: those of the newest one's settings and, unless `anyCode`, of its code; of a camera
 * that was run more than once the newest.
 */
export function comparable(all: readonly StoredResult[], anyCode: boolean): Comparable {
  const nameOf = ({ code, result }: StoredResult): string =>
    `${anyCode ? '' : `code ${code} `}${settingsName(result.job)}`;
  const newest = all.at(-1);
  const cameras = new Map<string, CameraResult>();
  const leftOut = new Map<string, number>();
  for (const stored of all) {
    const name = nameOf(stored);
    if (newest && name === nameOf(newest)) cameras.set(cameraOf(stored.result.job), stored.result);
    else leftOut.set(name, (leftOut.get(name) ?? 0) + 1);
  }
  const results = [...cameras].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, result]) => result);
  return { results, leftOut };
}
