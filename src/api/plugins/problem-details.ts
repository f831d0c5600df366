import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problem, VedetteError } from '../../platform/errors.ts';
import { redactSecrets } from '../../platform/redact.ts';
import type { Problem } from '../schemas/common.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457 section 3. `type` is a relative reference to the page of error kinds; the texts pass the redactor. */
export function problemDetails(error: VedetteError, requestId: string): Problem {
  const field = error.values.field;
  // VDT_INTERNAL names its reason for the log; to the outside it says only where to look.
  const detail = error.code === 'VDT_INTERNAL' ? 'Something failed inside the service' : error.message;
  return {
    type: `/docs/errors#${error.code}`,
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: redactSecrets(detail),
    code: error.code,
    hint: redactSecrets(error.hint),
    ...(field === undefined ? {} : { field: String(field) }),
    requestId,
    retryable: error.retryable,
  };
}

/** Every error leaves as problem details: our own, Fastify's, an unknown route, and whatever a handler throws. */
export function useProblemDetails(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(problem('VDT_ROUTE_UNKNOWN', { method: request.method, path: pathOf(request.url) }), request, reply),
  );
}

/** Sends anything thrown as problem details; what is not a problem of the request is logged with its cause. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asProblem(thrown, request);
  if (error.status >= 500) request.log.error({ err: thrown, code: error.code }, 'api.failed');
  const retryAfterSeconds = error.values.retryAfterSeconds;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  return reply
    .code(error.status)
    .headers({ 'content-type': PROBLEM_MEDIA_TYPE, 'cache-control': 'no-store' })
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problemDetails(error, request.id));
}

/** Maps anything thrown to one of our errors; the message of an unforeseen one stays inside. */
export function asProblem(thrown: unknown, request: Pick<FastifyRequest, 'headers' | 'routeOptions'>): VedetteError {
  if (thrown instanceof VedetteError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as Partial<FastifyError>;
  const invalid = (field: string, reason: string, hint: string) =>
    problem('VDT_REQUEST_INVALID', { field, reason }, { hint, cause: thrown });
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('VDT_BODY_TOO_LARGE', { limitBytes: request.routeOptions.bodyLimit ?? 0 }, { cause: thrown });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('VDT_MEDIA_TYPE_UNSUPPORTED', {
        mediaType: String(request.headers['content-type'] ?? '(none)').slice(0, 100),
      });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return invalid('body', 'is empty', 'Send a JSON object, or leave the Content-Type header out.');
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return invalid('body', 'is not valid JSON', 'Check quotes, commas and braces; the text must be UTF-8.');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return invalid('header.content-length', 'does not match the body', 'Let your HTTP client set it.');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return invalid('path', 'is not a valid URL path', 'Percent-encode the characters that need it.');
  }
  if (thrown instanceof SyntaxError && statusCode === 400) {
    return invalid('body', 'is not valid JSON', 'Check quotes, commas and braces; the text must be UTF-8.');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return invalid('request', 'was refused by the HTTP layer', 'Compare the request with /openapi.json.');
  }
  return problem('VDT_INTERNAL', { reason: 'unforeseen' }, { cause: thrown });
}

function pathOf(url: string): string {
  return (url.split('?', 1)[0] ?? url).slice(0, 200);
}
