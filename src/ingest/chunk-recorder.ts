import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import { ChunkListParser, type ListedChunk } from './chunk-list.ts';
import { ChunkTimeline } from './chunk-times.ts';
import type { RecordingArguments } from './ffmpeg-arguments.ts';
import type { RecordedChunk } from './ports.ts';

export interface ChunkRecorderOptions {
  readonly cameraId: string;
  /** Absolute; paths of chunks are relative to it. */
  readonly dataFolder: string;
  readonly chunkSeconds: number;
  readonly register: (chunk: RecordedChunk) => Promise<unknown>;
  readonly clock: Clock;
  readonly onRecorded: () => void;
  /** A chunk was lost, or not yet registered; pictures and scoring go on. */
  readonly onTrouble: (reason: string) => void;
}

/** Chunks on disk whose row the database did not take yet. */
const MOST_UNREGISTERED = 1_000;
const CHUNK_FILE = /^[\w-]+\.mkv$/;

/**
 * Brings chunks that ffmpeg has finished from the camera's `.incoming` folder to their place
 * (`chunks/<camera>/<YYYY-MM-DD>/<UTC start ms>.mkv`, UTC) and registers them. A file under its final name is always whole.
 */
export class ChunkRecorder {
  readonly #options: ChunkRecorderOptions;
  #unregistered: RecordedChunk[] = [];
  /** One file operation after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: ChunkRecorderOptions) {
    this.#options = options;
  }

  get folder(): string {
    return join(this.#options.dataFolder, 'chunks', this.#options.cameraId, '.incoming');
  }

  /** Makes the folder, and brings home what a killed process left behind. Never rejects: without a disk there is no recording, that is all. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
      for (const name of (await readdir(this.folder)).sort()) await this.#salvage(name);
    } catch (error) {
      this.#options.onTrouble(reasonOf(error));
    }
  }

  /** Begins the recording of one connection. */
  openRun(): ChunkRun {
    const { clock, chunkSeconds } = this.#options;
    return new ChunkRun(this, { folder: this.folder, runName: String(clock.nowMs()), chunkSeconds });
  }

  /** Moves a finished chunk to its place and registers it; in order, never rejects. */
  place(
    chunk: ListedChunk,
    times: (createdMs: number) => { readonly startMs: number; readonly endMs: number },
    isSpoilt: () => boolean,
  ): void {
    this.#work = this.#work.then(async () => {
      const from = join(this.folder, chunk.fileName);
      try {
        const { size, birthtimeMs, mtimeMs } = await stat(from);
        const { startMs, endMs } = times(birthtimeMs > 0 ? birthtimeMs : mtimeMs);
        if (isSpoilt() || size === 0) {
          await rm(from, { force: true });
          throw new Error('a chunk could not be written to disk');
        }
        await this.#adopt(from, { startMs, endMs, sizeBytes: size });
      } catch (error) {
        this.#options.onTrouble(reasonOf(error));
      }
    });
  }

  /** Resolves when all chunks listed so far are in place. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #adopt(
    from: string,
    chunk: { readonly startMs: number; readonly endMs: number; readonly sizeBytes: number },
  ): Promise<void> {
    const { cameraId, dataFolder } = this.#options;
    const day = new Date(chunk.startMs).toISOString().slice(0, 10);
    const path = `chunks/${cameraId}/${day}/${chunk.startMs}.mkv`;
    const to = join(dataFolder, path);
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    this.#unregistered.push({ cameraId, path, ...chunk });
    if (this.#unregistered.length > MOST_UNREGISTERED) {
      const lost = this.#unregistered.shift();
      if (lost) await rm(join(dataFolder, lost.path), { force: true });
      this.#options.onTrouble('too many chunks wait for the database');
    }
    this.#options.onRecorded();
    await this.#registerWaiting();
  }

  /** While the database is away, chunks wait here; the next finished one tries again. */
  async #registerWaiting(): Promise<void> {
    for (let chunk = this.#unregistered[0]; chunk; chunk = this.#unregistered[0]) {
      await this.#options.register(chunk);
      this.#unregistered.shift();
    }
  }

  /** Birth and last write of the file stand in for the list that was lost with the process. */
  async #salvage(name: string): Promise<void> {
    const from = join(this.folder, name);
    const { size, birthtimeMs, mtimeMs } = await stat(from);
    if (!CHUNK_FILE.test(name) || size === 0) return rm(from, { force: true, recursive: true });
    const startMs = Math.round(
      birthtimeMs > 0 && birthtimeMs < mtimeMs ? birthtimeMs : mtimeMs - this.#options.chunkSeconds * 1_000,
    );
    try {
      await this.#adopt(from, { startMs, endMs: Math.max(Math.round(mtimeMs), startMs + 1), sizeBytes: size });
    } catch (error) {
      this.#options.onTrouble(reasonOf(error));
    }
  }
}

/** The chunks of one connection. */
export class ChunkRun {
  readonly arguments: RecordingArguments;
  readonly #recorder: ChunkRecorder;
  readonly #list = new ChunkListParser();
  readonly #timeline = new ChunkTimeline();
  #spoilt = false;

  constructor(recorder: ChunkRecorder, args: RecordingArguments) {
    this.#recorder = recorder;
    this.arguments = args;
  }

  /** ffmpeg could not write: the chunk under way is lost. */
  markSpoilt(): void {
    this.#spoilt = true;
  }

  #takeSpoilt(): boolean {
    const spoilt = this.#spoilt;
    this.#spoilt = false;
    return spoilt;
  }

  /** Takes in a piece of the list; `toUtcMs` as in `ChunkTimeline.place`. */
  push(bytes: Uint8Array, toUtcMs: (seconds: number) => number | null, nowMs: number): void {
    for (const chunk of this.#list.push(bytes)) {
      const endMs = toUtcMs(chunk.endSeconds);
      const startMs = toUtcMs(chunk.startSeconds);
      // the mapping of now, because the clock moves on until the file is moved
      const mapped = (seconds: number) => (seconds === chunk.endSeconds ? endMs : startMs);
      this.#recorder.place(
        chunk,
        (createdMs) => this.#timeline.place(chunk, mapped, nowMs, createdMs),
        () => this.#takeSpoilt(),
      );
    }
  }
}
