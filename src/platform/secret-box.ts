import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { problem, reasonOf } from './errors.ts';

/** Encrypts what must not lie in the clear in the database: camera passwords, webhook secrets. */
export interface SecretBox {
  /** AES-256-GCM under a fresh 96-bit nonce: `v1.` and base64url of nonce, tag and ciphertext. */
  seal(plain: string): string;
  /** Throws VDT_SECRET_UNREADABLE where the text was sealed with another key or was changed. */
  open(sealed: string): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSecretBox(key: Uint8Array): SecretBox {
  if (key.length !== 32)
    throw problem('VDT_SECRET_KEY_INVALID', { reason: `it has ${key.length} bytes, 32 are needed` });
  return {
    seal(plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    open(sealed) {
      try {
        if (!sealed.startsWith('v1.')) throw new Error('unknown form');
        const bytes = Buffer.from(sealed.slice(3), 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
        decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString(
          'utf8',
        );
      } catch {
        throw problem('VDT_SECRET_UNREADABLE');
      }
    },
  };
}

/** Reads the key file, or makes one (mode 600) at the first start. */
export function openSecretBox(keyFile: string): SecretBox {
  try {
    return createSecretBox(Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64'));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  try {
    mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 });
    // 'wx': of two processes that start at once, one makes the key and the other reads it
    writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw problem(
        'VDT_SECRET_KEY_INVALID',
        { reason: `it cannot be written: ${reasonOf(thrown)}` },
        { cause: thrown },
      );
    }
  }
  return createSecretBox(Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64'));
}
