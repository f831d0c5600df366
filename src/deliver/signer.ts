import { createHmac } from 'node:crypto';
import { problem } from '../platform/errors.ts';

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = { minimum: 24, maximum: 64 } as const;
/** The signed text is joined with dots, so an id with a dot could be shifted into the timestamp. */
const MESSAGE_ID = /^[A-Za-z0-9_-]{1,256}$/;

export interface SignInput {
  /** `msg_…`, the same on every attempt: the receiver's key against duplicates. */
  readonly messageId: string;
  /** Wall clock of this attempt; receivers refuse what is off by more than some minutes. */
  readonly attemptMs: number;
  /** Exactly the bytes that go over the wire. */
  readonly body: Uint8Array;
  /** `whsec_` and base64 of 24 to 64 bytes. More than one while a secret is being rotated. */
  readonly secrets: readonly string[];
}

export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * The three headers of Standard Webhooks 1.0.0, symmetric scheme `v1`: base64 of HMAC-SHA256 over
 * `id.timestamp.body`. Throws VDT_WEBHOOK_SECRET_INVALID, which never quotes the secret.
 */
export function signatureHeaders(input: SignInput): SignatureHeaders {
  if (!MESSAGE_ID.test(input.messageId)) {
    throw problem('VDT_REQUEST_INVALID', { field: 'webhook-id', reason: 'must be letters, digits, _ or -' });
  }
  const timestamp = String(Math.floor(input.attemptMs / 1000));
  const signatures = input.secrets.map((secret) => {
    const mac = createHmac('sha256', secretKey(secret));
    mac.update(`${input.messageId}.${timestamp}.`).update(input.body);
    return `v1,${mac.digest('base64')}`;
  });
  if (signatures.length === 0) throw problem('VDT_WEBHOOK_SECRET_INVALID', { reason: 'there is none' });
  return {
    'webhook-id': input.messageId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

function secretKey(secret: string): Buffer {
  if (!secret.startsWith(SECRET_PREFIX)) {
    throw problem('VDT_WEBHOOK_SECRET_INVALID', { reason: `it does not begin with ${SECRET_PREFIX}` });
  }
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  if (key.length < SECRET_BYTES.minimum || key.length > SECRET_BYTES.maximum) {
    throw problem('VDT_WEBHOOK_SECRET_INVALID', {
      reason: `it holds ${key.length} bytes instead of ${SECRET_BYTES.minimum} to ${SECRET_BYTES.maximum}`,
    });
  }
  return key;
}
