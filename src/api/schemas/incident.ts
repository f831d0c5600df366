import { type Static, Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import { redactSecrets } from '../../platform/redact.ts';
import type { Evidence, Incident } from '../ports.ts';
import { cameraIdSchema, idSchema, nullable, oneOf, strict, time, timeInput, timeSchema } from './common.ts';

export const severitySchema = oneOf(['low', 'medium', 'high', 'critical']);
export const decisionSchema = oneOf(['alert', 'review'], {
  description:
    'review: it deviates, but not certainly enough to wake anybody; only endpoints with includeReview are told. It becomes alert, and is told as opened, once it is certain.',
});
export const incidentStateSchema = oneOf(['open', 'closed']);
export const verdictSchema = oneOf(['unreviewed', 'confirmed', 'dismissed']);

const evidenceSchema = Type.Object({
  state: oneOf(['pending', 'ready', 'failed']),
  sizeBytes: nullable(Type.Integer()),
  reason: nullable(Type.String({ description: 'Why it failed.' })),
});

const reviewSchema = Type.Object({
  verdict: verdictSchema,
  by: nullable(Type.String({ description: 'The API key or the name given by the reviewer.' })),
  at: nullable(timeSchema),
  moment: nullable(timeSchema),
  label: nullable(Type.String()),
  note: nullable(Type.String()),
  reference: nullable(
    Type.String({ description: 'The reference of the camera that it made; null where it made none.' }),
  ),
});

const share = Type.Number({ minimum: 0, maximum: 1 });
const cueSchema = Type.Object({
  name: Type.String(),
  probability: Type.Number({ description: 'Upper-tail probability on the history of this camera, 0 to 1.' }),
  cell: nullable(Type.Object({ row: Type.Integer(), column: Type.Integer() })),
  box: nullable(
    Type.Object(
      { left: share, top: share, right: share, bottom: share },
      { description: 'The object or moving shape, in shares of the picture.' },
    ),
  ),
  label: nullable(
    Type.String({ description: 'Class of the object; the expert of a trained head; the name of a definition.' }),
  ),
  comparison: nullable(Type.String({ description: 'How it compares with the history of this camera.' })),
});

export const reviewInputSchema = Type.Object(
  {
    verdict: verdictSchema,
    by: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Who decides. Default: the id of the API key.' }),
    ),
    moment: Type.Optional(timeInput('The moment that the verdict is about.')),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    note: Type.Optional(Type.String({ maxLength: 4000 })),
  },
  { ...strict, examples: [{ verdict: 'dismissed', label: 'cat', note: 'The neighbour’s cat.' }] },
);

export const incidentSchema = Type.Object(
  {
    id: idSchema('inc'),
    camera: Type.Object({ id: cameraIdSchema, name: Type.String() }),
    state: incidentStateSchema,
    decision: decisionSchema,
    certainty: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'How far the peak can be trusted: picture quality, age of the baseline, agreement of the cues.',
    }),
    severity: severitySchema,
    kind: Type.String({
      description:
        'What it is about: vehicle, rider, person, animal, baggage, object, fast-motion, unusual-motion, agitation, crowding, presence, unusual-look, left-object, missing-object, scene-change, known-event (a trained head knows it), definition (the camera’s user wrote it), unusual.',
    }),
    title: Type.String({ description: 'The same in a word or a few, with the object where a detector named it.' }),
    object: nullable(Type.String({ description: 'Class of the object.' })),
    onset: time('Estimated start.'),
    opened: time('When it was detected.'),
    lastAnomalous: timeSchema,
    closed: nullable(timeSchema),
    peakScore: Type.Number({ minimum: 0, maximum: 1 }),
    peak: timeSchema,
    explanation: Type.String(),
    cues: Type.Array(cueSchema),
    nearestNormal: Type.Array(Type.Object({ at: timeSchema, distance: Type.Number({ minimum: 0 }) }), {
      description: 'Moments of the normal life of this camera that come nearest, the nearest first.',
    }),
    hottestCell: nullable(
      Type.Object({
        row: Type.Integer(),
        column: Type.Integer(),
        rows: Type.Integer({ description: 'Height of the grid over the picture.' }),
        columns: Type.Integer(),
      }),
    ),
    revision: Type.Integer(),
    review: reviewSchema,
    evidence: Type.Object({ clip: evidenceSchema, snapshot: evidenceSchema, heatmap: evidenceSchema }),
    links: Type.Object({
      self: Type.String(),
      clip: Type.String(),
      snapshot: Type.String(),
      heatmap: Type.String(),
      timeline: Type.String(),
    }),
  },
  {
    examples: [
      {
        id: 'inc_3m0g6k2v9qzt8w1hr5xb7cdny',
        camera: { id: 'front-door', name: 'Front door' },
        state: 'closed',
        decision: 'alert',
        certainty: 0.93,
        severity: 'high',
        kind: 'fast-motion',
        title: 'fast bicycle',
        object: 'bicycle',
        onset: '2026-03-01T12:00:00.000Z',
        opened: '2026-03-01T12:00:01.600Z',
        lastAnomalous: '2026-03-01T12:00:09.600Z',
        closed: '2026-03-01T12:00:39.600Z',
        peakScore: 0.998,
        peak: '2026-03-01T12:00:04.800Z',
        explanation: 'Motion far faster than this camera has seen here.',
        cues: [
          {
            name: 'speed',
            probability: 0.0004,
            cell: { row: 4, column: 7 },
            box: { left: 0.44, top: 0.3, right: 0.52, bottom: 0.49 },
            label: 'bicycle',
            comparison: 'bicycle 4.1 times faster than anything seen here at this hour',
          },
        ],
        nearestNormal: [{ at: '2026-02-28T08:14:07.600Z', distance: 3.2 }],
        hottestCell: { row: 4, column: 7, rows: 12, columns: 20 },
        revision: 3,
        review: { verdict: 'unreviewed', by: null, at: null, moment: null, label: null, note: null, reference: null },
        evidence: {
          clip: { state: 'ready', sizeBytes: 1_482_133, reason: null },
          snapshot: { state: 'ready', sizeBytes: 88_120, reason: null },
          heatmap: { state: 'ready', sizeBytes: 91_544, reason: null },
        },
        links: {
          self: '/v1/incidents/inc_3m0g6k2v9qzt8w1hr5xb7cdny',
          clip: '/v1/incidents/inc_3m0g6k2v9qzt8w1hr5xb7cdny/clip.mp4',
          snapshot: '/v1/incidents/inc_3m0g6k2v9qzt8w1hr5xb7cdny/snapshot.jpg',
          heatmap: '/v1/incidents/inc_3m0g6k2v9qzt8w1hr5xb7cdny/heatmap.jpg',
          timeline: '/v1/cameras/front-door/scores?from=2026-03-01T11:59:30.000Z&to=2026-03-01T12:00:39.600Z',
        },
      },
    ],
  },
);

