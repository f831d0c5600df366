import { type Static, Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import { redactSecrets } from '../../platform/redact.ts';
import type { Delivery, DeliveryAttempt, Endpoint } from '../ports.ts';
import { cameraIdSchema, idSchema, nullable, oneOf, strict, timeSchema } from './common.ts';

export const EVENT_TYPES = [
  'incident.opened',
  'incident.updated',
  'incident.closed',
  'camera.online',
  'camera.offline',
  'camera.stalled',
  'camera.health',
  'storage.low',
  'endpoint.disabled',
] as const;

/** Sent by the ping route alone; an endpoint gets it whatever it subscribes to. */
export const PING_EVENT_TYPE = 'endpoint.ping';

const endpointFields = {
  url: Type.String({
    minLength: 1,
    maxLength: 2048,
    examples: ['https://alerts.example.com/vedette'],
    description: 'http(s). Private addresses are refused unless the configuration allows them (webhooks.allowTargets).',
  }),
  description: Type.String({ maxLength: 500 }),
  eventTypes: nullable(
    Type.Array(oneOf(EVENT_TYPES), { minItems: 1, uniqueItems: true, description: 'null: all event types.' }),
  ),
  cameraIds: nullable(
    Type.Array(cameraIdSchema, { minItems: 1, maxItems: 1000, uniqueItems: true, description: 'null: all cameras.' }),
  ),
  includeReview: Type.Boolean({
    description: 'Also tell of incidents that are for review: strange, but not certainly enough to wake anybody.',
  }),
};

export const endpointCreateSchema = Type.Object(
  {
    url: endpointFields.url,
    description: Type.Optional(endpointFields.description),
    eventTypes: Type.Optional(endpointFields.eventTypes),
    cameraIds: Type.Optional(endpointFields.cameraIds),
    includeReview: Type.Optional(endpointFields.includeReview),
  },
  {
    ...strict,
    examples: [{ url: 'https://alerts.example.com/vedette', eventTypes: ['incident.opened'], cameraIds: null }],
  },
);

export const endpointPatchSchema = Type.Object(
  {
    url: Type.Optional(endpointFields.url),
    description: Type.Optional(endpointFields.description),
    eventTypes: Type.Optional(endpointFields.eventTypes),
    cameraIds: Type.Optional(endpointFields.cameraIds),
    includeReview: Type.Optional(endpointFields.includeReview),
    enabled: Type.Optional(Type.Boolean({ description: 'true also takes a disabled endpoint into use again.' })),
  },
  { ...strict, minProperties: 1, examples: [{ enabled: true }] },
);

const endpointProperties = {
  id: idSchema('whe'),
  url: Type.String(),
  description: Type.String(),
  eventTypes: nullable(Type.Array(Type.String())),
  cameraIds: nullable(Type.Array(Type.String())),
  includeReview: Type.Boolean(),
  enabled: Type.Boolean(),
  disabledReason: nullable(Type.String()),
  created: timeSchema,
  updated: timeSchema,
};
const endpointExample = {
  id: 'whe_3m0g6k2v9qzt8w1hr5xb7cdny',
  url: 'https://alerts.example.com/vedette',
  description: '',
  eventTypes: ['incident.opened'],
  cameraIds: null,
  includeReview: false,
  enabled: true,
  disabledReason: null,
  created: '2026-03-01T12:00:00.000Z',
  updated: '2026-03-01T12:00:00.000Z',
};
export const endpointSchema = Type.Object(endpointProperties, { examples: [endpointExample] });
export const endpointCreatedSchema = Type.Object(
  {
    ...endpointProperties,
    secret: Type.String({ description: 'Checks the signatures (Standard Webhooks). Shown this once; keep it.' }),
  },
  { examples: [{ ...endpointExample, secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' }] },
);

export const deliveryStateSchema = oneOf(['pending', 'succeeded', 'failed']);
const deliveryProperties = {
  id: idSchema('dlv'),
  eventId: idSchema('msg'),
  eventType: Type.String(),
  endpointId: idSchema('whe'),
  state: deliveryStateSchema,
  attempts: Type.Integer(),
  nextAttempt: nullable(timeSchema),
  lastStatus: nullable(Type.Integer({ description: 'HTTP status of the last answer.' })),
  lastError: nullable(Type.String()),
  created: timeSchema,
  completed: nullable(timeSchema),
};
const deliveryExample = {
  id: 'dlv_3m0g6k2v9qzt8w1hr5xb7cdny',
  eventId: 'msg_3m0g6k2v9qzt8w1hr5xb7cdny',
  eventType: 'incident.opened',
  endpointId: 'whe_3m0g6k2v9qzt8w1hr5xb7cdny',
  state: 'succeeded',
  attempts: 1,
  nextAttempt: null,
  lastStatus: 204,
  lastError: null,
  created: '2026-03-01T12:00:01.700Z',
  completed: '2026-03-01T12:00:01.900Z',
};
export const deliverySchema = Type.Object(deliveryProperties, { examples: [deliveryExample] });
export const attemptSchema = Type.Object({
  number: Type.Integer({ description: 'From 1.' }),
  started: timeSchema,
  durationMs: Type.Number(),
  status: nullable(Type.Integer({ description: 'HTTP status; null when no answer came.' })),
  error: nullable(Type.String()),
  outcome: oneOf(['succeeded', 'retry', 'failed']),
});
export const deliveryDetailSchema = Type.Object(
  {
    ...deliveryProperties,
    endpointUrl: Type.String(),
    body: Type.String({ description: 'The bytes that are sent, the same at each attempt.' }),
    attemptLog: Type.Array(attemptSchema),
  },
  {
    examples: [
      {
        ...deliveryExample,
        endpointUrl: 'https://alerts.example.com/vedette',
        body: '{"type":"incident.opened","timestamp":"2026-03-01T12:00:01.600Z","data":{}}',
        attemptLog: [
          {
            number: 1,
            started: '2026-03-01T12:00:01.750Z',
            durationMs: 140,
            status: 204,
            error: null,
            outcome: 'succeeded',
          },
        ],
      },
    ],
  },
);

export function endpointView(endpoint: Endpoint): Static<typeof endpointSchema> {
  return {
    id: endpoint.id,
    url: redactSecrets(endpoint.url),
    description: endpoint.description,
    eventTypes: endpoint.eventTypes && [...endpoint.eventTypes],
    cameraIds: endpoint.cameraIds && [...endpoint.cameraIds],
    includeReview: endpoint.includeReview,
    enabled: endpoint.enabled,
    disabledReason: endpoint.disabledReason === null ? null : redactSecrets(endpoint.disabledReason),
    created: toRfc3339(endpoint.createdMs),
    updated: toRfc3339(endpoint.updatedMs),
  };
}

export function deliveryView(delivery: Delivery): Static<typeof deliverySchema> {
  return {
    id: delivery.id,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    endpointId: delivery.endpointId,
    state: delivery.state,
    attempts: delivery.attempts,
    nextAttempt: delivery.nextAttemptMs === null ? null : toRfc3339(delivery.nextAttemptMs),
    lastStatus: delivery.lastStatus,
    lastError: delivery.lastError === null ? null : redactSecrets(delivery.lastError),
    created: toRfc3339(delivery.createdMs),
    completed: delivery.completedMs === null ? null : toRfc3339(delivery.completedMs),
  };
}

export function attemptView(attempt: DeliveryAttempt): Static<typeof attemptSchema> {
  return {
    number: attempt.number,
    started: toRfc3339(attempt.startedMs),
    durationMs: attempt.durationMs,
    status: attempt.status,
    error: attempt.error === null ? null : redactSecrets(attempt.error),
    outcome: attempt.outcome,
  };
}
