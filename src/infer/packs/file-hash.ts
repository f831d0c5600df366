import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What a published checkpoint is known by: SHA-256 of its bytes, or the id that git gives them; hexadecimal. */
export interface PublishedHash {
  readonly sha256?: string | undefined;
  readonly gitBlob?: string | undefined;
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 ** 2 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** SHA-256 and git's blob id (SHA-1 of `blob SIZE\0` and the bytes) of a file, in one pass. */
export async function hashesOf(path: string, signal?: AbortSignal) {
  const sha256 = createHash('sha256');
  const gitBlob = createHash('sha1').update(`blob ${(await stat(path)).size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 ** 2, signal })) {
    sha256.update(chunk as Buffer);
    gitBlob.update(chunk as Buffer);
  }
  return { sha256: sha256.digest('hex'), gitBlob: gitBlob.digest('hex') };
}

/** Whether a file of these hashes is the published one. */
export function isPublished(published: PublishedHash, actual: Required<PublishedHash>): boolean {
  return published.sha256 === undefined ? published.gitBlob === actual.gitBlob : published.sha256 === actual.sha256;
}

/** For people and receipts: `sha256:…` or `git:…`. */
export function nameOfHash({ sha256, gitBlob }: PublishedHash): string {
  return sha256 === undefined ? `git:${gitBlob ?? ''}` : `sha256:${sha256}`;
}