/** Score curve around an incident: this much before the onset and after the last anomalous moment. */
const TIMELINE_MARGIN_MS = 30_000;

/** An incident as it leaves the service. `publicUrl` begins the links, which are paths without it. */
export function incidentView(incident: Incident, cameraName: string, publicUrl = ''): Static<typeof incidentSchema> {
  const self = `${publicUrl.replace(/\/$/, '')}/v1/incidents/${incident.id}`;
  const from = toRfc3339(incident.onsetMs - TIMELINE_MARGIN_MS);
  const to = toRfc3339(incident.closedMs ?? incident.lastAnomalousMs + TIMELINE_MARGIN_MS);
  const { peakCell, review } = incident;
  return {
    id: incident.id,
    camera: { id: incident.cameraId, name: cameraName },
    state: incident.state,
    decision: incident.decision,
    certainty: incident.certainty,
    severity: incident.severity,
    kind: incident.kind,
    title: incident.title,
    object: incident.object,
    onset: toRfc3339(incident.onsetMs),
    opened: toRfc3339(incident.openedMs),
    lastAnomalous: toRfc3339(incident.lastAnomalousMs),
    closed: timeOrNull(incident.closedMs),
    peakScore: incident.peakScore,
    peak: toRfc3339(incident.peakMs),
    explanation: incident.explanation,
    cues: incident.peakCues.map(({ name, probability, cell, box, label, comparison }) => ({
      name,
      probability,
      cell,
      box: box ?? null,
      label: label ?? null,
      comparison: comparison ?? null,
    })),
    nearestNormal: incident.nearestNormal.map(({ atMs, distance }) => ({ at: toRfc3339(atMs), distance })),
    hottestCell: peakCell && { ...peakCell, rows: incident.gridRows, columns: incident.gridColumns },
    revision: incident.revision,
    review: {
      verdict: review?.verdict ?? 'unreviewed',
      by: review?.by ?? null,
      at: timeOrNull(review?.atMs ?? null),
      moment: timeOrNull(review?.momentMs ?? null),
      label: review?.label ?? null,
      note: review?.note ?? null,
      reference: review?.referenceId ?? null,
    },
    evidence: {
      clip: evidenceView(incident.clip),
      snapshot: evidenceView(incident.snapshot),
      heatmap: evidenceView(incident.heatmap),
    },
    links: {
      self,
      clip: `${self}/clip.mp4`,
      snapshot: `${self}/snapshot.jpg`,
      heatmap: `${self}/heatmap.jpg`,
      timeline: `${publicUrl.replace(/\/$/, '')}/v1/cameras/${incident.cameraId}/scores?from=${from}&to=${to}`,
    },
  };
}

function evidenceView(evidence: Evidence): Static<typeof evidenceSchema> {
  return {
    state: evidence.state,
    sizeBytes: evidence.sizeBytes,
    reason: evidence.reason === null ? null : redactSecrets(evidence.reason),
  };
}

function timeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toRfc3339(epochMs);
}
