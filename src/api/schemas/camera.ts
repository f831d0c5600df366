import { type Static, Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import { redactSecrets, redactUrl } from '../../platform/redact.ts';
import type { Camera } from '../ports.ts';
import { cameraIdSchema, nullable, oneOf, strict, timeSchema } from './common.ts';

const settingFields = {
  alertBudgetPerDay: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1000,
    description: 'The one knob: how many false alerts a day you accept from this camera.',
  }),
  packs: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    minItems: 1,
    maxItems: 16,
    description: 'Models that look at this camera.',
  }),
  transport: oneOf(['tcp', 'udp'], { description: 'RTSP transport.' }),
  recordChunks: Type.Boolean({ description: 'Keep the untouched stream for evidence clips.' }),
  learningMinutes: nullable(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 10_080,
      description: 'Minutes of normal life to watch before the first alert; null: the default of the service.',
    }),
  ),
  zones: Type.Array(
    Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100 }),
        left: Type.Number({ minimum: 0, maximum: 1 }),
        top: Type.Number({ minimum: 0, maximum: 1 }),
        right: Type.Number({ minimum: 0, maximum: 1 }),
        bottom: Type.Number({ minimum: 0, maximum: 1 }),
        raise: Type.Integer({ minimum: -3, maximum: 3, description: 'Levels to add to the severity.' }),
      },
      strict,
    ),
    {
      maxItems: 32,
      description: 'Parts of the picture, in shares of it, in which incidents weigh more or less.',
    },
  ),
};

const settingsPatchSchema = Type.Partial(Type.Object(settingFields, strict), strict);
const nameSchema = Type.String({ minLength: 1, maxLength: 200, examples: ['Front door'] });
export const cameraUrlSchema = Type.String({
  minLength: 1,
  maxLength: 2048,
  examples: ['rtsp://viewer:secret@192.0.2.10/stream1'],
  description: 'rtsp(s), rtmp or http(s) (HLS, MJPEG). A password in it is stored encrypted and never shown again.',
});

const credentialsSchema = nullable(
  Type.Object(
    { username: Type.String({ maxLength: 200 }), password: Type.String({ maxLength: 200 }) },
    { ...strict, description: 'Instead of user:password@ in the URL; null removes what is stored.' },
  ),
);

export const cameraCreateSchema = Type.Object(
  {
    id: cameraIdSchema,
    name: Type.Optional(nameSchema),
    url: cameraUrlSchema,
    credentials: Type.Optional(credentialsSchema),
    enabled: Type.Optional(Type.Boolean()),
    settings: Type.Optional(settingsPatchSchema),
  },
  {
    ...strict,
    examples: [{ id: 'front-door', name: 'Front door', url: 'rtsp://viewer:secret@192.0.2.10/stream1' }],
  },
);

export const cameraPatchSchema = Type.Object(
  {
    name: Type.Optional(nameSchema),
    url: Type.Optional(cameraUrlSchema),
    credentials: Type.Optional(credentialsSchema),
    enabled: Type.Optional(Type.Boolean()),
    settings: Type.Optional(settingsPatchSchema),
  },
  { ...strict, minProperties: 1, examples: [{ settings: { alertBudgetPerDay: 0.5 } }] },
);

export const cameraSchema = Type.Object(
  {
    id: cameraIdSchema,
    name: Type.String(),
    url: Type.String({ description: 'Without user name and password.' }),
    hasCredentials: Type.Boolean(),
    enabled: Type.Boolean(),
    origin: oneOf(['api', 'config'], { description: 'config: the configuration file has the last word at a start.' }),
    settings: Type.Object(settingFields),
    status: Type.Object({
      state: oneOf(['connecting', 'live', 'stalled', 'backoff', 'offline']),
      since: timeSchema,
      reason: nullable(Type.String()),
      lastFrame: nullable(timeSchema),
      framesPerSecond: nullable(Type.Number()),
      reconnects: Type.Integer(),
      codec: nullable(Type.String()),
      width: nullable(Type.Integer()),
      height: nullable(Type.Integer()),
    }),
    learning: Type.Object({
      done: Type.Boolean(),
      progress: Type.Number({ minimum: 0, maximum: 1 }),
      observedSegments: Type.Integer(),
      requiredSegments: Type.Integer(),
    }),
    health: nullable(
      Type.Object(
        { state: oneOf(['ok', 'frozen', 'blank', 'covered', 'defocused', 'moved']), since: timeSchema },
        {
          description:
            'What the pictures say about the camera itself. null: nothing has been wrong since it was created.',
        },
      ),
    ),
    dropped: Type.Record(Type.String(), Type.Integer(), { description: 'Segments lost, by reason.' }),
    created: timeSchema,
    updated: timeSchema,
  },
  {
    examples: [
      {
        id: 'front-door',
        name: 'Front door',
        url: 'rtsp://192.0.2.10/stream1',
        hasCredentials: true,
        enabled: true,
        origin: 'api',
        settings: {
          alertBudgetPerDay: 1,
          packs: ['motion-grid'],
          transport: 'tcp',
          recordChunks: true,
          learningMinutes: null,
          zones: [{ name: 'door', left: 0.4, top: 0.2, right: 0.6, bottom: 0.8, raise: 1 }],
        },
        status: {
          state: 'live',
          since: '2026-03-01T08:00:00.000Z',
          reason: null,
          lastFrame: '2026-03-01T12:00:00.000Z',
          framesPerSecond: 10,
          reconnects: 0,
          codec: 'h264',
          width: 1920,
          height: 1080,
        },
        learning: { done: true, progress: 1, observedSegments: 1200, requiredSegments: 1200 },
        health: { state: 'ok', since: '2026-03-01T08:00:00.000Z' },
        dropped: {},
        created: '2026-02-28T08:00:00.000Z',
        updated: '2026-02-28T08:00:00.000Z',
      },
    ],
  },
);

/** A camera as it leaves the service; the URL is cleaned once more, whatever the store handed over. */
export function cameraView(camera: Camera): Static<typeof cameraSchema> {
  const { sinceMs, lastFrameMs, reason, ...status } = camera.status;
  return {
    id: camera.id,
    name: camera.name,
    url: redactUrl(camera.url),
    hasCredentials: camera.hasCredentials,
    enabled: camera.enabled,
    origin: camera.origin,
    settings: {
      ...camera.settings,
      packs: [...camera.settings.packs],
      zones: (camera.settings.zones ?? []).map((zone) => ({ ...zone })),
    },
    status: {
      ...status,
      reason: reason === null ? null : redactSecrets(reason),
      since: toRfc3339(sinceMs),
      lastFrame: lastFrameMs === null ? null : toRfc3339(lastFrameMs),
    },
    learning: camera.learning,
    health: camera.health ? { state: camera.health.state, since: toRfc3339(camera.health.sinceMs) } : null,
    dropped: { ...camera.dropped },
    created: toRfc3339(camera.createdMs),
    updated: toRfc3339(camera.updatedMs),
  };
}
