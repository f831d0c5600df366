import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problem, reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { ClipWindow } from './clip-window.ts';
import { type HeatMap, heatPixels } from './heat-picture.ts';
import { jpegSize } from './jpeg-size.ts';
import type { RecordedChunk } from './ports.ts';
import { type ProbedChunk, probeChunk } from './probe-chunk.ts';
import { runTool, type ToolRunner } from './run-tool.ts';

export interface ClipCutterOptions extends ToolRunner {
  readonly ffmpegPath: string;
  readonly ffprobePath: string;
  /** Longest run of one ffmpeg. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

const QUIET = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'] as const;
/** Input is local files only, whatever a playlist or a damaged header may say. */
const LOCAL_ONLY = ['-protocol_whitelist', 'file'] as const;
/** Cuts clips and snapshots out of recorded chunks. Output files lie in the folder given with each call. */
export class ClipCutter {
  readonly #options: ClipCutterOptions;

  constructor(options: ClipCutterOptions) {
    this.#options = options;
  }

  /** Looks into the chunks, in order of time; one that cannot be read is left out and logged. */
  async probe(chunks: readonly RecordedChunk[]): Promise<readonly ProbedChunk[]> {
    const probed: ProbedChunk[] = [];
    for (const chunk of [...chunks].sort((a, b) => a.startMs - b.startMs)) {
      try {
        probed.push(await probeChunk(chunk, this.#options.ffprobePath, this.#options));
      } catch (thrown) {
        this.#options.logger.warn({ chunkStartMs: chunk.startMs, reason: reasonOf(thrown) }, 'clip.chunk-unreadable');
      }
    }
    return probed;
  }

  /**
   * Writes `clip.mp4` (H.264 and HEVC copied, all else encoded as H.264; index at the front) and returns its path.
   * It begins at the last key frame at or before the window. Where nothing was recorded the clip jumps on.
   * Throws VDT_CLIP_FAILED.
   */
  async cutClip(probed: readonly ProbedChunk[], window: ClipWindow, aroundMs: number, folder: string): Promise<string> {
    const parts = overlapping(alike(probed, aroundMs), window);
    const first = parts[0];
    if (!first) throw problem('VDT_CLIP_FAILED', { reason: 'nothing is recorded of that time' });
    const startMs =
      first.keyframesMs.filter((ms) => ms <= window.fromMs).at(-1) ?? first.keyframesMs[0] ?? first.startMs;
    const skipSeconds = skipTo(startMs, parts);
    const endSeconds = playingTime(parts, window.toMs);
    const list = join(folder, 'chunks.txt');
    const clip = join(folder, 'clip.mp4');
    await writeFile(list, concatList(parts));
    await this.#ffmpeg([
      ...[...LOCAL_ONLY, '-f', 'concat', '-safe', '0', '-i', list],
      ...(skipSeconds === null ? [] : ['-ss', skipSeconds.toFixed(3)]),
      ...['-t', Math.max(0.1, endSeconds - (skipSeconds ?? 0)).toFixed(3)],
      // picture only: sound would need consent in many places, and cameras' G.711 does not fit MP4
      ...['-map', '0:v:0', '-an', '-sn', '-dn', '-map_metadata', '-1', ...codecArguments(first.codec)],
      ...['-avoid_negative_ts', 'make_zero', '-movflags', '+faststart', '-f', 'mp4', clip],
    ]);
    await assertNotEmpty(clip);
    return clip;
  }

  /** Writes `snapshot.jpg`, the picture at `atMs` or the nearest recorded one, and returns its path. Throws VDT_CLIP_FAILED. */
  async cutSnapshot(probed: readonly ProbedChunk[], atMs: number, folder: string): Promise<string> {
    const chunk = nearest(probed, atMs);
    if (!chunk) throw problem('VDT_CLIP_FAILED', { reason: 'nothing is recorded of that time' });
    const snapshot = join(folder, 'snapshot.jpg');
    // the last picture of a chunk is hard to hit: stay a little before the end
    const latestSeconds = Math.max(0, chunk.durationSeconds - 0.1);
    const seconds = Math.min(Math.max(0, (atMs - chunk.startMs) / 1000), latestSeconds).toFixed(3);
    const input = [...LOCAL_ONLY, '-f', 'matroska', '-i', chunk.path];
    const output = ['-map', '0:v:0', '-frames:v', '1', '-q:v', '3', '-update', '1', '-f', 'image2', snapshot];
    // seeking needs an index, which a chunk whose writer was killed lacks: then read from its start, then take any picture
    const ways = [['-ss', seconds, ...input], [...input, '-ss', seconds], input];
    let reason = 'no picture could be decoded';
    for (const way of ways) {
      try {
        await this.#ffmpeg([...way, ...output]);
        await assertNotEmpty(snapshot);
        return snapshot;
      } catch (thrown) {
        reason = reasonOf(thrown);
      }
    }
    throw problem('VDT_CLIP_FAILED', { reason });
  }

