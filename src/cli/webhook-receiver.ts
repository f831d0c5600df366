import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Clock } from '../platform/clock.ts';

export interface ReceivedAlert {
  readonly type: string;
  readonly receivedMs: number;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * A receiver as a customer would write it: it checks signatures with the public `standardwebhooks` library, not with our
 * own code, and answers 401 to what does not verify.
 */
export interface WebhookReceiver {
  readonly url: string;
  readonly alerts: readonly ReceivedAlert[];
  readonly rejected: number;
  /** The secret that the service showed when the endpoint was made. */
  trust(secret: string): void;
  /** The first verified alert that fits; waits for it. Rejects when the signal aborts. */
  waitFor(fits: (alert: ReceivedAlert) => boolean, signal: AbortSignal): Promise<ReceivedAlert>;
  close(): Promise<void>;
}

export async function startWebhookReceiver(clock: Clock): Promise<WebhookReceiver> {
  const alerts: ReceivedAlert[] = [];
  const waiting = new Set<() => void>();
  let webhook: Webhook | null = null;
  let rejected = 0;

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      try {
        if (!webhook) throw new Error('no secret yet');
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        const body = webhook.verify(Buffer.concat(chunks).toString('utf8'), headers) as {
          type: string;
          data: Record<string, unknown>;
        };
        alerts.push({ type: body.type, data: body.data, id: headers['webhook-id'] ?? '', receivedMs: clock.nowMs() });
        response.writeHead(204).end();
        for (const wake of waiting) wake();
      } catch {
        rejected += 1;
        response.writeHead(401).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/alerts`,
    alerts,
    get rejected() {
      return rejected;
    },
    trust(secret) {
      webhook = new Webhook(secret);
    },
    waitFor: (fits, signal) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = alerts.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        waiting.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
