import type { Readable } from 'node:stream';

/** Bytes from `start` to `end`, both included, as in an HTTP Range header. */
export interface ByteRange {
  readonly start: number;
  /** Without it: to the end. */
  readonly end?: number;
}

export type EvidenceSource = { readonly file: string } | { readonly bytes: Uint8Array };

export interface EvidenceStat {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Changes whenever the content does; fits an HTTP ETag. */
  readonly etag: string;
}

/**
 * Where clips and snapshots live. The face is that of an object store (whole objects by key, ranged reads, no
 * appending, no renaming), so that a folder and an S3-compatible bucket can both stand behind it.
 * Keys are names joined by `/`; see `assertEvidenceKey`.
 */
export interface EvidenceStore {
  /** Stores or replaces the object in one step: a reader sees the old bytes or the new, never a part. Consumes a `file`. */
  put(key: string, source: EvidenceSource): Promise<EvidenceStat>;
  /**
   * The object's bytes, or a range of them (an end beyond the last byte means the last). The caller reads to the end or
   * destroys the stream. Throws VDT_NOT_FOUND without the object and VDT_RANGE_INVALID (416) for a range outside of it.
   */
  open(key: string, range?: ByteRange): Promise<Readable>;
  /** Null without the object. */
  stat(key: string): Promise<EvidenceStat | null>;
  /** Removing what is not there is fine. */
  remove(key: string): Promise<void>;
  /** Everything of one incident (the first part of its keys), in one go. */
  removeAll(prefix: string): Promise<void>;
  /** The first parts of all keys: the incidents of which there is evidence. */
  prefixes(): Promise<readonly string[]>;
}
