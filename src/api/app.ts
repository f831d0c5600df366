import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { ApiDeps } from './api-deps.ts';
import type { ApiInstance } from './api-instance.ts';
import { useAccessLog } from './plugins/access-log.ts';
import { useAuthentication } from './plugins/authentication.ts';
import { refuseMalformed } from './plugins/malformed-request.ts';
import { useOpenApi } from './plugins/openapi.ts';
import { sendProblem, useProblemDetails } from './plugins/problem-details.ts';
import { requestIdOf, useRequestIds } from './plugins/request-id.ts';
import { useSecurityHeaders } from './plugins/security-headers.ts';
import { type Lifecycle, useShutdown } from './plugins/shutdown.ts';
import { useValidation } from './plugins/validation.ts';
import { budgetRoutes } from './routes/budget.ts';
import { cameraTestRoutes } from './routes/camera-test.ts';
import { cameraRoutes } from './routes/cameras.ts';
import { definitionRoutes } from './routes/definitions.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { eventRoutes, type LiveStreams } from './routes/events.ts';
import { evidenceRoutes } from './routes/evidence.ts';
import { healthRoutes } from './routes/health.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { keyRoutes } from './routes/keys.ts';
import { learnedStateRoutes } from './routes/learned-state.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { referenceRoutes } from './routes/references.ts';
import { scoreRoutes } from './routes/scores.ts';
import { webhookRoutes } from './routes/webhooks.ts';

const BODY_LIMIT_BYTES = 256 * 1024;
/** A client has this long to send a request; the answer may take longer (camera tests, clips, live streams). */
const REQUEST_TIMEOUT_MS = 30_000;

/** Builds the whole API from what it is given; nothing listens yet. Hooks run in the order of their `use…` lines. */
export async function createApp(deps: ApiDeps): Promise<ApiInstance> {
  const app: ApiInstance = Fastify({
    loggerInstance: deps.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: deps.settings.trustProxy ? [...deps.settings.trustProxy] : false,
    // our own 503, as problem details, comes from `useShutdown`
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply as never),
    clientErrorHandler: refuseMalformed,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.removeContentTypeParser('text/plain'); // JSON alone: a form of another site cannot send it unasked

  const lifecycle: Lifecycle = { stopping: false };
  let streams: LiveStreams = { end: async () => {} };

  useValidation(app);
  useProblemDetails(app);
  useRequestIds(app);
  useSecurityHeaders(app);
  useAccessLog(app, deps.metrics);
  useShutdown(app, lifecycle, () => streams.end());
  useAuthentication(app, { apiKeys: deps.store.apiKeys, clock: deps.clock });
  await useOpenApi(app, deps.settings);

  healthRoutes(app, deps, lifecycle);
  metricsRoutes(app, deps);
  cameraRoutes(app, deps);
  cameraTestRoutes(app, deps);
  learnedStateRoutes(app, deps);
  scoreRoutes(app, deps);
  budgetRoutes(app, deps);
  incidentRoutes(app, deps);
  referenceRoutes(app, deps);
  definitionRoutes(app, deps);
  evidenceRoutes(app, deps);
  webhookRoutes(app, deps);
  deliveryRoutes(app, deps);
  keyRoutes(app, deps);
  streams = eventRoutes(app, deps);
  return app;
}
