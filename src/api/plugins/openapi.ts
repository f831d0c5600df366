import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { errorsPage } from '../errors-page.ts';
import { collectProblems } from './openapi-problems.ts';

const TAGS = [
  { name: 'cameras', description: 'Streams to watch, their state, and what they are learning' },
  { name: 'scores', description: 'The anomaly score of a camera over time' },
  { name: 'incidents', description: 'What did not belong there, with evidence and review' },
  { name: 'webhooks', description: 'Endpoints that receive signed alerts (Standard Webhooks 1.0)' },
  { name: 'deliveries', description: 'Each alert for each endpoint, with all its attempts' },
  { name: 'events', description: 'Alerts as a live stream (server-sent events)' },
  { name: 'keys', description: 'API keys and their scopes' },
  { name: 'service', description: 'Health, readiness, metrics' },
] as const;

// Swagger UI brings everything with it; it writes style attributes, hence 'unsafe-inline' for styles alone.
const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** OpenAPI 3.1 made from the route schemas, at `/openapi.json`, with a page at `/docs`. Register before the routes. */
export async function useOpenApi(
  app: FastifyInstance,
  service: { version: string; publicUrl?: string },
): Promise<void> {
  const addProblems = collectProblems(app);
  await app.register(swagger, {
    transformObject: (documents) => {
      if (!('openapiObject' in documents)) return documents.swaggerObject;
      addProblems(documents.openapiObject);
      return documents.openapiObject;
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Vedette',
        version: service.version,
        description:
          'Real-time anomaly detection for surveillance cameras. Times are RFC 3339 in UTC; lists are paged by cursor; ' +
          'every error is a problem detail (RFC 9457) with a stable code and a hint.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: service.publicUrl ?? '/' }],
      tags: [...TAGS],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key, `vdt_…`.' },
          basic: { type: 'http', scheme: 'basic', description: 'Any name; the API key as password. For browsers.' },
        },
      },
      security: [{ bearer: [] }, { basic: [] }],
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_CSP,
    theme: { title: 'Vedette API' },
    uiConfig: { url: '/openapi.json', validatorUrl: null, deepLinking: true, tryItOutEnabled: false },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json').send(app.swagger()),
  );
  app.get('/docs/errors', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('content-security-policy', DOCS_CSP).type('text/html; charset=utf-8').send(errorsPage()),
  );
}
