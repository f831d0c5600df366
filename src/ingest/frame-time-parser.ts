import { FRAME_TIME_TICKS_PER_SECOND } from './ffmpeg-arguments.ts';
import { LineSplitter } from './line-splitter.ts';

/** `frame:12   pts:1280000 pts_time:1.28`, from the filter `metadata=print`. */
const FRAME_LINE = /^frame:\d+\s+pts:(-?\d+|NOPTS)/;

/** Reads the time of each sampled frame, seconds on the media clock. A frame without a time gives NaN, so that the count stays right. */
export class FrameTimeParser {
  readonly #lines = new LineSplitter();

  push(bytes: Uint8Array): number[] {
    const times: number[] = [];
    for (const line of this.#lines.push(bytes)) {
      const pts = FRAME_LINE.exec(line)?.[1];
      if (pts !== undefined) times.push(pts === 'NOPTS' ? Number.NaN : Number(pts) / FRAME_TIME_TICKS_PER_SECOND);
    }
    return times;
  }
}
