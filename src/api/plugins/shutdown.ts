import type { FastifyInstance } from 'fastify';
import { problem } from '../../platform/errors.ts';

/** Whether the service takes new requests; readiness and the guard below look at it. */
export interface Lifecycle {
  stopping: boolean;
}

/**
 * Order on close: `preClose` marks the service as stopping and ends the live streams (an open one would hold
 * `close()` for ever), new requests get 503 as problem details, idle sockets are closed, running requests finish.
 */
export function useShutdown(app: FastifyInstance, lifecycle: Lifecycle, endStreams: () => Promise<void>): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!lifecycle.stopping || request.routeOptions.url === '/healthz') return;
    reply.header('connection', 'close');
    throw problem('VDT_STOPPING');
  });
  app.addHook('preClose', async () => {
    lifecycle.stopping = true;
    await endStreams();
  });
}
