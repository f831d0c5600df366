import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problem } from '../platform/errors.ts';

/** The longest socket path that every system takes (macOS: 104 bytes with the end mark). */
const LONGEST_SOCKET_PATH = 100;
const ATTEMPTS = 3;

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Keeps two processes from opening the same embedded database, which would destroy it. The lock is a listening
 * socket: it ends with its process however that ends, and unlike a process id in a file it cannot be mistaken for
 * another process after a restart, in a container either. VDT_STORE_LOCKED where another process holds it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  mkdirSync(folder, { recursive: true });
  const path = socketPath(folder);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const server = await listen(path);
    if (server !== null) return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    if (await answers(path)) break;
    // left behind by a process that was killed
    try {
      unlinkSync(path);
    } catch {
      // another starter was faster; the next round tells who has it
    }
  }
  throw problem('VDT_STORE_LOCKED', { folder });
}

function socketPath(folder: string): string {
  const beside = join(folder, 'store.lock');
  if (Buffer.byteLength(beside) <= LONGEST_SOCKET_PATH) return beside;
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 16);
  return join(tmpdir(), `vedette-${name}.lock`);
}

/** Null where something is at the path already. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(problem('VDT_UNAVAILABLE', { what: `The lock ${path}`, reason: error.message }, { cause: error }));
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
