import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import { problem } from '../../platform/errors.ts';
import { readCredentials } from '../credentials.ts';
import { FailedAttempts } from '../failed-attempts.ts';
import type { ApiKeyStore, Scope } from '../ports.ts';

/** Who asks: the key's id and scopes, and a way to see whether the key is still good (for long-lived streams). */
export interface Principal {
  readonly id: string;
  readonly scopes: readonly Scope[];
  stillValid(): Promise<boolean>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on open routes. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** What a route asks for; by default `read` for GET and HEAD, `write` for the rest. */
    access?: Scope | 'open';
  }
}

/** A scope holds those before it. */
const RANK: Readonly<Record<Scope, number>> = { read: 0, write: 1, admin: 2 };
const KNOWN_KEYS = 1000;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
// In order of preference, as one header each: some browsers take only the first challenge of a list.
const CHALLENGES = ['Bearer realm="vedette"', 'Basic realm="vedette, the API key is the password", charset="UTF-8"'];

export interface AuthenticationDeps {
  readonly apiKeys: Pick<ApiKeyStore, 'verify'>;
  readonly clock: Clock;
}

/**
 * Guards every route, the unknown ones included, that is not marked open. Failed attempts are counted by address;
 * an address over the limit is refused unless its key has been good before, so that one noisy client behind a
 * shared proxy does not lock out the others.
 */
export function useAuthentication(app: FastifyInstance, { apiKeys, clock }: AuthenticationDeps): void {
  const failures = new FailedAttempts(clock);
  const goodBefore = new Set<string>();

  app.decorateRequest('principal', null);
  app.addHook('onRequest', async (request, reply) => {
    const needed = neededAccess(request);
    if (needed === 'open') return;

    const credentials = readCredentials(request.headers.authorization);
    const digest = credentials && createHash('sha256').update(credentials.key).digest('base64');
    const waitSeconds = failures.waitSeconds(request.ip);
    if (waitSeconds !== null && !(digest && goodBefore.has(digest))) {
      throw problem('VDT_TOO_MANY_ATTEMPTS', { retryAfterSeconds: waitSeconds });
    }

    const verified = credentials ? await apiKeys.verify(credentials.key) : null;
    if (!credentials || !digest || !verified) {
      if (digest) goodBefore.delete(digest);
      // A browser's first, empty-handed request is no attempt.
      if (request.headers.authorization !== undefined) failures.add(request.ip);
      reply.header('www-authenticate', CHALLENGES);
      throw problem('VDT_UNAUTHORIZED');
    }
    if (goodBefore.size >= KNOWN_KEYS) goodBefore.clear();
    goodBefore.add(digest);

    if (!verified.scopes.some((scope) => RANK[scope] >= RANK[needed]))
      throw problem('VDT_FORBIDDEN', { scope: needed });
    if (credentials.scheme === 'basic') refuseForeignSite(request);
    const { key } = credentials;
    request.principal = { ...verified, stillValid: async () => (await apiKeys.verify(key)) !== null };
  });
}

function neededAccess(request: FastifyRequest): Scope | 'open' {
  const access = request.routeOptions.config.access;
  if (access !== undefined) return access;
  // An unknown route asks for any key: a wrong path is told apart from a wrong key only to those who hold one.
  if (request.is404) return 'read';
  return SAFE_METHODS.has(request.method) ? 'read' : 'write';
}

/** Browsers attach Basic credentials by themselves, also to a form that another site submits: such writes are refused. */
function refuseForeignSite(request: FastifyRequest): void {
  if (SAFE_METHODS.has(request.method)) return;
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = origin !== undefined && hostOf(origin) !== request.headers.host;
  if (!foreignSite && !foreignOrigin) return;
  throw problem('VDT_CROSS_SITE');
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
