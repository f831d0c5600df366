import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: no i, l, o, u

/** What an id begins with, by the kind of thing that it names. */
export type IdPrefix = 'inc' | 'msg' | 'dlv' | 'whe' | 'key' | 'cam' | 'chk' | 'req' | 'ref';

function base32(bytes: Uint8Array, length: number): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < length; i++) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}

/** A fresh id of 125 random bits: `prefix_` and 25 characters. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${base32(randomBytes(16), 25)}`;
}

/**
 * The same id for the same parts, always: what makes a write after a crash a no-op (invariant 3).
 * 125 bits of SHA-256 over the parts, each framed by its length so that no two lists of parts collide by joining.
 */
export function deterministicId(prefix: IdPrefix, ...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const text = String(part);
    hash.update(`${text.length}:${text};`);
  }
  return `${prefix}_${base32(hash.digest().subarray(0, 16), 25)}`;
}
