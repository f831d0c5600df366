import { problem, reasonOf } from '../platform/errors.ts';
import type { LossNote } from './loss-ledger.ts';
import type { ClipSampling } from './sampling.ts';
import { bytesPerPixel, type Clip, type PixelFormat, type Segment } from './segment.ts';

/** Names of an entry's fields: `h` the header as JSON, `p` the pixels as they are, `s` the still's and `c` the clip's, where there are. */
export const HEADER_FIELD = 'h';
export const PIXELS_FIELD = 'p';
export const STILL_FIELD = 's';
export const CLIP_FIELD = 'c';

const VERSION = 1;

interface Header {
  readonly v: number;
  readonly camera: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly token: number;
  readonly times: readonly number[];
  readonly media: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly format: PixelFormat;
  readonly ordinal: number;
  readonly counted: number;
  readonly limit: number;
  readonly still?: { readonly width: number; readonly height: number };
  readonly clip?: ClipSampling;
}

export interface EncodedSegment {
  readonly header: Buffer;
  /** A view of the segment's own memory, not a copy. */
  readonly pixels: Buffer;
  /** Likewise; null where the segment has none. */
  readonly still: Buffer | null;
  readonly clip: Buffer | null;
}

export interface DecodedSegment {
  readonly segment: Segment;
  readonly losses: LossNote;
}

/** Some hundred bytes of header; the pixels are not touched. */
export function encodeSegment(segment: Segment, losses: LossNote): EncodedSegment {
  const header: Header = {
    v: VERSION,
    camera: segment.cameraId,
    epoch: segment.epoch,
    sequence: segment.sequence,
    token: segment.fencingToken,
    times: segment.frameTimesMs,
    media: segment.mediaTimesSeconds,
    width: segment.width,
    height: segment.height,
    format: segment.pixelFormat,
    ordinal: losses.ordinal,
    counted: losses.counted,
    limit: losses.limit,
    ...(segment.still ? { still: { width: segment.still.width, height: segment.still.height } } : {}),
    ...(segment.clip ? { clip: clipHeader(segment.clip) } : {}),
  };
  return {
    header: Buffer.from(JSON.stringify(header)),
    pixels: viewOf(segment.pixels),
    still: segment.still ? viewOf(segment.still.pixels) : null,
    clip: segment.clip ? viewOf(segment.clip.pixels) : null,
  };
}

function clipHeader({ framesPerSecond, frames, width, height }: Clip): ClipSampling {
  return { framesPerSecond, frames, width, height };
}

function viewOf(pixels: Uint8Array): Buffer {
  return Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

/**
 * The pixels of the result are views of what is given. An entry may have lost its still and clip on the way (the publisher saves
 * memory for a reader that is behind); then the segment has none. Throws VDT_SEGMENT_INVALID on an entry that is not a segment.
 */
export function decodeSegment(
  header: Buffer,
  pixels: Buffer,
  still: Buffer | null = null,
  clip: Buffer | null = null,
): DecodedSegment {
  let parsed: Header;
  try {
    parsed = JSON.parse(header.toString()) as Header;
  } catch (error) {
    throw problem('VDT_SEGMENT_INVALID', { reason: `its header cannot be read: ${reasonOf(error)}` });
  }
  if (parsed.v !== VERSION) throw problem('VDT_SEGMENT_INVALID', { reason: `its version is ${String(parsed.v)}` });
  const frames = parsed.times.length;
  const expectedBytes = frames * parsed.width * parsed.height * bytesPerPixel(parsed.format);
  if (frames === 0 || pixels.byteLength !== expectedBytes) {
    throw problem('VDT_SEGMENT_INVALID', {
      reason: `${frames} frames of ${parsed.width} x ${parsed.height} ${parsed.format} make ${expectedBytes} bytes, not ${pixels.byteLength}`,
    });
  }
  const stillBytes = parsed.still ? parsed.still.width * parsed.still.height * bytesPerPixel('rgb24') : 0;
  if (parsed.still && still && still.byteLength !== stillBytes) {
    throw problem('VDT_SEGMENT_INVALID', {
      reason: `a still of ${parsed.still.width} x ${parsed.still.height} makes ${stillBytes} bytes, not ${still.byteLength}`,
    });
  }
  const clipBytes = parsed.clip
    ? parsed.clip.frames * parsed.clip.width * parsed.clip.height * bytesPerPixel('rgb24')
    : 0;
  if (parsed.clip && clip && clip.byteLength !== clipBytes) {
    const { frames: pictures, width, height } = parsed.clip;
    throw problem('VDT_SEGMENT_INVALID', {
      reason: `a clip of ${pictures} pictures of ${width} x ${height} makes ${clipBytes} bytes, not ${clip.byteLength}`,
    });
  }
  return {
    segment: {
      cameraId: parsed.camera,
      epoch: parsed.epoch,
      sequence: parsed.sequence,
      fencingToken: parsed.token,
      frameTimesMs: parsed.times,
      mediaTimesSeconds: parsed.media,
      width: parsed.width,
      height: parsed.height,
      pixelFormat: parsed.format,
      pixels,
      ...(parsed.still && still ? { still: { ...parsed.still, pixels: still } } : {}),
      ...(parsed.clip && clip ? { clip: { ...parsed.clip, pixels: clip } } : {}),
    },
    losses: { ordinal: parsed.ordinal, counted: parsed.counted, limit: parsed.limit },
  };
}
