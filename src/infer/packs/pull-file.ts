import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../platform/clock.ts';
import { problem, reasonOf, VedetteError } from '../../platform/errors.ts';
import { redactSecrets, redactUrl } from '../../platform/redact.ts';

export type Fetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<Response>;

/** What is to be fetched, and how it is known. */
export interface WantedFile {
  /** For messages. */
  readonly name: string;
  /** What is larger is not read to its end, bytes. */
  readonly limitBytes: number;
  /** Throws a VedetteError where the file at this path is not the one wanted. */
  check(location: string): Promise<void>;
}

export interface PullFileOptions {
  readonly packId: string;
  readonly wanted: WantedFile;
  /** Absolute path at which the file is to lie; its folder is made. */
  readonly target: string;
  /** An http(s) URL, or a path of this machine. */
  readonly source: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes that are there; and all of them, where that is known. */
  readonly onProgress?: (doneBytes: number, totalBytes: number | null) => void;
}

/** A source that sends nothing for so long is given up. */
const SILENCE_MS = 60_000;
/** Attempts in a row that brought nothing new. */
const IDLE_ATTEMPTS = 2;

/**
 * Fetches one file of a pack. It grows beside its place as `….part`, so that a later call goes on where this one stopped, and gets
 * its name only when size and checksum are right. Does nothing where the right file is there already.
 * Throws VDT_PULL_FAILED, VDT_PACK_CHECKSUM.
 */
export async function pullFile(options: PullFileOptions): Promise<'fetched' | 'present'> {
  const { wanted, target, source, signal } = options;
  const present = await wanted.check(target).then(
    () => true,
    () => false,
  );
  if (present) return 'present';
  const part = `${target}.part`;
  try {
    await mkdir(dirname(target), { recursive: true });
    if (isUrl(source)) await download(options, part);
    else await copyFile(source, part);
  } catch (error) {
    if (error instanceof VedetteError || signal.aborted) throw error;
    throw failed(options, reasonFor(error), error);
  }
  try {
    await wanted.check(part);
  } catch (error) {
    if (signal.aborted && !(error instanceof VedetteError)) throw error;
    await rm(part, { force: true }); // going on from it would lead to the same again
    if (error instanceof VedetteError && error.code === 'VDT_PACK_INVALID') throw failed(options, error.message, error);
    throw error;
  }
  await rename(part, target);
  return 'fetched';
}

async function download(options: PullFileOptions, part: string): Promise<void> {
  let idle = 0;
  for (;;) {
    const before = await sizeOf(part);
    try {
      await downloadRest(options, part, before);
      return;
    } catch (error) {
      if (options.signal.aborted || error instanceof Refused) throw error instanceof Refused ? error.problem : error;
      idle = (await sizeOf(part)) > before ? 0 : idle + 1;
      if (idle >= IDLE_ATTEMPTS || isDiskTrouble(error)) throw error;
    }
  }
}

/** An answer that asking again would not change. */
class Refused extends Error {
  readonly problem: VedetteError;

  constructor(cause: VedetteError) {
    super(cause.message);
    this.problem = cause;
  }
}

async function downloadRest(options: PullFileOptions, part: string, haveBytes: number): Promise<void> {
  const { source, fetch, clock, signal, wanted, onProgress } = options;
  const silence = new AbortController();
  let cancel = clock.after(SILENCE_MS, () => silence.abort());
  const heard = () => {
    cancel();
    cancel = clock.after(SILENCE_MS, () => silence.abort());
  };
  try {
    const { url, authorization } = withoutPassword(source);
    const response = await fetch(url, {
      headers: { ...(haveBytes > 0 ? { range: `bytes=${haveBytes}-` } : {}), ...authorization },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 416) {
      await response.body?.cancel();
      return; // there is no more: the checksum tells whether it is all
    }
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Refused(failed(options, `the server answered ${response.status}`));
    }
    const resumed = response.status === 206 && firstByteOf(response) === haveBytes;
    if (response.status === 206 && !resumed) {
      await response.body.cancel();
      await rm(part, { force: true });
      throw new Error('the server sent another part than was asked for');
    }
    let doneBytes = resumed ? haveBytes : 0;
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const totalBytes = Number.isFinite(length) ? doneBytes + length : null;
    const { limitBytes } = wanted;
    const tooLarge = (bytes: number) =>
      new Refused(failed(options, `it has more than the ${limitBytes} bytes that the manifest allows (${bytes})`));
    if (totalBytes !== null && totalBytes > limitBytes) {
      await response.body.cancel();
      throw tooLarge(totalBytes);
    }
    const body = response.body as AsyncIterable<Uint8Array>;
    await pipeline(
      async function* () {
        for await (const chunk of body) {
          heard();
          doneBytes += chunk.length;
          if (doneBytes > limitBytes) throw tooLarge(doneBytes);
          yield chunk;
          onProgress?.(doneBytes, totalBytes);
        }
      },
      // one chunk at a time: what progress tells is on the disk, and a later call goes on from there
      createWriteStream(part, { flags: resumed ? 'a' : 'w', highWaterMark: 1 }),
    );
    if (totalBytes !== null && doneBytes < totalBytes) throw new Error('the connection ended early');
  } catch (error) {
    if (error instanceof Refused) await rm(part, { force: true });
    if (silence.signal.aborted) throw new Error(`the server sent nothing for ${SILENCE_MS / 1_000} s`);
    throw error;
  } finally {
    cancel();
  }
}

/** `fetch` takes no address with a password in it. */
function withoutPassword(source: string): { readonly url: string; readonly authorization: Record<string, string> } {
  const { username, password } = new URL(source);
  if (username === '' && password === '') return { url: source, authorization: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: redactUrl(source), authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** Where a 206 begins, from `Content-Range: bytes 5-9/10`. */
function firstByteOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

function isDiskTrouble(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether a source is an address, not a path of this machine. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//.test(source) && URL.canParse(source);
}

/** A disk's or network's failure in words. */
export function reasonFor(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full';
  const cause = error instanceof Error && error.cause !== undefined ? `: ${reasonOf(error.cause)}` : '';
  return redactSecrets(`${reasonOf(error)}${cause}`);
}

function failed({ packId, wanted, source }: PullFileOptions, reason: string, cause?: unknown): VedetteError {
  const from = isUrl(source) ? redactUrl(source) : source;
  return problem('VDT_PULL_FAILED', { pack: packId, file: wanted.name, source: from, reason }, { cause });
}
