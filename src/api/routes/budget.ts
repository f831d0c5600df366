import { Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import { problem } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import type { IncidentStore } from '../ports.ts';
import { budgetSchema } from '../schemas/budget.ts';
import { cameraIdSchema, strict, timeInput } from '../schemas/common.ts';
import { parseTimeRange, requireOrder } from '../time-range.ts';

const DAY_MS = 86_400_000;
const LONGEST_RANGE_MS = 31 * DAY_MS;
const MOST_INCIDENTS = 500;
const PAGE = 200;

export function budgetRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/v1/cameras/:id/budget',
    {
      schema: {
        operationId: 'replayBudget',
        summary: 'What another false-alert budget would have given',
        description:
          'Decides the stored scores between `from` and `to` once more with a budget of `perDay`. Nothing is changed; set `settings.alertBudgetPerDay` to keep it. A week takes seconds.',
        tags: ['scores'],
        params: Type.Object({ id: cameraIdSchema }),
        querystring: Type.Object(
          {
            perDay: Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'False alerts a day to try.' }),
            from: Type.Optional(timeInput('Default: seven days before `to`.')),
            to: Type.Optional(timeInput('Default: now.')),
          },
          strict,
        ),
        response: { 200: budgetSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      const { perDay } = request.query;
      const asked = parseTimeRange(request.query);
      const toMs = asked.toMs ?? deps.clock.nowMs();
      const fromMs = asked.fromMs ?? toMs - 7 * DAY_MS;
      requireOrder(fromMs, toMs);
      if (toMs - fromMs > LONGEST_RANGE_MS) {
        throw problem(
          'VDT_REQUEST_INVALID',
          { field: 'query.from', reason: 'lies more than 31 days before query.to' },
          { hint: 'Ask for a shorter range.' },
        );
      }
      const camera = await deps.store.cameras.get(id);
      const replay = await deps.replayBudget({ cameraId: id, fromMs, toMs, alertBudgetPerDay: perDay });
      const actual = await countIncidents(deps.store.incidents, id, fromMs, toMs);
      return {
        camera: { id },
        from: toRfc3339(fromMs),
        to: toRfc3339(toMs),
        perDay,
        alerts: replay.alerts,
        reviews: replay.reviews,
        alertsPerDay: replay.alertsPerDay,
        watchedDays: replay.watchedDays,
        missingSeconds: replay.missingSeconds,
        incidents: replay.incidents.slice(0, MOST_INCIDENTS).map((incident) => ({
          decision: incident.decision,
          onset: toRfc3339(incident.onsetMs),
          opened: toRfc3339(incident.openedMs),
          lastAnomalous: toRfc3339(incident.lastAnomalousMs),
          closed: incident.closedMs === null ? null : toRfc3339(incident.closedMs),
          peakScore: incident.peakScore,
        })),
        actual: { perDay: camera.settings.alertBudgetPerDay, ...actual },
      };
    },
  );
}

async function countIncidents(incidents: IncidentStore, cameraId: string, fromMs: number, toMs: number) {
  const count = { alerts: 0, reviews: 0, dismissed: 0 };
  let cursor: string | null = null;
  do {
    const page = await incidents.list({ cameraId, fromMs, toMs, limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    for (const { decision, review } of page.items) {
      count[decision === 'alert' ? 'alerts' : 'reviews'] += 1;
      if (review?.verdict === 'dismissed') count.dismissed += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return count;
}
