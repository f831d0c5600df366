import { Type } from 'typebox';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { cursorSchema, idSchema, limitSchema, noContent, pageOf, strict } from '../schemas/common.ts';
import {
  endpointCreatedSchema,
  endpointCreateSchema,
  endpointPatchSchema,
  endpointSchema,
  endpointView,
} from '../schemas/webhook.ts';

const params = Type.Object({ id: idSchema('whe') });
const tags = ['webhooks'];

export function webhookRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { endpoints } = deps.store;
  const changed = (id: string) => deps.changeNotices.publish({ kind: 'endpoint', id }).catch(() => undefined);

  app.post(
    '/v1/webhooks',
    {
      schema: {
        operationId: 'createWebhook',
        summary: 'Add an endpoint that receives alerts',
        description: 'The answer holds the signing secret, this once.',
        tags,
        body: endpointCreateSchema,
        response: { 201: endpointCreatedSchema },
      },
    },
    async (request, reply) => {
      const { url, description, eventTypes, cameraIds, includeReview } = request.body;
      await deps.checkTarget(url);
      const { endpoint, secret } = await endpoints.create({
        url,
        eventTypes: eventTypes ?? null,
        cameraIds: cameraIds ?? null,
        ...(includeReview === undefined ? {} : { includeReview }),
        ...(description === undefined ? {} : { description }),
      });
      await changed(endpoint.id);
      return reply
        .code(201)
        .header('location', `/v1/webhooks/${endpoint.id}`)
        .send({ ...endpointView(endpoint), secret });
    },
  );

  app.get(
    '/v1/webhooks',
    {
      schema: {
        operationId: 'listWebhooks',
        summary: 'List the endpoints',
        tags,
        querystring: Type.Object({ cursor: Type.Optional(cursorSchema), limit: limitSchema }, strict),
        response: { 200: pageOf(endpointSchema) },
      },
    },
    async (request) => {
      const { items, nextCursor } = await endpoints.list(request.query);
      return { items: items.map(endpointView), nextCursor };
    },
  );

  app.get(
    '/v1/webhooks/:id',
    {
      schema: { operationId: 'getWebhook', summary: 'One endpoint', tags, params, response: { 200: endpointSchema } },
      config: { problems: [404] },
    },
    async (request) => endpointView(await endpoints.get(request.params.id)),
  );

  app.patch(
    '/v1/webhooks/:id',
    {
      schema: {
        operationId: 'updateWebhook',
        summary: 'Change an endpoint, or take it into use again',
        tags,
        params,
        body: endpointPatchSchema,
        response: { 200: endpointSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      if (request.body.url !== undefined) await deps.checkTarget(request.body.url);
      const endpoint = await endpoints.update(id, request.body);
      await changed(id);
      return endpointView(endpoint);
    },
  );

  app.delete(
    '/v1/webhooks/:id',
    {
      schema: {
        operationId: 'deleteWebhook',
        summary: 'Remove an endpoint with its deliveries',
        tags,
        params,
        response: { 204: noContent },
      },
      config: { problems: [404] },
    },
    async (request, reply) => {
      await endpoints.remove(request.params.id);
      await changed(request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/webhooks/:id/ping',
    {
      schema: {
        operationId: 'pingWebhook',
        summary: 'Send a test event to this endpoint',
        description: 'It goes the way of every alert: signed, retried, logged as a delivery.',
        tags,
        params,
        response: {
          202: Type.Object(
            { eventId: idSchema('msg'), deliveryId: idSchema('dlv') },
            { description: 'It is queued; see the delivery for what became of it.' },
          ),
        },
      },
      config: { problems: [404, 409] },
    },
    async (request, reply) => {
      const { eventId, deliveryId } = await deps.pingEndpoint(request.params.id);
      return reply.code(202).header('location', `/v1/deliveries/${deliveryId}`).send({ eventId, deliveryId });
    },
  );
}
