import { LineSplitter } from './line-splitter.ts';

/** A finished chunk, as ffmpeg's segment muxer lists it; seconds since the first picture of the connection. */
export interface ListedChunk {
  readonly fileName: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** Reads the CSV list (`name,start,end`) as it comes over the pipe. */
export class ChunkListParser {
  readonly #lines = new LineSplitter();

  push(bytes: Uint8Array): ListedChunk[] {
    return this.#lines.push(bytes).flatMap((line) => {
      const match = /^"?([^",/]+)"?,([\d.]+),([\d.]+)$/.exec(line.trim());
      if (!match?.[1]) return [];
      return [{ fileName: match[1], startSeconds: Number(match[2]), endSeconds: Number(match[3]) }];
    });
  }
}
