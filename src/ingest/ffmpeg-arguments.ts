import ffmpeg from 'fluent-ffmpeg';
import type { Sampling } from '../bus/sampling.ts';
import type { PixelFormat } from '../bus/segment.ts';
import { CHUNK_LIST_FD, FRAME_TIMES_FD, SCRIPT_FD, SCRIPT_INPUT } from './concat-script.ts';
import { decodedPictureOf, decodedRateOf } from './segmenter.ts';
import { formatWhitelist, protocolWhitelist } from './source-options.ts';
import type { CameraScheme } from './source-url.ts';

/**
 * The only file that knows fluent-ffmpeg, and only as a builder of argument lists: its way of running ffmpeg prints
 * passwords in events, has no `q`, and its timeout is total run time. Every option goes in as separate strings, so
 * that nothing is split at spaces.
 */

export interface RecordingArguments {
  /** Where chunks grow, absolute; files are named 000000.mkv and so on, with `runName` in front. */
  readonly folder: string;
  readonly runName: string;
  readonly chunkSeconds: number;
}

export interface CameraArguments {
  readonly scheme: CameraScheme;
  readonly sampling: Sampling;
  /** Null records nothing. */
  readonly recording: RecordingArguments | null;
}

/** Frame times are printed on this clock, exactly; ffmpeg's own `pts_time` has only six digits. */
export const FRAME_TIME_TICKS_PER_SECOND = 1_000_000;

const RAW_FORMATS: Readonly<Record<PixelFormat, string>> = { gray8: 'gray', rgb24: 'rgb24' };

/**
 * One connection, two outputs: sampled raw frames on standard output with their times on fd 4, and the untouched stream cut into
 * Matroska chunks whose list comes on fd 5. The input is a concat script on fd 3.
 */
export function cameraArguments(options: CameraArguments): string[] {
  const command = ffmpeg()
    .input(SCRIPT_INPUT)
    .inputOptions('-hide_banner', '-nostats', '-loglevel', 'level+info', '-y')
    .inputOptions('-protocol_whitelist', protocolWhitelist(options.scheme))
    .inputOptions('-format_whitelist', formatWhitelist(options.scheme))
    // frame threads would hold back as many frames as there are threads
    .inputOptions('-threads', '1', '-flags', '-output_corrupt')
    .inputOptions('-fflags', '+discardcorrupt+nobuffer', '-copyts')
    .inputOptions('-f', 'concat', '-safe', '0');
  addSampledOutput(command, options.sampling);
  if (options.recording) addRecording(command, options.recording);
  return command._getArguments();
}

/** The same sampled output from a file, as fast as the reader takes it. */
export function fileArguments(file: string, sampling: Sampling): string[] {
  const command = ffmpeg()
    .input(`file:${file}`)
    .inputOptions('-hide_banner', '-nostats', '-nostdin', '-loglevel', 'level+warning', '-y')
    .inputOptions('-protocol_whitelist', 'file,pipe')
    .inputOptions('-flags', '-output_corrupt', '-fflags', '+discardcorrupt', '-copyts');
  addSampledOutput(command, sampling);
  return command._getArguments();
}

/** ffprobe of the camera whose concat script comes on fd 3: streams as JSON. */
export function probeArguments(scheme: CameraScheme): string[] {
  return [
    ...['-hide_banner', '-loglevel', 'level+warning', '-protocol_whitelist', protocolWhitelist(scheme)],
    ...['-format_whitelist', formatWhitelist(scheme), '-f', 'concat', '-safe', '0'],
    ...['-show_entries', 'stream=codec_type,codec_name,width,height,avg_frame_rate,r_frame_rate', '-of', 'json'],
    `pipe:${SCRIPT_FD}`,
  ];
}

/** ffprobe of a file: presentation time and flags of each packet of its first video stream, as CSV; nothing is decoded. */
export function packetTimeArguments(file: string): string[] {
  return [
    ...['-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file', '-select_streams', 'v:0'],
    ...['-show_entries', 'packet=pts_time,dts_time,flags', '-of', 'csv=p=0', `file:${file}`],
  ];
}

type Command = ReturnType<typeof ffmpeg>;

function addSampledOutput(command: Command, sampling: Sampling): void {
  command
    .output('pipe:1')
    .outputOptions('-map', '0:v:0', '-an', '-sn', '-dn')
    .outputOptions('-filter:v', sampleFilter(sampling))
    .outputOptions('-fps_mode', 'passthrough', '-c:v', 'rawvideo', '-f', 'rawvideo', '-flush_packets', '1');
}

