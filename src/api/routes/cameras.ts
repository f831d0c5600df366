import { Type } from 'typebox';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { resetLearning } from '../reset-learning.ts';
import { cameraCreateSchema, cameraPatchSchema, cameraSchema, cameraView } from '../schemas/camera.ts';
import { cameraIdSchema, cursorSchema, limitSchema, noContent, pageOf, strict } from '../schemas/common.ts';

const params = Type.Object({ id: cameraIdSchema });
const tags = ['cameras'];

export function cameraRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { cameras } = deps.store;
  const changed = (id: string) => deps.changeNotices.publish({ kind: 'camera', id }).catch(() => undefined);

  app.post(
    '/v1/cameras',
    {
      schema: {
        operationId: 'createCamera',
        summary: 'Add a camera',
        description: 'It is connected at once, learns what is normal, then raises incidents.',
        tags,
        body: cameraCreateSchema,
        response: { 201: cameraSchema },
      },
      config: { problems: [409] },
    },
    async (request, reply) => {
      const { id, name, url, credentials, enabled, settings } = request.body;
      await deps.checkSource(url);
      if (settings?.packs) await deps.checkPacks(settings.packs);
      const camera = await cameras.create({
        id,
        name: name ?? id,
        url,
        ...(credentials === undefined ? {} : { credentials }),
        enabled: enabled ?? true,
        settings: { ...deps.settings.cameraDefaults, ...settings },
      });
      await changed(id);
      return reply.code(201).header('location', `/v1/cameras/${id}`).send(cameraView(camera));
    },
  );

  app.get(
    '/v1/cameras',
    {
      schema: {
        operationId: 'listCameras',
        summary: 'List cameras',
        tags,
        querystring: Type.Object({ cursor: Type.Optional(cursorSchema), limit: limitSchema }, strict),
        response: { 200: pageOf(cameraSchema) },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const page = await cameras.list({ limit, ...(cursor === undefined ? {} : { after: cursor }) });
      return { items: page.items.map(cameraView), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/v1/cameras/:id',
    {
      schema: {
        operationId: 'getCamera',
        summary: 'One camera with its state, learning progress and losses',
        tags,
        params,
        response: { 200: cameraSchema },
      },
      config: { problems: [404] },
    },
    async (request) => cameraView(await cameras.get(request.params.id)),
  );

  app.patch(
    '/v1/cameras/:id',
    {
      schema: {
        operationId: 'updateCamera',
        summary: 'Change a camera',
        description: 'Fields that are left out stay as they are, also inside settings.',
        tags,
        params,
        body: cameraPatchSchema,
        response: { 200: cameraSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      if (request.body.url !== undefined) await deps.checkSource(request.body.url);
      if (request.body.settings?.packs) await deps.checkPacks(request.body.settings.packs);
      const camera = await cameras.update(id, request.body);
      await changed(id);
      return cameraView(camera);
    },
  );

  app.delete(
    '/v1/cameras/:id',
    {
      schema: {
        operationId: 'deleteCamera',
        summary: 'Remove a camera with its scores and incidents',
        tags,
        params,
        response: { 204: noContent },
      },
      config: { problems: [404] },
    },
    async (request, reply) => {
      const { id } = request.params;
      await cameras.remove(id);
      await changed(id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/cameras/:id/learning/reset',
    {
      schema: {
        operationId: 'resetCameraLearning',
        summary: 'Forget what the camera has learnt and learn anew',
        description: 'For a camera that was moved. Until it has learnt again it raises no alerts.',
        tags,
        params,
        response: { 202: cameraSchema },
      },
      config: { problems: [404, 409] },
    },
    async (request, reply) => {
      const { id } = request.params;
      await resetLearning(deps.store, id);
      await changed(id);
      return reply.code(202).send(cameraView(await cameras.get(id)));
    },
  );
}
