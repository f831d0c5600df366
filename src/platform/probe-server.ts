import { createServer, type Server } from 'node:http';
import { problem, reasonOf } from './errors.ts';
import type { Metrics } from './metrics.ts';
import type { Role } from './role.ts';

export interface ReadinessCheck {
  readonly name: string;
  /** Rejects with the reason while the part does not work; a real write, not a greeting. */
  check(): Promise<void>;
}

/** Health and metrics of a role that serves no REST: /healthz, /readyz and /metrics for probes inside the cluster. */
export function createProbeServer(options: {
  readonly host: string;
  readonly port: number;
  readonly checks: readonly ReadinessCheck[];
  readonly metrics: Metrics;
}): Role {
  const server: Server = createServer((request, response) => {
    void answer(request.url ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(body);
    });
  });

  async function answer(path: string): Promise<{ status: number; type: string; body: string }> {
    if (path === '/healthz') return { status: 200, type: 'application/json', body: '{"status":"ok"}' };
    if (path === '/metrics')
      return {
        status: 200,
        type: options.metrics.registry.contentType,
        body: await options.metrics.registry.metrics(),
      };
    if (path !== '/readyz') return { status: 404, type: 'application/json', body: '{"status":"not found"}' };
    const parts = await Promise.all(
      options.checks.map(async ({ name, check }) => {
        const reason = await check().then(
          () => null,
          (thrown: unknown) => reasonOf(thrown),
        );
        return [name, reason === null ? 'ok' : 'failed'] as const;
      }),
    );
    const ready = parts.every(([, state]) => state === 'ok');
    return {
      status: ready ? 200 : 503,
      type: 'application/json',
      body: JSON.stringify({ status: ready ? 'ok' : 'failed', parts: Object.fromEntries(parts) }),
    };
  }

  return {
    name: 'probes',
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error) =>
          reject(problem('VDT_LISTEN_FAILED', { address: `${options.host}:${options.port}`, reason: error.message })),
        );
        server.listen(options.port, options.host, resolve);
      }),
    stop: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
