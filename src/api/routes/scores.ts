import { Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import { problem } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { cameraIdSchema, strict, time, timeInput } from '../schemas/common.ts';
import { parseTimeRange, requireOrder } from '../time-range.ts';

const HOUR_MS = 3_600_000;
const LONGEST_RANGE_MS = 366 * 24 * HOUR_MS;

const timelineSchema = Type.Object(
  {
    camera: Type.Object({ id: cameraIdSchema }),
    from: time(),
    to: time(),
    buckets: Type.Array(
      Type.Object({
        start: time(),
        end: time(),
        max: Type.Number({ description: '0 to 1.' }),
        mean: Type.Number({ description: '0 to 1.' }),
        count: Type.Integer({ description: 'Segments in the bucket; a bucket without any is left out.' }),
      }),
    ),
  },
  {
    examples: [
      {
        camera: { id: 'front-door' },
        from: '2026-03-01T11:00:00.000Z',
        to: '2026-03-01T12:00:00.000Z',
        buckets: [
          { start: '2026-03-01T11:00:00.000Z', end: '2026-03-01T11:00:07.200Z', max: 0.31, mean: 0.12, count: 5 },
        ],
      },
    ],
  },
);

export function scoreRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/v1/cameras/:id/scores',
    {
      schema: {
        operationId: 'getScores',
        summary: 'The anomaly score of a camera over time',
        description: 'Maximum and mean of each of at most `points` equal stretches between `from` and `to`.',
        tags: ['scores'],
        params: Type.Object({ id: cameraIdSchema }),
        querystring: Type.Object(
          {
            from: Type.Optional(timeInput('Default: one hour before `to`.')),
            to: Type.Optional(timeInput('Default: now.')),
            points: Type.Integer({ minimum: 1, maximum: 5000, default: 500 }),
          },
          strict,
        ),
        response: { 200: timelineSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      const { points } = request.query;
      const asked = parseTimeRange(request.query);
      const toMs = asked.toMs ?? deps.clock.nowMs();
      const fromMs = asked.fromMs ?? toMs - HOUR_MS;
      requireOrder(fromMs, toMs);
      if (toMs - fromMs > LONGEST_RANGE_MS) {
        throw problem(
          'VDT_REQUEST_INVALID',
          { field: 'query.from', reason: 'lies more than 366 days before query.to' },
          { hint: 'Ask for a shorter range.' },
        );
      }
      await deps.store.cameras.get(id);
      const buckets = await deps.store.scores.timeline(id, { fromMs, toMs, points });
      return {
        camera: { id },
        from: toRfc3339(fromMs),
        to: toRfc3339(toMs),
        buckets: buckets.map(({ startMs, endMs, max, mean, count }) => ({
          start: toRfc3339(startMs),
          end: toRfc3339(endMs),
          max,
          mean,
          count,
        })),
      };
    },
  );
}
