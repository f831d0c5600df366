import { once } from 'node:events';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { exitOf, type SpawnProcess, systemSpawn } from '../platform/child-process.ts';
import { problem, reasonOf } from '../platform/errors.ts';
import { type SceneTruth, truthOf } from './ground-truth.ts';
import { renderFrames } from './render-frames.ts';
import { frameCount, type SceneScript } from './scene-script.ts';

export interface EncodeOptions {
  readonly script: SceneScript;
  /** The mp4 to write; its folder is made, an older file is replaced only on success. */
  readonly file: string;
  /** Default: `ffmpeg` of the PATH. */
  readonly ffmpegPath?: string;
  readonly spawn?: SpawnProcess;
  /** Called after each frame. */
  readonly onProgress?: (progress: { readonly frame: number; readonly frames: number }) => void;
  readonly signal?: AbortSignal;
}

export interface EncodedScene {
  readonly file: string;
  readonly frames: number;
  readonly sizeBytes: number;
  readonly truth: SceneTruth;
}

/** So much of ffmpeg's own words is kept for the error. */
const KEPT_STDERR = 2_000;

/** H.264 as cameras send it: no B-frames, a key frame each second, so that who joins late soon sees a picture. */
function ffmpegArguments(script: SceneScript, file: string): string[] {
  const { width, height, framesPerSecond } = script;
  return [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...[
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-s',
      `${width}x${height}`,
      '-r',
      String(framesPerSecond),
      '-i',
      'pipe:0',
    ],
    ...['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '24', '-pix_fmt', 'yuv420p'],
    ...['-g', String(Math.max(1, Math.round(framesPerSecond))), '-keyint_min', '1', '-sc_threshold', '0', '-bf', '0'],
    ...['-movflags', '+faststart', '-f', 'mp4', file],
  ];
}

function remedyFor(stderr: string): string {
  if (/unknown encoder/i.test(stderr)) return 'this ffmpeg was built without libx264';
  return stderr.trim().split('\n').at(-1) ?? '';
}

/**
 * Renders a scene and encodes it with ffmpeg (libx264) to an mp4 that appears under its name only when it is whole.
 * @throws VDT_SCENE_ENCODE_FAILED if ffmpeg or libx264 is missing or fails; the signal's reason if it aborts.
 */
export async function encodeScene(options: EncodeOptions): Promise<EncodedScene> {
  const { script, file, signal } = options;
  signal?.throwIfAborted();
  await mkdir(dirname(file), { recursive: true });
  const partial = join(dirname(file), `.${basename(file)}.partial`);
  try {
    await pipeFrames(options, partial);
    await rename(partial, file);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
  return { file, frames: frameCount(script), sizeBytes: (await stat(file)).size, truth: truthOf(script) };
}

async function pipeFrames(options: EncodeOptions, partial: string): Promise<void> {
  const { script, file, signal } = options;
  const spawn = options.spawn ?? systemSpawn;
  const child = spawn(options.ffmpegPath ?? 'ffmpeg', ffmpegArguments(script, partial), {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = exitOf(child);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR);
  });
  let broken = false;
  child.stdin?.on('error', () => {
    broken = true;
  });
  void ended.then(() => {
    broken = true;
  });
  const frames = frameCount(script);
  try {
    for (const { frame, truth } of renderFrames(script)) {
      if (broken || !child.stdin) break;
      signal?.throwIfAborted();
      if (!child.stdin.write(frame)) await Promise.race([once(child.stdin, 'drain').catch(() => {}), ended]);
      else await nextTurn();
      options.onProgress?.({ frame: truth.frame + 1, frames });
    }
  } catch (thrown) {
    child.kill('SIGKILL');
    await ended;
    throw thrown;
  }
  child.stdin?.end();
  const { code, signal: killedBy, error } = await ended;
  if (code === 0) return;
  const reason = error ? reasonOf(error) : remedyFor(stderr) || `ffmpeg ended with ${killedBy ?? code}`;
  throw problem('VDT_SCENE_ENCODE_FAILED', { file, reason }, { cause: error ?? stderr });
}
