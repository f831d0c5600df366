import { type Static, Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import { redactSecrets } from '../../platform/redact.ts';
import type { Evidence, Incident } from '../ports.ts';
import { cameraIdSchema, idSchema, nullable, oneOf, strict, time, timeInput, timeSchema } from './common.ts';

export const severitySchema = oneOf(['low', 'medium', 'high', 'critical']);
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
    severity: severitySchema,
    onset: time('Estimated start.'),
    opened: time('When it was detected.'),
    lastAnomalous: timeSchema,
    closed: nullable(timeSchema),
    peakScore: Type.Number({ minimum: 0, maximum: 1 }),
    peak: timeSchema,
    explanation: Type.String(),
    cues: Type.Array(
      Type.Object({
        name: Type.String(),
        probability: Type.Number({ description: 'Upper-tail probability on the history of this camera, 0 to 1.' }),
      }),
    ),
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
    evidence: Type.Object({ clip: evidenceSchema, snapshot: evidenceSchema }),
    links: Type.Object({
      self: Type.String(),
      clip: Type.String(),
      snapshot: Type.String(),
      timeline: Type.String(),
    }),
  },
  {
    examples: [
      {
        id: 'inc_3m0g6k2v9qzt8w1hr5xb7cdny',
        camera: { id: 'front-door', name: 'Front door' },
        state: 'closed',
        severity: 'high',
        onset: '2026-03-01T12:00:00.000Z',
        opened: '2026-03-01T12:00:01.600Z',
        lastAnomalous: '2026-03-01T12:00:09.600Z',
        closed: '2026-03-01T12:00:39.600Z',
        peakScore: 0.998,
        peak: '2026-03-01T12:00:04.800Z',
        explanation: 'Motion far faster than this camera has seen here.',
        cues: [{ name: 'speed', probability: 0.0004 }],
        hottestCell: { row: 4, column: 7, rows: 12, columns: 20 },
        revision: 3,
        review: { verdict: 'unreviewed', by: null, at: null, moment: null, label: null, note: null },
        evidence: {
          clip: { state: 'ready', sizeBytes: 1_482_133, reason: null },
          snapshot: { state: 'ready', sizeBytes: 88_120, reason: null },
        },
        links: {
          self: '/v1/incidents/inc_3m0g6k2v9qzt8w1hr5xb7cdny',
          clip: '/v1/incidents/inc_3m0g6k2v9qzt8w1hr5xb7cdny/clip.mp4',
          snapshot: '/v1/incidents/inc_3m0g6k2v9qzt8w1hr5xb7cdny/snapshot.jpg',
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
    severity: incident.severity,
    onset: toRfc3339(incident.onsetMs),
    opened: toRfc3339(incident.openedMs),
    lastAnomalous: toRfc3339(incident.lastAnomalousMs),
    closed: timeOrNull(incident.closedMs),
    peakScore: incident.peakScore,
    peak: toRfc3339(incident.peakMs),
    explanation: incident.explanation,
    cues: incident.peakCues.map(({ name, probability }) => ({ name, probability })),
    hottestCell: peakCell && { ...peakCell, rows: incident.gridRows, columns: incident.gridColumns },
    revision: incident.revision,
    review: {
      verdict: review?.verdict ?? 'unreviewed',
      by: review?.by ?? null,
      at: timeOrNull(review?.atMs ?? null),
      moment: timeOrNull(review?.momentMs ?? null),
      label: review?.label ?? null,
      note: review?.note ?? null,
    },
    evidence: { clip: evidenceView(incident.clip), snapshot: evidenceView(incident.snapshot) },
    links: {
      self,
      clip: `${self}/clip.mp4`,
      snapshot: `${self}/snapshot.jpg`,
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
