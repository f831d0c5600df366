import { randomBytes } from 'node:crypto';
import type {
  AppendedEvents,
  AttemptRecord,
  Delivery,
  DeliveryLedger,
  EndpointDirectory,
  NewEvent,
} from '../../../src/deliver/ports.ts';
import { problem } from '../../../src/platform/errors.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The database's part in a delivery, with the same conditions on its writes. */
export class MemoryLedger implements DeliveryLedger, EndpointDirectory {
  readonly rows = new Map<string, Mutable<Delivery>>();
  readonly attempts = new Map<string, AttemptRecord[]>();
  readonly events: NewEvent[] = [];
  readonly cancelled = new Map<string, string>();
  readonly endpoints = new Map<string, { url: string; enabled: boolean; secret: string; disabledReason?: string }>();
  /** Thrown by the next calls of recordAttempt. */
  recordFailures = 0;

  addEndpoint(id: string, url: string): string {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    this.endpoints.set(id, { url, enabled: true, secret });
    return secret;
  }

  addDelivery(id: string, endpointId: string, body: string, nextAttemptMs: number): void {
    this.rows.set(id, {
      id,
      eventId: id.replace('dlv_', 'msg_'),
      endpointId,
      state: 'pending',
      attempts: 0,
      roundAttempts: 0,
      nextAttemptMs,
      body,
      endpointUrl: '',
      endpointEnabled: true,
    });
  }

  async get(id: string): Promise<Delivery> {
    const row = this.rows.get(id);
    const endpoint = this.endpoints.get(row?.endpointId ?? '');
    if (!row || !endpoint) throw problem('VDT_NOT_FOUND', { what: 'Delivery', id });
    return { ...row, endpointUrl: endpoint.url, endpointEnabled: endpoint.enabled };
  }

  async claim(id: string, claim: { attempts: number; nowMs: number; untilMs: number }): Promise<boolean> {
    const row = this.rows.get(id);
    if (row?.state !== 'pending' || row.attempts !== claim.attempts) return false;
    if (row.nextAttemptMs !== null && row.nextAttemptMs > claim.nowMs) return false;
    row.nextAttemptMs = claim.untilMs;
    return true;
  }

  async recordAttempt(id: string, attempt: AttemptRecord): Promise<void> {
    if (this.recordFailures > 0) {
      this.recordFailures -= 1;
      throw new Error('connection terminated');
    }
    const row = this.rows.get(id);
    if (!row) return;
    this.attempts.set(id, [...(this.attempts.get(id) ?? []), attempt]);
    row.attempts += 1;
    row.roundAttempts += 1;
    if (row.state !== 'pending') return;
    row.state = attempt.outcome === 'retry' ? 'pending' : attempt.outcome;
    row.nextAttemptMs = attempt.nextAttemptMs;
  }

  async cancel(id: string, reason: string): Promise<void> {
    const row = this.rows.get(id);
    if (row) row.state = 'failed';
    this.cancelled.set(id, reason);
  }

  async secret(id: string): Promise<string> {
    const endpoint = this.endpoints.get(id);
    if (!endpoint) throw problem('VDT_NOT_FOUND', { what: 'Endpoint', id });
    return endpoint.secret;
  }

  async disable(id: string, reason: string, events: readonly NewEvent[]): Promise<AppendedEvents | null> {
    const endpoint = this.endpoints.get(id);
    if (!endpoint?.enabled) return null;
    Object.assign(endpoint, { enabled: false, disabledReason: reason });
    this.events.push(...events);
    return { events: events.map((_event, index) => ({ sequence: index + 1 })), deliveryIds: ['dlv_told'] };
  }
}
