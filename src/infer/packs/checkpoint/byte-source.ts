import { type FileHandle, open } from 'node:fs/promises';
import { Unreadable } from './unreadable.ts';

/** A file read at places, never as a whole. */
export class ByteSource {
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  static async open(path: string): Promise<ByteSource> {
    const handle = await open(path, 'r');
    return new ByteSource(handle, (await handle.stat()).size);
  }

  /** Exactly `length` bytes from byte `offset`. Throws Unreadable where the file has no such bytes. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (offset < 0 || length < 0 || offset + length > this.sizeBytes) {
      throw new Unreadable(`ends after ${this.sizeBytes} bytes, but bytes ${offset} to ${offset + length} are needed`);
    }
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw new Unreadable('was shortened while it was read');
      done += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
