import { FRAME_TIME_TICKS_PER_SECOND } from './ffmpeg-arguments.ts';
import { LineSplitter } from './line-splitter.ts';

/** `frame:12   pts:1280000 pts_time:1.28`, from the filter `metadata=print`. */
const FRAME_LINE = /^frame:\d+\s+pts:(-?\d+|NOPTS)/;

/** `vedette=1`, on the line after it: whether the frame is one of the segment's own (`sampleFilter`). */
const MARK_LINE = /^vedette=(\d)/;

export interface FrameTime {
  /** Seconds on the media clock; NaN where the frame has no time, so that the count stays right. */
  readonly mediaSeconds: number;
  /** False for a picture that is only there for clips. */
  readonly own: boolean;
}

/** Reads the time of each sampled frame. */
export class FrameTimeParser {
  readonly #lines = new LineSplitter();
  #mediaSeconds: number | null = null;

  push(bytes: Uint8Array): FrameTime[] {
    const times: FrameTime[] = [];
    for (const line of this.#lines.push(bytes)) {
      const pts = FRAME_LINE.exec(line)?.[1];
      if (pts !== undefined) {
        this.#mediaSeconds = pts === 'NOPTS' ? Number.NaN : Number(pts) / FRAME_TIME_TICKS_PER_SECOND;
      }
      const mark = MARK_LINE.exec(line)?.[1];
      if (mark === undefined || this.#mediaSeconds === null) continue;
      times.push({ mediaSeconds: this.#mediaSeconds, own: mark !== '0' });
      this.#mediaSeconds = null;
    }
    return times;
  }
}