  /**
   * Lays the heat over a snapshot and writes `heatmap.jpg`; returns its path. Throws VDT_CLIP_FAILED.
   * @param snapshot path of a JPEG, as `cutSnapshot` gave it
   */
  async drawHeatMap(snapshot: string, heat: HeatMap, folder: string): Promise<string> {
    const raw = join(folder, 'heat.rgba');
    const picture = join(folder, 'heatmap.jpg');
    const pictureSize = jpegSize(await readFile(snapshot));
    if (!pictureSize) throw problem('VDT_CLIP_FAILED', { reason: 'the snapshot is no JPEG' });
    await writeFile(raw, heatPixels(heat));
    await this.#ffmpeg([
      ...[...LOCAL_ONLY, '-f', 'image2', '-i', snapshot],
      ...[...LOCAL_ONLY, '-f', 'rawvideo', '-pix_fmt', 'rgba', '-s', `${heat.columns}x${heat.rows}`, '-i', raw],
      ...['-filter_complex', heatFilter(pictureSize), '-map', '[out]'],
      ...['-frames:v', '1', '-q:v', '3', '-update', '1', '-f', 'image2', picture],
    ]);
    await assertNotEmpty(picture);
    return picture;
  }

  async #ffmpeg(args: readonly string[]): Promise<void> {
    await runTool(this.#options.ffmpegPath, [...QUIET, ...args], this.#options.timeoutMs, this.#options);
  }
}

/** One clip, one codec and size: if the camera was set up anew meanwhile, what looks like the picture at `aroundMs` stays. */
function alike(probed: readonly ProbedChunk[], aroundMs: number): readonly ProbedChunk[] {
  const model = nearest(probed, aroundMs);
  if (!model) return [];
  return probed.filter(
    (chunk) => chunk.codec === model.codec && chunk.width === model.width && chunk.height === model.height,
  );
}

function nearest(probed: readonly ProbedChunk[], atMs: number): ProbedChunk | null {
  const distanceMs = (chunk: ProbedChunk) =>
    Math.max(chunk.startMs - atMs, atMs - (chunk.startMs + chunk.durationSeconds * 1000), 0);
  return probed.reduce<ProbedChunk | null>(
    (best, chunk) => (best === null || distanceMs(chunk) < distanceMs(best) ? chunk : best),
    null,
  );
}

function overlapping(probed: readonly ProbedChunk[], window: ClipWindow): readonly ProbedChunk[] {
  return probed.filter(
    (chunk) => chunk.startMs < window.toMs && chunk.startMs + chunk.durationSeconds * 1000 > window.fromMs,
  );
}

/** Where the wall time `atMs` lies in the chunks played back to back, seconds; within a gap: where the gap was. */
function playingTime(parts: readonly ProbedChunk[], atMs: number): number {
  let seconds = 0;
  for (const part of parts) {
    const withinSeconds = (atMs - part.startMs) / 1000;
    if (withinSeconds <= 0) break;
    seconds += Math.min(withinSeconds, part.durationSeconds);
  }
  return seconds;
}

/**
 * What ffmpeg is to skip so that a copied clip begins with the key frame at `startMs`, seconds; null for nothing. Packet
 * times are blurred by the encoder's reordering delay, so the mark is set half way from the key frame before, not on it.
 */
function skipTo(startMs: number, parts: readonly ProbedChunk[]): number | null {
  const before = parts[0]?.keyframesMs.filter((ms) => ms < startMs).at(-1);
  return before === undefined ? null : playingTime(parts, (before + startMs) / 2);
}

/** ffmpeg's concat script. The stated durations replace those of the headers, which may count from the stream's start. */
function concatList(parts: readonly ProbedChunk[]): string {
  const lines = ['ffconcat version 1.0'];
  for (const part of parts) {
    if (/[\r\n\0]/.test(part.path)) throw problem('VDT_CLIP_FAILED', { reason: 'a chunk has an unusable path' });
    lines.push(`file '${part.path.replaceAll("'", "'\\''")}'`, `duration ${part.durationSeconds.toFixed(6)}`);
  }
  return `${lines.join('\n')}\n`;
}

function codecArguments(codec: string): readonly string[] {
  if (codec === 'h264') return ['-c:v', 'copy'];
  if (codec === 'hevc') return ['-c:v', 'copy', '-tag:v', 'hvc1']; // Apple's players know HEVC under this name only
  return ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-threads', '1'];
}

/** Bilinear: a sharper kernel would swing past the colours and draw rings. */
function heatFilter({ width, height }: { readonly width: number; readonly height: number }): string {
  return `[1:v]scale=${width}:${height}:flags=bilinear[heat];[0:v][heat]overlay=format=rgb,format=yuvj420p[out]`;
}

async function assertNotEmpty(file: string): Promise<void> {
  const info = await stat(file).catch(() => null);
  if (!info || info.size === 0) throw problem('VDT_CLIP_FAILED', { reason: 'ffmpeg wrote nothing' });
}
