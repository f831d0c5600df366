import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { problem } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { EventFeed } from '../event-feed.ts';
import { eventStream } from '../event-stream.ts';
import type { StoredEvent } from '../ports.ts';
import { cameraIdSchema, oneOf, strict } from '../schemas/common.ts';
import { EVENT_TYPES } from '../schemas/webhook.ts';

const DEFAULT_MAX_STREAMS = 200;
const SEQUENCE_PATTERN = '^[0-9]{1,15}$';

/** The live streams that are open, so that a close can end them. */
export interface LiveStreams {
  end(): Promise<void>;
}

export function eventRoutes(app: ApiInstance, deps: ApiDeps): LiveStreams {
  const { clock, logger, metrics } = deps;
  const maxStreams = deps.settings.maxEventStreams ?? DEFAULT_MAX_STREAMS;
  const feed = new EventFeed({ events: deps.store.events, notices: deps.eventNotices, clock, logger });
  const open = new Map<AbortController, Promise<void>>();

  app.get(
    '/v1/events',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamEvents',
        summary: 'Alerts as they happen (server-sent events)',
        description:
          'Each event has the sequence as id, its type as event name, and as data the very JSON that webhooks carry. ' +
          'Come back with Last-Event-ID to get what was missed. A comment comes every 15 s.',
        tags: ['events'],
        querystring: Type.Object(
          {
            camera: Type.Optional(cameraIdSchema),
            type: Type.Optional(Type.Array(oneOf(EVENT_TYPES), { description: 'May be repeated. Default: all.' })),
            after: Type.Optional(
              Type.String({ pattern: SEQUENCE_PATTERN, description: 'As Last-Event-ID, for a first connection.' }),
            ),
          },
          strict,
        ),
        headers: Type.Object({
          'last-event-id': Type.Optional(Type.String({ maxLength: 64, description: 'The last id that was received.' })),
        }),
        response: {
          200: {
            description: 'The stream; it does not end by itself',
            content: {
              'text/event-stream': {
                schema: Type.Unsafe<string>({
                  type: 'string',
                  examples: ['id: 41\nevent: incident.opened\ndata: {"type":"incident.opened","data":{}}\n\n'],
                }),
              },
            },
          },
        },
      },
    },
    async (request, reply) => {
      if (open.size >= maxStreams) throw problem('VDT_TOO_MANY_STREAMS', { limit: maxStreams, retryAfterSeconds: 5 });
      const ending = new AbortController();
      const gone = new Promise<void>((resolve) => reply.raw.once('close', resolve));
      open.set(ending, gone);
      metrics.sseClients.set(open.size);
      // ends by itself where the client reads; where it does not, there is no end to wait for
      ending.signal.addEventListener('abort', () => {
        if (reply.raw.writableNeedDrain) reply.raw.destroy();
      });
      void gone.then(() => {
        ending.abort();
        open.delete(ending);
        metrics.sseClients.set(open.size);
      });

      const { camera, type, after } = request.query;
      const leave = await feed.join();
      void gone.then(leave);
      const stream = Readable.from(
        eventStream({
          feed,
          clock,
          ending,
          after: readSequence(request.headers['last-event-id'] ?? after),
          wanted: (event) => isOf(event, camera) && (type === undefined || (type as string[]).includes(event.type)),
          stillAllowed: async () => (await request.principal?.stillValid()) ?? false,
          onSlow: () => {
            request.log.warn('api.slow-stream-dropped');
            metrics.sseDropped.inc();
            reply.raw.destroy();
          },
        }),
        { objectMode: false, highWaterMark: 64 * 1024 },
      );
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'x-accel-buffering': 'no', // nginx would hold events back
          connection: 'close', // nothing follows a stream, and a kept connection would hold up a close
        })
        .send(stream as never);
    },
  );

  return {
    async end() {
      const waits = [...open.values()];
      for (const ending of open.keys()) ending.abort();
      await Promise.all(waits);
    },
  };
}

/** Null for none, or for an id that is not ours. */
function readSequence(text: string | undefined): number | null {
  return text !== undefined && new RegExp(SEQUENCE_PATTERN).test(text) ? Number(text) : null;
}

function isOf(event: StoredEvent, camera: string | undefined): boolean {
  return camera === undefined || event.cameraId === camera;
}
