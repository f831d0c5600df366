import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signatureHeaders } from '../../../src/deliver/signer.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const body = Buffer.from('{"type":"incident.opened","data":{"explanation":"très rapide – 速い"}}');

function sign(overrides: Partial<Parameters<typeof signatureHeaders>[0]> = {}) {
  return signatureHeaders({ messageId: 'msg_abc', attemptMs: Date.now(), body, secrets: [secret], ...overrides });
}

describe('webhook signature', () => {
  it('is accepted by the public Standard Webhooks library', () => {
    expect(new Webhook(secret).verify(body, { ...sign() })).toMatchObject({ type: 'incident.opened' });
  });

  it('is refused by it when a byte of the body changes', () => {
    const changed = Buffer.from(body);
    changed[10] = (changed[10] ?? 0) ^ 1;
    expect(() => new Webhook(secret).verify(changed, { ...sign() })).toThrow();
  });

  it('is refused by it under another id, another secret or an old time', () => {
    const other = new Webhook(`whsec_${randomBytes(32).toString('base64')}`);
    expect(() => new Webhook(secret).verify(body, { ...sign(), 'webhook-id': 'msg_abd' })).toThrow();
    expect(() => other.verify(body, { ...sign() })).toThrow();
    expect(() => new Webhook(secret).verify(body, { ...sign({ attemptMs: Date.now() - 600_000 }) })).toThrow();
  });

  it('signs with each secret while one is being rotated', () => {
    const next = `whsec_${randomBytes(24).toString('base64')}`;
    const headers = { ...sign({ secrets: [secret, next] }) };
    new Webhook(secret).verify(body, headers);
    new Webhook(next).verify(body, headers);
  });

  it('carries the time of the attempt in whole seconds', () => {
    expect(sign({ attemptMs: 1_700_000_000_999 })['webhook-timestamp']).toBe('1700000000');
  });

  it.each([
    ['no prefix', randomBytes(32).toString('base64')],
    ['too short', `whsec_${randomBytes(8).toString('base64')}`],
    ['too long', `whsec_${randomBytes(65).toString('base64')}`],
  ])('refuses a secret with %s, without quoting it', (_why, bad) => {
    const error = (() => {
      try {
        sign({ secrets: [bad] });
      } catch (thrown) {
        return thrown;
      }
      return null;
    })();
    expect(error).toMatchObject({ code: 'VDT_WEBHOOK_SECRET_INVALID' });
    expect(String(error)).not.toContain(bad.replace('whsec_', ''));
  });

  it('refuses an id with a dot, which could be shifted into the timestamp', () => {
    expect(() => sign({ messageId: 'msg_a.123' })).toThrow(/webhook-id/);
  });
});
