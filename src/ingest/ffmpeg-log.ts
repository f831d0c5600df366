import { redactSecrets } from '../platform/redact.ts';
import { LineSplitter } from './line-splitter.ts';

export type LogLineKind = 'info' | 'trouble';

/** What ffmpeg says of the source stream when it opens it. */
export interface SourceStream {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
}

/** Lines kept for the reason of a failure. */
const KEPT_LINES = 40;
const INFO_LEVEL = /\[(?:info|verbose|debug|trace)\]/;
/** `Stream #0:0: Video: h264 (High), yuv420p(progressive), 640x360 [SAR 1:1 DAR 16:9], 25 fps`, first under "Input". */
const VIDEO_STREAM = /Stream #0:\d+.*: Video: (\w+).*?, (\d{2,5})x(\d{2,5})\b/;
/** The decoder patched a picture, or packets are missing: what follows is grey or smeared until the next key frame. */
const CORRUPTION =
  /error while decoding MB|concealing \d+|corrupt decoded frame|RTP: missed \d+ packets|Packet corrupt|left block unavailable|top block unavailable|reference count .* overflow|mmco: unref short failure|Missing reference picture|Could not find ref with POC/;
/** The recording, which runs in its own thread and recovers, could not write. */
const STORAGE =
  /No space left on device|Failure occurred when ending segment|Read-only file system|Disk quota exceeded|Input\/output error.*\.mkv|File too large/;

/**
 * Reads what ffmpeg writes on standard error (`-loglevel level+info`). Every line is redacted first: ffmpeg quotes the
 * URL with its password in errors.
 */
export class FfmpegLog {
  readonly #splitter = new LineSplitter();
  #troubles: string[] = [];
  #source: SourceStream | null = null;
  readonly #onCorruption: () => void;
  readonly #onStorageTrouble: (line: string) => void;

  constructor(hooks: { readonly onCorruption?: () => void; readonly onStorageTrouble?: (line: string) => void } = {}) {
    this.#onCorruption = hooks.onCorruption ?? (() => {});
    this.#onStorageTrouble = hooks.onStorageTrouble ?? (() => {});
  }

  /** The last warnings and errors, redacted, oldest first. */
  get troubles(): readonly string[] {
    return this.#troubles;
  }

  /** Null until ffmpeg has opened the stream. */
  get source(): SourceStream | null {
    return this.#source;
  }

  push(bytes: Uint8Array): void {
    for (const line of this.#splitter.push(bytes)) this.#read(redactSecrets(line));
  }

  end(): void {
    for (const line of this.#splitter.end()) this.#read(redactSecrets(line));
  }

  #read(line: string): void {
    if (line.trim() === '') return;
    const stream = this.#source === null ? VIDEO_STREAM.exec(line) : null;
    if (stream) this.#source = { codec: stream[1] ?? '', width: Number(stream[2]), height: Number(stream[3]) };
    if (STORAGE.test(line)) {
      this.#onStorageTrouble(line);
      return;
    }
    if (CORRUPTION.test(line)) this.#onCorruption();
    if (INFO_LEVEL.test(line)) return;
    this.#troubles.push(line);
    if (this.#troubles.length > KEPT_LINES) this.#troubles.shift();
  }
}
