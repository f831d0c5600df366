import { Type } from 'typebox';
import { redactSecrets } from '../../platform/redact.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { cursorSchema, idSchema, limitSchema, pageOf, strict } from '../schemas/common.ts';
import {
  attemptView,
  deliveryDetailSchema,
  deliverySchema,
  deliveryStateSchema,
  deliveryView,
} from '../schemas/webhook.ts';

const params = Type.Object({ id: idSchema('dlv') });
const tags = ['deliveries'];

export function deliveryRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { deliveries } = deps.store;

  app.get(
    '/v1/deliveries',
    {
      schema: {
        operationId: 'listDeliveries',
        summary: 'List deliveries, newest first',
        tags,
        querystring: Type.Object(
          {
            webhook: Type.Optional(idSchema('whe')),
            event: Type.Optional(idSchema('msg')),
            state: Type.Optional(deliveryStateSchema),
            cursor: Type.Optional(cursorSchema),
            limit: limitSchema,
          },
          strict,
        ),
        response: { 200: pageOf(deliverySchema) },
      },
    },
    async (request) => {
      const { webhook, event, ...filter } = request.query;
      const page = await deliveries.list({
        ...filter,
        ...(webhook === undefined ? {} : { endpointId: webhook }),
        ...(event === undefined ? {} : { eventId: event }),
      });
      return { items: page.items.map(deliveryView), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/v1/deliveries/:id',
    {
      schema: {
        operationId: 'getDelivery',
        summary: 'One delivery with its body and every attempt',
        tags,
        params,
        response: { 200: deliveryDetailSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      const delivery = await deliveries.get(id);
      return {
        ...deliveryView(delivery),
        endpointUrl: redactSecrets(delivery.endpointUrl),
        body: delivery.body,
        attemptLog: (await deliveries.attempts(id)).map(attemptView),
      };
    },
  );

  app.post(
    '/v1/deliveries/:id/replay',
    {
      schema: {
        operationId: 'replayDelivery',
        summary: 'Send an alert again',
        description: 'The same bytes under the same webhook-id, so that a receiver can tell that it knows it.',
        tags,
        params,
        response: { 202: deliverySchema },
      },
      config: { problems: [404, 409] },
    },
    async (request, reply) => {
      const { id } = request.params;
      await deliveries.replay(id);
      // a job that cannot be queued now is found in the outbox by the sweep
      await deps.enqueueDelivery(id, 0).catch((reason: unknown) => {
        request.log.warn({ delivery: id, reason: String(reason) }, 'api.enqueue-failed');
      });
      return reply.code(202).send(deliveryView(await deliveries.get(id)));
    },
  );
}
