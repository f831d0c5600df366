import type { ListedChunk } from './chunk-list.ts';

export interface ChunkTimes {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Gives the chunks of one connection their UTC times. Within a connection a chunk starts where the one before ended, so chunks
 * never overlap. The end comes from the capture clock, unless that disagrees grossly with the length of the chunk (the camera's
 * clock jumped, which the recording has evened out): then the length counts.
 */
export class ChunkTimeline {
  #endMs: number | null = null;
  #endSeconds = 0;

  /**
   * @param toUtcMs UTC of a moment, in seconds since the first picture of the connection; null if not known
   * @param nowMs when the chunk was listed: it cannot end later
   * @param createdMs when its file was made, for a chunk after a failure of the disk
   */
  place(chunk: ListedChunk, toUtcMs: (seconds: number) => number | null, nowMs: number, createdMs: number): ChunkTimes {
    const restarted = this.#endMs !== null && chunk.startSeconds < this.#endSeconds - 0.001;
    const lengthMs = (chunk.endSeconds - Math.max(chunk.startSeconds, this.#endSeconds)) * 1_000;
    const mappedMs = toUtcMs(chunk.endSeconds);
    const startMs = restarted
      ? Math.max(this.#endMs ?? 0, Math.min(createdMs, nowMs))
      : (this.#endMs ?? toUtcMs(chunk.startSeconds) ?? nowMs - lengthMs);
    const plainEndMs = Math.min(startMs + lengthMs, Math.max(nowMs, startMs));
    const tolerated = Math.max(2_000, lengthMs / 2);
    const agrees = mappedMs !== null && mappedMs > startMs && Math.abs(mappedMs - startMs - lengthMs) <= tolerated;
    const endMs = Math.round(agrees || (restarted && mappedMs !== null && mappedMs > startMs) ? mappedMs : plainEndMs);
    this.#endMs = Math.max(endMs, Math.round(startMs) + 1);
    this.#endSeconds = chunk.endSeconds;
    return { startMs: Math.round(startMs), endMs: this.#endMs };
  }
}
