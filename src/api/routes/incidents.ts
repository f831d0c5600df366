import { Type } from 'typebox';
import { VedetteError } from '../../platform/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import type { CameraStore, Incident } from '../ports.ts';
import { cameraIdSchema, cursorSchema, idSchema, limitSchema, pageOf, strict, timeInput } from '../schemas/common.ts';
import {
  decisionSchema,
  incidentSchema,
  incidentStateSchema,
  incidentView,
  reviewInputSchema,
  severitySchema,
  verdictSchema,
} from '../schemas/incident.ts';
import { parseTime, parseTimeRange } from '../time-range.ts';

const params = Type.Object({ id: idSchema('inc') });
const tags = ['incidents'];

export function incidentRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { incidents, reviews } = deps.store;
  const { publicUrl } = deps.settings;

  async function view(records: readonly Incident[]) {
    const names = await cameraNames(deps.store.cameras, records);
    return records.map((incident) =>
      incidentView(incident, names.get(incident.cameraId) ?? incident.cameraId, publicUrl),
    );
  }
  async function viewOne(record: Incident) {
    const names = await cameraNames(deps.store.cameras, [record]);
    return incidentView(record, names.get(record.cameraId) ?? record.cameraId, publicUrl);
  }

  app.get(
    '/v1/incidents',
    {
      schema: {
        operationId: 'listIncidents',
        summary: 'List incidents, newest first',
        tags,
        querystring: Type.Object(
          {
            camera: Type.Optional(cameraIdSchema),
            from: Type.Optional(timeInput('Onset at or after this.')),
            to: Type.Optional(timeInput('Onset before this.')),
            state: Type.Optional(incidentStateSchema),
            severity: Type.Optional(severitySchema),
            decision: Type.Optional(decisionSchema),
            review: Type.Optional(verdictSchema),
            cursor: Type.Optional(cursorSchema),
            limit: limitSchema,
          },
          strict,
        ),
        response: { 200: pageOf(incidentSchema) },
      },
    },
    async (request) => {
      const { camera, from, to, ...filter } = request.query;
      const page = await incidents.list({
        ...filter,
        ...parseTimeRange({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }),
        ...(camera === undefined ? {} : { cameraId: camera }),
      });
      return { items: await view(page.items), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/v1/incidents/:id',
    {
      schema: {
        operationId: 'getIncident',
        summary: 'One incident with explanation, cues, review and evidence',
        tags,
        params,
        response: { 200: incidentSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      return viewOne(await incidents.get(id));
    },
  );

  app.post(
    '/v1/incidents/:id/review',
    {
      schema: {
        operationId: 'reviewIncident',
        summary: 'Confirm or dismiss an incident',
        description:
          'The incident becomes a reference of its camera: from the next segment on what looks like a dismissed one counts for little, and what looks like a confirmed one for more. A later verdict replaces it, `unreviewed` takes it back.',
        tags,
        params,
        body: reviewInputSchema,
        response: { 200: incidentSchema },
      },
      config: { problems: [404] },
    },
    async (request) => {
      const { id } = request.params;
      const { verdict, by, moment, label, note } = request.body;
      const { droppedReferences } = await reviews.put(id, {
        verdict,
        by: by ?? request.principal?.id ?? 'unknown',
        ...(moment === undefined ? {} : { momentMs: parseTime('body.moment', moment) }),
        ...(label === undefined ? {} : { label }),
        ...(note === undefined ? {} : { note }),
      });
      const incident = await incidents.get(id);
      if (droppedReferences.length > 0) {
        deps.logger.warn({ cameraId: incident.cameraId, droppedReferences }, 'references.oldest-dropped');
      }
      await deps.changeNotices.publish({ kind: 'review', id: incident.cameraId }).catch(() => undefined);
      return viewOne(incident);
    },
  );
}

/** Names of the cameras of some incidents; one that was removed meanwhile goes by its id. */
async function cameraNames(
  cameras: Pick<CameraStore, 'get'>,
  records: readonly Incident[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(records.map((record) => record.cameraId))];
  const pairs = ids.map(async (id) => [id, await nameOf(cameras, id)] as const);
  return new Map(await Promise.all(pairs));
}

async function nameOf(cameras: Pick<CameraStore, 'get'>, id: string): Promise<string> {
  try {
    return (await cameras.get(id)).name;
  } catch (thrown) {
    if (thrown instanceof VedetteError && thrown.code === 'VDT_NOT_FOUND') return id;
    throw thrown;
  }
}
