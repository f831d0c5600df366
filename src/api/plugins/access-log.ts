import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../platform/metrics.ts';

/** One line and one measurement for each answer: the route's pattern, never the URL, a header or a body. */
export function useAccessLog(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? '(unknown)';
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    metrics.httpRequests.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
    const fields = {
      method: request.method,
      route,
      status: reply.statusCode,
      durationMs,
      keyId: request.principal?.id,
    };
    if (route === '/healthz' || route === '/readyz' || route === '/metrics') request.log.debug(fields, 'api.request');
    else request.log.info(fields, 'api.request');
  });
}
