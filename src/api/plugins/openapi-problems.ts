import type { FastifyInstance } from 'fastify';
import { problemSchema } from '../schemas/common.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Statuses of problems that a route may answer with, besides those that every route shares; for OpenAPI. */
    problems?: readonly number[];
  }
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'An API key is required',
  403: 'The key lacks the scope',
  404: 'It does not exist',
  409: 'It conflicts with the present state',
  413: 'The body is too large',
  415: 'The content type is not understood',
  416: 'The range lies outside of the file',
  429: 'Too many failed attempts to authenticate',
  503: 'A part of the service cannot be reached; try again',
};

interface Operation {
  summary?: string;
  requestBody?: unknown;
  responses?: Record<string, { description?: string; $ref?: string }>;
}
interface Document {
  components?: { schemas?: Record<string, unknown>; responses?: Record<string, unknown> };
  paths?: Record<string, Record<string, Operation>>;
}

/** Remembers the problems that each route declares. Call before the routes are registered. */
export function collectProblems(app: FastifyInstance): (document: unknown) => void {
  const byRoute = new Map<string, { readonly statuses: readonly number[]; readonly open: boolean }>();
  app.addHook('onRoute', (route) => {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    for (const method of [route.method].flat()) {
      byRoute.set(`${method.toLowerCase()} ${path}`, {
        statuses: route.config?.problems ?? [],
        open: route.config?.access === 'open',
      });
    }
  });

  /** Adds the shared problem schema and each route's error answers to the document. */
  return (input) => {
    const document = input as Document;
    document.components ??= {};
    document.components.schemas = { ...document.components.schemas, Problem: problemSchema };
    document.components.responses = Object.fromEntries(
      Object.entries(DESCRIPTIONS).map(([status, description]) => [
        `Problem${status}`,
        {
          description,
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
    );
    for (const [path, operations] of Object.entries(document.paths ?? {})) {
      for (const [method, operation] of Object.entries(operations)) {
        for (const response of Object.values(operation.responses ?? {})) {
          if (response.description === 'Default Response') response.description = operation.summary ?? 'It worked';
        }
        const route = byRoute.get(`${method} ${path}`);
        const shared = route?.open ? [] : [400, 401, 403, 429, 503];
        const ofBody = operation.requestBody === undefined ? [] : [413, 415];
        for (const status of [...shared, ...ofBody, ...(route?.statuses ?? [])].sort()) {
          operation.responses ??= {};
          operation.responses[status] ??= { $ref: `#/components/responses/Problem${status}` };
        }
      }
    }
  };
}
