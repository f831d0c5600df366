import { join } from 'node:path';
import { systemSpawn } from '../platform/child-process.ts';
import { createDemoScene } from '../scene/demo-scene.ts';
import { encodeScene } from '../scene/encode-scene.ts';
import { truthOf } from '../scene/ground-truth.ts';
import type { SceneScript } from '../scene/scene-script.ts';
import type { Terminal } from './terminal.ts';

export interface DemoSceneFiles {
  /** Normal life to learn from. */
  readonly normal: string;
  /** A minute with one anomaly. */
  readonly live: string;
  /** The same minute without it. */
  readonly quiet: string;
  /** Second of `live` at which the anomaly is first to be seen. */
  readonly anomalySecond: number;
}

/** Draws and encodes the demonstration's three recordings into `folder`. */
export async function recordDemoScene(options: {
  readonly folder: string;
  readonly seed: number;
  readonly ffmpegPath: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}): Promise<DemoSceneFiles> {
  const { folder, terminal } = options;
  const scene = createDemoScene({ seed: options.seed });
  const record = async (name: string, script: SceneScript): Promise<string> => {
    const file = join(folder, `${name}.mp4`);
    await encodeScene({
      script,
      file,
      ffmpegPath: options.ffmpegPath,
      spawn: systemSpawn,
      signal: options.signal,
      onProgress: ({ frame, frames }) =>
        terminal.progress(`drawing the street (${name}): ${Math.round((100 * frame) / frames)} %`),
    });
    return file;
  };
  const normal = await record('normal', scene.normalScript);
  const live = await record('live', scene.liveScript);
  const quiet = await record('quiet', scene.quietScript);
  terminal.progressDone();
  const [firstFrame = 0] = truthOf(scene.liveScript).anomalous[0] ?? [];
  return { normal, live, quiet, anomalySecond: firstFrame / scene.liveScript.framesPerSecond };
}
