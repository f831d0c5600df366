import { problem } from '../platform/errors.ts';
import type { RecordedChunk } from './ports.ts';
import { runTool, type ToolRunner } from './run-tool.ts';

/** What a chunk really holds, on its own media clock and laid over wall time. */
export interface ProbedChunk extends RecordedChunk {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** First and last presentation time in the file, seconds; the stream's clock may or may not start anew in each file. */
  readonly firstSeconds: number;
  readonly durationSeconds: number;
  /** UTC ms of the key frames, in order: a copied clip can begin only at one of them. */
  readonly keyframesMs: readonly number[];
}

interface ProbeOutput {
  readonly streams?: readonly { readonly codec_name?: string; readonly width?: number; readonly height?: number }[];
  readonly packets?: readonly { readonly pts_time?: string; readonly flags?: string }[];
}

const PROBE_TIMEOUT_MS = 15_000;
const GUESSED_FRAME_SECONDS = 0.04;

/**
 * Reads the packet times of a chunk's picture (no decoding). Headers are not trusted: a chunk whose writer was killed
 * has no duration, and one with running time stamps has a duration that counts from the stream's start.
 */
export async function probeChunk(chunk: RecordedChunk, ffprobePath: string, runner: ToolRunner): Promise<ProbedChunk> {
  const args = [
    ...['-v', 'error', '-protocol_whitelist', 'file', '-select_streams', 'v:0'],
    ...['-show_entries', 'stream=codec_name,width,height:packet=pts_time,flags', '-of', 'json'],
    ...['-f', 'matroska', '-i', chunk.path],
  ];
  const output: ProbeOutput = JSON.parse(await runTool(ffprobePath, args, PROBE_TIMEOUT_MS, runner));
  const stream = output.streams?.[0];
  const packets = (output.packets ?? [])
    .map((packet) => ({ seconds: Number(packet.pts_time), isKey: packet.flags?.startsWith('K') ?? false }))
    .filter((packet) => Number.isFinite(packet.seconds))
    .sort((a, b) => a.seconds - b.seconds); // B-frames lie out of order
  const first = packets[0];
  const last = packets.at(-1);
  if (!stream?.codec_name || !first || !last) {
    throw problem('VDT_CLIP_FAILED', { reason: 'a recorded chunk holds no picture' });
  }
  const spanSeconds = last.seconds - first.seconds;
  const frameSeconds = packets.length > 1 ? spanSeconds / (packets.length - 1) : GUESSED_FRAME_SECONDS;
  return {
    ...chunk,
    codec: stream.codec_name,
    width: stream.width ?? 0,
    height: stream.height ?? 0,
    firstSeconds: first.seconds,
    durationSeconds: spanSeconds + frameSeconds,
    keyframesMs: packets
      .filter((packet) => packet.isKey)
      .map((packet) => Math.round(chunk.startMs + (packet.seconds - first.seconds) * 1000)),
  };
}
