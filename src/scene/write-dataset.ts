import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpawnProcess } from '../platform/child-process.ts';
import { encodeScene } from './encode-scene.ts';
import { between, pick, type Random, seededRandom } from './random.ts';
import { type Anomaly, frameCount, type SceneScript, sceneScript } from './scene-script.ts';

export interface DatasetOptions {
  readonly folder: string;
  readonly seed: number;
  /** Default `street`; the JSON is written as `<name>.json`. */
  readonly name?: string;
  /** Streets, each a camera of its own. Default 1. */
  readonly cameras?: number;
  /** Recordings to learn from, for each camera. Default 3 of 60 s. */
  readonly normalRecordings?: number;
  readonly normalSeconds?: number;
  /** Recordings with anomalies, for each camera; they take turns among the five kinds. Default 5 of 40 s. */
  readonly testRecordings?: number;
  readonly testSeconds?: number;
  /** Fields for every scene: size, rate, noise, light, rain, arrivals. */
  readonly scene?: Partial<Omit<SceneScript, 'seed' | 'streetSeed' | 'durationSeconds' | 'anomalies'>>;
  readonly ffmpegPath?: string;
  readonly spawn?: SpawnProcess;
  readonly onProgress?: (progress: { readonly file: string; readonly frame: number; readonly frames: number }) => void;
  readonly signal?: AbortSignal;
}

/** The dataset form that `vedette eval` reads, kind `scene`; paths relative to the JSON, frame ranges inclusive. */
export interface SceneDataset {
  readonly kind: 'scene';
  readonly name: string;
  readonly cameras: readonly {
    readonly id: string;
    readonly normal: readonly string[];
    readonly test: readonly {
      readonly file: string;
      readonly anomalous: readonly (readonly [startFrame: number, endFrame: number])[];
    }[];
  }[];
}

export interface PlannedRecording {
  readonly file: string;
  readonly script: SceneScript;
  readonly role: 'normal' | 'test';
  readonly cameraId: string;
}

function anomalyOf(kind: Anomaly['kind'], random: Random, seconds: number): Anomaly {
  // Anywhere but the very edges: were they always in the middle, "the middle is anomalous" would be a good detector.
  const atSecond = Math.round(between(random, 0.12, kind === 'left-bag' ? 0.6 : 0.75) * seconds * 10) / 10;
  switch (kind) {
    case 'left-bag':
      return { kind, atSecond, staysSeconds: seconds * 0.35 };
    case 'brawl':
      return { kind, atSecond, lastsSeconds: Math.min(9, seconds * 0.25), people: pick(random, [2, 3]) };
    case 'runner':
    case 'cyclist':
    case 'vehicle':
      return { kind, atSecond, direction: pick(random, ['left', 'right']) };
  }
}

const KINDS = ['runner', 'cyclist', 'vehicle', 'brawl', 'left-bag'] as const;

/** The recordings of a dataset as scripts, before anything is rendered. */
export function planDataset(options: DatasetOptions): PlannedRecording[] {
  const { seed, scene = {}, normalSeconds = 60, testSeconds = 40 } = options;
  const planned: PlannedRecording[] = [];
  for (let camera = 0; camera < (options.cameras ?? 1); camera += 1) {
    const cameraId = `street-${camera + 1}`;
    const streetSeed = seed + camera;
    const random = seededRandom(seed, 'dataset', camera);
    const own = () => Math.floor(random() * 0x7fffffff);
    for (let i = 0; i < (options.normalRecordings ?? 3); i += 1) {
      const script = sceneScript({ ...scene, seed: own(), streetSeed, durationSeconds: normalSeconds });
      planned.push({ file: `${cameraId}/normal-${i + 1}.mp4`, script, role: 'normal', cameraId });
    }
    for (let i = 0; i < (options.testRecordings ?? KINDS.length); i += 1) {
      const kind = KINDS[i % KINDS.length] ?? 'runner';
      const anomalies = [anomalyOf(kind, random, testSeconds)];
      const script = sceneScript({ ...scene, seed: own(), streetSeed, durationSeconds: testSeconds, anomalies });
      planned.push({ file: `${cameraId}/test-${i + 1}-${kind}.mp4`, script, role: 'test', cameraId });
    }
  }
  return planned;
}

/**
 * Renders and encodes a whole dataset. The JSON is written last, so that it never names a file that is not there.
 * @returns its path, and the dataset itself.
 * @throws VDT_SCENE_ENCODE_FAILED
 */
export async function writeDataset(
  options: DatasetOptions,
): Promise<{ readonly file: string; readonly dataset: SceneDataset }> {
  const name = options.name ?? 'street';
  const cameras = new Map<
    string,
    { id: string; normal: string[]; test: SceneDataset['cameras'][number]['test'][number][] }
  >();
  for (const { file, script, role, cameraId } of planDataset(options)) {
    const frames = frameCount(script);
    const { truth } = await encodeScene({
      script,
      file: join(options.folder, file),
      onProgress: ({ frame }) => options.onProgress?.({ file, frame, frames }),
      ...(options.ffmpegPath === undefined ? {} : { ffmpegPath: options.ffmpegPath }),
      ...(options.spawn === undefined ? {} : { spawn: options.spawn }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const camera = cameras.get(cameraId) ?? { id: cameraId, normal: [], test: [] };
    cameras.set(cameraId, camera);
    if (role === 'normal') camera.normal.push(file);
    else camera.test.push({ file, anomalous: truth.anomalous });
  }
  const dataset: SceneDataset = { kind: 'scene', name, cameras: [...cameras.values()] };
  await mkdir(options.folder, { recursive: true });
  const file = join(options.folder, `${name}.json`);
  await writeFile(`${file}.partial`, `${JSON.stringify(dataset, null, 1)}\n`);
  await rename(`${file}.partial`, file);
  return { file, dataset };
}
