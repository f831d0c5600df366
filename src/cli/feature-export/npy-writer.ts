import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { endianness } from 'node:os';

/** Bytes before the numbers: a multiple of 64, with room for the shape of any array. */
const HEADER_BYTES = 128;
/** NumPy format 1.0 (numpy.lib.format): magic, version 1.0, little-endian length of the text that follows. */
const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);

/**
 * Writes a NumPy array file row by row, without knowing how many there will be. It grows beside its place as `….part` and gets its name
 * when it is whole, so that a file with the right name is a finished one.
 */
export class NpyWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  #columns: number | null = null;
  #rows = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Throws what the file system throws. */
  static async create(path: string): Promise<NpyWriter> {
    const file = await open(`${path}.part`, 'w');
    await file.write(new Uint8Array(HEADER_BYTES));
    return new NpyWriter(path, file);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Appends a row; all must be of one length (RangeError). */
  async append(row: Float32Array): Promise<void> {
    this.#columns ??= row.length;
    if (row.length !== this.#columns) throw new RangeError(`a row of ${row.length} after rows of ${this.#columns}`);
    const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
    await this.#file.write(endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32());
    this.#rows += 1;
  }

  /** Writes the header and gives the file its name. */
  async finish(): Promise<void> {
    await this.#file.write(npyHeader('<f4', [this.#rows, this.#columns ?? 0]), 0, HEADER_BYTES, 0);
    await this.#file.sync();
    await this.#file.close();
    await rename(`${this.#path}.part`, this.#path);
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(`${this.#path}.part`, { force: true });
  }
}

/** A one-dimensional array of bytes (`|u1`) as a whole file. */
export function npyBytes(values: Uint8Array): Uint8Array {
  return Buffer.concat([npyHeader('|u1', [values.length]), values]);
}

/** @param descr NumPy's name of the type, `<f4` for float32 little endian */
function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0] ?? 0},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const header = Buffer.alloc(HEADER_BYTES, ' ');
  header.set(MAGIC);
  header.writeUInt16LE(HEADER_BYTES - MAGIC.length - 2, MAGIC.length);
  header.write(text, MAGIC.length + 2, 'latin1');
  header.write('\n', HEADER_BYTES - 1, 'latin1');
  return header;
}

/** Shape of a finished float32 file that `NpyWriter` wrote, from its first bytes; null where they are something else. */
export function npyShape(head: Uint8Array): readonly [rows: number, columns: number] | null {
  if (head.length < HEADER_BYTES || MAGIC.some((byte, index) => head[index] !== byte)) return null;
  const text = Buffer.from(head.subarray(0, HEADER_BYTES)).toString('latin1');
  const found = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/.exec(text);
  return found ? [Number(found[1]), Number(found[2])] : null;
}
