import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { problem } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { readByteRange } from '../byte-range.ts';
import type { EvidenceKind } from '../ports.ts';
import { idSchema } from '../schemas/common.ts';

const RETRY_AFTER_SECONDS = 3;

const FILES = [
  {
    kind: 'clip',
    operationId: 'getIncidentClip',
    file: 'clip.mp4',
    mediaType: 'video/mp4',
    summary: 'The video of an incident, with pre- and post-roll',
  },
  {
    kind: 'snapshot',
    operationId: 'getIncidentSnapshot',
    file: 'snapshot.jpg',
    mediaType: 'image/jpeg',
    summary: 'The picture at the peak of an incident',
  },
  {
    kind: 'heatmap',
    operationId: 'getIncidentHeatMap',
    file: 'heatmap.jpg',
    mediaType: 'image/jpeg',
    summary: 'The same picture with what was strange in it, yellow to red',
  },
] as const;

export function evidenceRoutes(app: ApiInstance, deps: ApiDeps): void {
  for (const { kind, operationId, file, mediaType, summary } of FILES) {
    const binary = { content: { [mediaType]: { schema: Type.Unsafe<string>({ type: 'string', format: 'binary' }) } } };
    app.get(
      `/v1/incidents/:id/${file}`,
      {
        schema: {
          operationId,
          summary,
          description:
            'Takes a single byte range. While the incident runs, what there is so far; while there is nothing yet: 409 with Retry-After.',
          tags: ['incidents'],
          params: Type.Object({ id: idSchema('inc') }),
          headers: Type.Object({ range: Type.Optional(Type.String({ examples: ['bytes=0-65535'] })) }),
          response: {
            200: { description: 'The whole file', ...binary },
            206: { description: 'The range that was asked for', ...binary },
            304: Type.Null({ description: 'The client has this version' }),
          },
        },
        config: { problems: [404, 409, 416] },
      },
      async (request, reply) => {
        const { key, sizeBytes, etag } = await locate(deps, kind, request.params.id);
        reply.header('etag', etag);
        if (request.headers['if-none-match'] === etag) return reply.code(304).send(null);
        const range = rangeOf(request, reply, sizeBytes, etag);
        reply.headers({
          'content-type': mediaType,
          'content-disposition': `inline; filename="${request.params.id}-${file}"`,
          'accept-ranges': 'bytes',
          'content-length': range ? range.end - range.start + 1 : sizeBytes,
          'cache-control': 'private, no-cache',
        });
        if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`);
        // a stream, because Fastify counts the length of anything else
        if (request.method === 'HEAD') return reply.send(Readable.from([]) as never);
        const { stream } = await deps.evidence.open(key, range ?? undefined);
        return reply.send(stream as never);
      },
    );
  }
}

async function locate(
  deps: ApiDeps,
  kind: EvidenceKind,
  id: string,
): Promise<{ key: string; sizeBytes: number; etag: string }> {
  const incident = await deps.store.incidents.get(id);
  const { state, path, reason } = incident[kind];
  // while an incident runs there may be a clip up to now: better than none for who has to decide
  if (state === 'pending' && path === null) {
    throw problem('VDT_EVIDENCE_PENDING', { kind, id, retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  if (state === 'failed' || path === null)
    throw problem('VDT_EVIDENCE_MISSING', { kind, id, reason: reason ?? 'failed' });
  const stat = await deps.evidence.stat(path);
  if (!stat) throw problem('VDT_EVIDENCE_MISSING', { kind, id, reason: 'its file is gone' });
  return { key: path, ...stat };
}

function rangeOf(request: FastifyRequest, reply: FastifyReply, sizeBytes: number, etag: string) {
  // RFC 9110 section 13.1.5: a range of another version is answered with the whole
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== etag) return null;
  const range = readByteRange(request.headers.range, sizeBytes);
  if (range !== 'unsatisfiable') return range;
  reply.header('content-range', `bytes */${sizeBytes}`);
  throw problem('VDT_RANGE_INVALID', { range: (request.headers.range ?? '').slice(0, 100), sizeBytes });
}
