import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { redactSecrets } from '../../platform/redact.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import type { SourceReport } from '../ports.ts';
import { cameraUrlSchema } from '../schemas/camera.ts';
import { cameraIdSchema, nullable, oneOf, strict } from '../schemas/common.ts';

const reportSchema = Type.Object(
  {
    ok: Type.Boolean(),
    failure: nullable(
      Type.Object({
        reason: Type.String({ description: 'Stable word: dns, refused, unauthorized, timeout, no-video, codec …' }),
        message: Type.String(),
        hint: Type.String(),
      }),
    ),
    video: nullable(
      Type.Object({
        codec: Type.String(),
        width: nullable(Type.Integer()),
        height: nullable(Type.Integer()),
        framesPerSecond: nullable(Type.Number()),
      }),
    ),
    durationMs: Type.Number(),
  },
  {
    examples: [
      {
        ok: true,
        failure: null,
        video: { codec: 'h264', width: 1920, height: 1080, framesPerSecond: 25 },
        durationMs: 840,
      },
    ],
  },
);

export function cameraTestRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.post(
    '/v1/cameras/test',
    {
      schema: {
        operationId: 'testCameraUrl',
        summary: 'Try a camera URL before adding it',
        description: 'Connects once and says why it fails: name, connection, password, no video, codec.',
        tags: ['cameras'],
        body: Type.Object(
          { url: cameraUrlSchema, transport: Type.Optional(oneOf(['tcp', 'udp'])) },
          { ...strict, examples: [{ url: 'rtsp://viewer:secret@192.0.2.10/stream1' }] },
        ),
        response: { 200: reportSchema },
      },
    },
    async (request, reply) => {
      const { url, transport } = request.body;
      await deps.checkSource(url);
      return reportView(await deps.testSource(url, { transport: transport ?? 'tcp', signal: goneSignal(reply) }));
    },
  );

  app.post(
    '/v1/cameras/:id/test',
    {
      schema: {
        operationId: 'testCamera',
        summary: 'Try the connection to a camera',
        tags: ['cameras'],
        params: Type.Object({ id: cameraIdSchema }),
        response: { 200: reportSchema },
      },
      config: { problems: [404] },
    },
    async (request, reply) => {
      const { id } = request.params;
      const camera = await deps.store.cameras.get(id);
      const url = await deps.store.cameras.sourceUrl(id);
      const { transport } = camera.settings;
      return reportView(await deps.testSource(url, { transport, signal: goneSignal(reply) }));
    },
  );
}

/** The URL holds a password that tools like to repeat, so their words pass the redactor. */
function reportView(report: SourceReport): Static<typeof reportSchema> {
  const { ok, failure, video, durationMs } = report;
  return {
    ok,
    video,
    durationMs,
    failure: failure && {
      reason: failure.reason,
      message: redactSecrets(failure.message),
      hint: redactSecrets(failure.hint),
    },
  };
}

/** Aborts when the client hangs up, so that no probe runs on for nobody. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
