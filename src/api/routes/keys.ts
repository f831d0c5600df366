import { Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import { problem } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { idSchema, noContent, nullable, oneOf, strict, time } from '../schemas/common.ts';

const tags = ['keys'];
const config = { access: 'admin' } as const;
const scopesSchema = Type.Array(oneOf(['read', 'write', 'admin']), {
  minItems: 1,
  uniqueItems: true,
  description: 'read: look; write: look and change; admin: all, keys included.',
});

const keyProperties = {
  id: idSchema('key'),
  name: Type.String(),
  scopes: scopesSchema,
  created: time(),
};
const keyExample = {
  id: 'key_3m0g6k2v9qzt8w1hr5xb7cdny',
  name: 'dashboard',
  scopes: ['read'],
  created: '2026-03-01T12:00:00.000Z',
};
const keySchema = Type.Object(
  {
    ...keyProperties,
    prefix: Type.String({ description: 'The first characters of the key.' }),
    lastUsed: nullable(time('To the minute.')),
    revoked: nullable(time()),
  },
  { examples: [{ ...keyExample, prefix: 'vdt_k3J9x2Qp', lastUsed: null, revoked: null }] },
);

export function keyRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { apiKeys } = deps.store;

  app.get(
    '/v1/keys',
    {
      schema: {
        operationId: 'listKeys',
        summary: 'List the API keys (not the secrets)',
        tags,
        response: { 200: Type.Object({ items: Type.Array(keySchema) }) },
      },
      config,
    },
    async () => ({
      items: (await apiKeys.list()).map(({ id, name, prefix, scopes, createdMs, lastUsedMs, revokedMs }) => ({
        id,
        name,
        prefix,
        scopes: [...scopes],
        created: toRfc3339(createdMs),
        lastUsed: lastUsedMs === null ? null : toRfc3339(lastUsedMs),
        revoked: revokedMs === null ? null : toRfc3339(revokedMs),
      })),
    }),
  );

  app.post(
    '/v1/keys',
    {
      schema: {
        operationId: 'createKey',
        summary: 'Make an API key',
        description: 'The answer holds the key, this once.',
        tags,
        body: Type.Object(
          { name: Type.String({ minLength: 1, maxLength: 200 }), scopes: scopesSchema },
          { ...strict, examples: [{ name: 'dashboard', scopes: ['read'] }] },
        ),
        response: {
          201: Type.Object(
            { id: keyProperties.id, key: Type.String(), name: keyProperties.name, scopes: scopesSchema },
            { examples: [{ id: keyExample.id, key: 'vdt_…', name: 'dashboard', scopes: ['read'] }] },
          ),
        },
      },
      config,
    },
    async (request, reply) => {
      const { name, scopes } = request.body;
      const { id, key } = await apiKeys.create({ name, scopes });
      return reply.code(201).send({ id, key, name, scopes });
    },
  );

  app.delete(
    '/v1/keys/:id',
    {
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke an API key',
        description: 'It is refused from the next request on. A key cannot revoke itself.',
        tags,
        params: Type.Object({ id: idSchema('key') }),
        response: { 204: noContent },
      },
      config: { ...config, problems: [404, 409] },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (id === request.principal?.id) {
        throw problem(
          'VDT_CONFLICT',
          { what: 'Key', id, reason: 'is the one that this request was made with' },
          { hint: 'Use another admin key, so that nobody locks themselves out.' },
        );
      }
      await apiKeys.revoke(id);
      return reply.code(204).send(null);
    },
  );
}
