import { Type } from 'typebox';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { cameraIdSchema, cursorSchema, idSchema, limitSchema, noContent, pageOf, strict } from '../schemas/common.ts';
import { referenceSchema, referenceView } from '../schemas/reference.ts';

const tags = ['cameras'];

/** What reviews have taught a camera. */
export function referenceRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { cameras, references } = deps.store;

  app.get(
    '/v1/cameras/:id/references',
    {
      schema: {
        operationId: 'listCameraReferences',
        summary: 'List the reviewed incidents that a camera compares with',
        description:
          'Each review makes one, newest first. They stay when learning is reset, and when their incident is deleted by age; a camera holds 200 at most.',
        tags,
        params: Type.Object({ id: cameraIdSchema }),
        querystring: Type.Object({ cursor: Type.Optional(cursorSchema), limit: limitSchema }, strict),
        response: { 200: pageOf(referenceSchema) },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      await cameras.get(id);
      const page = await references.list(id, request.query);
      return { items: page.items.map(referenceView), nextCursor: page.nextCursor };
    },
  );

  app.delete(
    '/v1/cameras/:id/references/:reference',
    {
      schema: {
        operationId: 'deleteCameraReference',
        summary: 'Take a reference out of use',
        description: 'From the next segment on the camera compares with it no more. The review stays as it is.',
        tags,
        params: Type.Object({ id: cameraIdSchema, reference: idSchema('ref') }),
        response: { 204: noContent },
      },
      config: { problems: [404] },
    },
    async (request, reply) => {
      const { id, reference } = request.params;
      await references.remove(id, reference, request.principal?.id ?? 'unknown');
      await deps.changeNotices.publish({ kind: 'review', id }).catch(() => undefined);
      return reply.code(204).send(null);
    },
  );
}