/**
 * Stills are often larger than a small camera's picture: `area` would make blocks of it. Without the other two flags the way through
 * RGB darkens the picture by two gray levels, and frames made of it would not be the frames that a camera without stills has.
 */
const STILL_SCALING = 'bicubic+accurate_rnd+full_chroma_int';

/**
 * Picks the first frame at or after each tick of a grid of `framesPerSecond`, and a frame whose time went back. The `fps` filter
 * would duplicate frames where the camera is slow, and a duplicated frame looks like a still scene. Where a clip is wanted at a higher
 * rate, frames of that grid come along, marked with 0: the segment's own frames stay the same ones.
 */
export function sampleFilter(sampling: Sampling): string {
  const { width, height, pixelFormat } = decodedPictureOf(sampling);
  const picked = sampling.still || sampling.clip;
  const mixed = decodedRateOf(sampling) > sampling.framesPerSecond;
  const own = onGrid(sampling.framesPerSecond);
  return [
    mixed ? `select='${pickOf(decodedRateOf(sampling))}+${own}'` : `select='${pickOf(sampling.framesPerSecond)}'`,
    ...(mixed ? [mark(0), `${mark(1, 'modify')}:enable='${oncePerFrame(own)}'`] : []),
    `scale=${width}:${height}:flags=${picked ? STILL_SCALING : 'area'}`,
    `format=${RAW_FORMATS[pixelFormat]}`,
    `settb=1/${FRAME_TIME_TICKS_PER_SECOND}`,
    // `metadata=print` only prints frames that have an entry
    ...(mixed ? [] : [mark(1)]),
    `metadata=mode=print:key=vedette:file='pipe\\:${FRAME_TIMES_FD}':direct=1`,
  ].join(',');
}

const mark = (value: 0 | 1, mode: 'add' | 'modify' = 'add') => `metadata=mode=${mode}:key=vedette:value=${value}`;
const tickOf = (time: string, rate: number) => `floor(${time}*${rate}+0.5)`;

/** The grid, in the words of `select`. */
function pickOf(rate: number): string {
  return `isnan(prev_selected_t)+gt(${tickOf('t', rate)},${tickOf('prev_selected_t', rate)})+lt(t,prev_selected_t)`;
}

/** The same, where `select` picks other frames too: its own memory (0: tick, 2: time of the last one, 1: there was one). */
function onGrid(rate: number): string {
  const tick = tickOf('t', rate);
  // a frame without a time would stay in the memory for ever
  return `if(not(isnan(t))*(not(ld(1))+gt(${tick},ld(0))+lt(t,ld(2))),st(0,${tick})*0+st(2,t)*0+st(1,1),0)`;
}

/** ffmpeg asks `enable` twice a frame: the second answer is the first again. */
function oncePerFrame(expression: string): string {
  return `if(eq(n+1,ld(3)),ld(4),st(3,n+1)*0+st(4,${expression}))`;
}

/**
 * Chunks start at 0 and never step back, whatever the camera's clock does: a step back or a jump of over 5 s in DTS counts as 40 ms.
 * Source: ffmpeg-bitstream-filters, "setts".
 */
const EVEN_TIME =
  'if(eq(N,0),DTS-STARTPTS,PREV_OUTDTS+if(between((DTS-PREV_INDTS)*TB,0,5),DTS-PREV_INDTS,0.04/TB))'.replaceAll(
    ',',
    '\\,',
  );

function addRecording(command: Command, recording: RecordingArguments): void {
  const segment = [
    `segment_time=${recording.chunkSeconds}`,
    'segment_format=matroska',
    'reset_timestamps=1',
    `segment_list=pipe\\:${CHUNK_LIST_FD}`,
    'segment_list_type=csv',
  ].join(':');
  command
    .output(`file:${recording.folder.replaceAll('%', '%%')}/${recording.runName}-%06d.mkv`)
    .outputOptions('-map', '0:v:0', '-c', 'copy', '-an', '-sn', '-dn')
    .outputOptions('-bsf:v', `setts=dts=${EVEN_TIME}:pts=${EVEN_TIME}+PTS-DTS`)
    // in a thread of its own: a slow or full disk costs chunks, never pictures
    .outputOptions('-f', 'fifo', '-fifo_format', 'segment', '-queue_size', '1000', '-drop_pkts_on_overflow', '1')
    .outputOptions('-attempt_recovery', '1', '-recover_any_error', '1', '-restart_with_keyframe', '1')
    .outputOptions('-recovery_wait_time', '5', '-format_opts', segment);
}
