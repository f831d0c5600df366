import { Type } from 'typebox';
import { problem } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { replaceLearnedState } from '../replace-learned-state.ts';
import { cameraIdSchema, noContent } from '../schemas/common.ts';

/** A camera's learnt state holds about a megabyte; the bound is the store's promise of 20 MB a camera. */
const STATE_LIMIT_BYTES = 20 * 1024 * 1024;

export function learnedStateRoutes(app: ApiInstance, deps: ApiDeps): void {
  // the parser for raw bytes belongs to this route alone
  app.register(async (scope: ApiInstance) => {
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer', bodyLimit: STATE_LIMIT_BYTES },
      (_, body, done) => done(null, body),
    );
    scope.put(
      '/v1/cameras/:id/learning/state/:pack',
      {
        schema: {
          operationId: 'putCameraLearnedState',
          summary: 'Give a camera what was learnt from recordings',
          description:
            'The bytes that `vedette camera learn` makes, as application/octet-stream. The camera watches with them from its next segment on.',
          tags: ['cameras'],
          consumes: ['application/octet-stream'],
          params: Type.Object({ id: cameraIdSchema, pack: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }) }),
          response: { 204: noContent },
        },
        bodyLimit: STATE_LIMIT_BYTES,
        config: { access: 'admin', problems: [404, 409, 413, 415] },
      },
      async (request, reply) => {
        const { id, pack } = request.params as { id: string; pack: string };
        const { body } = request;
        if (!(body instanceof Uint8Array) || body.length === 0) {
          throw problem(
            'VDT_REQUEST_INVALID',
            { field: 'body', reason: 'must be the bytes of a learnt state' },
            { hint: 'Send what "vedette camera learn" makes, as application/octet-stream.' },
          );
        }
        const { settings } = await deps.store.cameras.get(id);
        // what is learned with several packs together bears all their names, joined with +
        if (!pack.split('+').every((packId) => settings.packs.includes(packId))) {
          throw problem(
            'VDT_REQUEST_INVALID',
            { field: 'pack', reason: `${pack} does not look at camera ${id}` },
            { hint: `Its packs are: ${settings.packs.join(', ')}.` },
          );
        }
        await replaceLearnedState(deps.store, id, pack, body, deps.readLearnedState(body));
        await deps.changeNotices.publish({ kind: 'camera', id }).catch(() => {});
        return reply.code(204).send(null);
      },
    );
  });
}
