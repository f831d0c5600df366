import { problem, reasonOf } from '../platform/errors.ts';
import type { LossNote } from './loss-ledger.ts';
import { bytesPerPixel, type PixelFormat, type Segment } from './segment.ts';

/** Names of an entry's two fields: `h` the header as JSON, `p` the pixels as they are. */
export const HEADER_FIELD = 'h';
export const PIXELS_FIELD = 'p';

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
}

export interface EncodedSegment {
  readonly header: Buffer;
  /** A view of the segment's own memory, not a copy. */
  readonly pixels: Buffer;
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
  };
  const { pixels } = segment;
  return {
    header: Buffer.from(JSON.stringify(header)),
    pixels: Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength),
  };
}

/** The pixels of the result are a view of `pixels`. Throws VDT_SEGMENT_INVALID on an entry that is not a segment. */
export function decodeSegment(header: Buffer, pixels: Buffer): DecodedSegment {
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
    },
    losses: { ordinal: parsed.ordinal, counted: parsed.counted, limit: parsed.limit },
  };
}
