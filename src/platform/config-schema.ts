import { type Static, Type } from 'typebox';

/**
 * Every setting of the service: type, unit (in the name), range and default. `docs/configuration.md` is generated
 * from the descriptions here, `vedette.example.yaml` is parsed against it in a test.
 */
const strict = { additionalProperties: false } as const;
const section = <P extends Parameters<typeof Type.Object>[0]>(properties: P, description: string) =>
  Type.Object(properties, { ...strict, default: {}, description });

export const CAMERA_ID_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';

const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const raise = Type.Integer({ minimum: -3, maximum: 3, description: 'Levels to add to the severity; negative lowers.' });
const timeOfDay = (description: string) => Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description });

const zoneSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'What people call it.' }),
    left: share('Left edge, as a share of the width of the picture.'),
    top: share('Top edge, as a share of the height of the picture.'),
    right: share('Right edge, as a share of the width of the picture.'),
    bottom: share('Bottom edge, as a share of the height of the picture.'),
    raise,
  },
  strict,
);

const cameraSchema = Type.Object(
  {
    id: Type.String({
      pattern: CAMERA_ID_PATTERN,
      description: 'Lower-case letters, digits and dashes; stays the same for ever.',
    }),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'What people read. Default: the id.' }),
    ),
    url: Type.String({
      description:
        'rtsp(s), rtmp or http(s) (HLS, MJPEG). May hold user:password@, which is stored encrypted; a VEDETTE_ variable in braces is taken from the environment.',
    }),
    enabled: Type.Optional(Type.Boolean({ description: 'Default: true.' })),
    alertBudgetPerDay: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1000,
        description:
          'The one knob: how many false alerts a day you accept from this camera. Default: alertBudgetPerDay of the service.',
      }),
    ),
    packs: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'Models that look at this camera. Default: packs.default.',
      }),
    ),
    transport: Type.Optional(
      Type.Union([Type.Literal('tcp'), Type.Literal('udp')], { description: 'RTSP transport. Default: tcp.' }),
    ),
    recordChunks: Type.Optional(
      Type.Boolean({ description: 'Keep the untouched stream for evidence clips. Default: true.' }),
    ),
    learningMinutes: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 10_080,
        description: 'Minutes of normal life to watch before alerts. Default: learning.minutes.',
      }),
    ),
    zones: Type.Optional(
      Type.Array(zoneSchema, {
        maxItems: 32,
        description: 'Parts of the picture in which incidents weigh more or less. Default: none.',
      }),
    ),
  },
  strict,
);

export const configSchema = Type.Object(
  {
    dataDir: Type.String({
      default: 'data',
      description:
        'Folder for the embedded database, the key file, chunks and evidence. Relative to the configuration file, or to the working folder without one.',
    }),
    databaseUrl: Type.Optional(
      Type.String({
        description:
          'PostgreSQL 15 to 18, postgres://…; without it an embedded PGlite in dataDir (one process only). Environment: DATABASE_URL.',
      }),
    ),
    redisUrl: Type.Optional(
      Type.String({
        description: 'redis:// or rediss://; without it an own redis-server child process. Environment: REDIS_URL.',
      }),
    ),
    secretKeyFile: Type.Optional(
      Type.String({
        description:
          'Key that encrypts stored passwords (32 bytes, base64, mode 600). Default: dataDir/secret.key, made at the first start. Environment: VEDETTE_SECRET_KEY_FILE.',
      }),
    ),
    alertBudgetPerDay: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1000,
      default: 1,
      description: 'False alerts a day that you accept from each camera.',
    }),
    http: section(
      {
        host: Type.String({
          default: '127.0.0.1',
          description: 'Address to listen on; 0.0.0.0 for all. Environment: VEDETTE_HTTP_HOST.',
        }),
        port: Type.Integer({
          minimum: 0,
          maximum: 65_535,
          default: 8080,
          description: 'TCP port; 0 takes a free one. Environment: VEDETTE_HTTP_PORT.',
        }),
        publicUrl: Type.Optional(
          Type.String({
            pattern: '^https?://',
            description:
              'How others reach this service; links in alerts begin with it. Environment: VEDETTE_PUBLIC_URL.',
          }),
        ),
      },
      'REST, live events, metrics and health.',
    ),
    log: section(
      {
        level: Type.Union(
          [
            Type.Literal('trace'),
            Type.Literal('debug'),
            Type.Literal('info'),
            Type.Literal('warn'),
            Type.Literal('error'),
            Type.Literal('silent'),
          ],
          { default: 'info', description: 'Environment: VEDETTE_LOG_LEVEL.' },
        ),
      },
      'Structured log on standard error.',
    ),
    ingest: section(
      {
        ffmpegPath: Type.String({ default: 'ffmpeg', description: 'ffmpeg 5.1 or later.' }),
        ffprobePath: Type.String({ default: 'ffprobe', description: 'Comes with ffmpeg.' }),
        connectTimeoutSeconds: Type.Number({
          minimum: 1,
          maximum: 120,
          default: 10,
          description: 'Longest wait of a socket to the camera.',
        }),
        stallSeconds: Type.Number({
          minimum: 1,
          maximum: 600,
          default: 15,
          description: 'Without a decoded picture for this long, a camera is stalled and connected anew.',
        }),
        offlineSeconds: Type.Number({
          minimum: 1,
          maximum: 86_400,
          default: 60,
          description: 'Without a decoded picture for this long, a camera is offline.',
        }),
        chunkSeconds: Type.Number({
          minimum: 1,
          maximum: 600,
          default: 10,
          description: 'Length of a recorded chunk (it ends at the next key frame).',
        }),
      },
      'Connection to the cameras.',
    ),
    bus: section(
      {
        segmentsPerCamera: Type.Integer({
          minimum: 2,
          maximum: 10_000,
          default: 64,
          description: 'Segments that may wait for inference; beyond that the oldest is dropped and counted.',
        }),
      },
      'Live segments on Redis Streams.',
    ),
    infer: section(
      {
        providers: Type.Array(
          Type.Union([Type.Literal('tensorrt'), Type.Literal('cuda'), Type.Literal('webgpu'), Type.Literal('cpu')]),
          {
            minItems: 1,
            default: ['cpu'],
            description: 'ONNX Runtime execution providers, tried one by one in this order.',
          },
        ),
        batchSize: Type.Integer({
          minimum: 1,
          maximum: 256,
          default: 8,
          description: 'Most segments in one run, across cameras.',
        }),
        batchWaitMs: Type.Number({
          minimum: 0,
          maximum: 10_000,
          default: 40,
          description: 'Longest wait for a batch to fill.',
        }),
        threads: Type.Integer({
          minimum: 0,
          maximum: 256,
          default: 0,
          description: 'Threads inside one run; 0: all cores but one, at least one.',
        }),
        deadlineSeconds: Type.Number({
          minimum: 1,
          maximum: 600,
          default: 10,
          description: 'A runner that has not answered for this long is killed and replaced.',
        }),
      },
      'The runner, a child process that runs the models.',
    ),
    packs: section(
      {
        directory: Type.Optional(
          Type.String({ description: 'Folder of packs. Default: the models that come with Vedette.' }),
        ),
        default: Type.Union([Type.Literal('auto'), Type.Array(Type.String(), { minItems: 1 })], {
          default: 'auto',
          description:
            'Packs that a new camera gets: a list, or auto for motion-grid with a detector beside it where one was pulled (yolox-nano before fastest-det).',
        }),
        cascade: Type.Boolean({
          default: true,
          description:
            'Costly packs that say so in their manifest (runWhen) look only while motion is unusual. False: at every segment, as a GPU can.',
        }),
      },
      'Models.',
    ),
    learning: section(
      {
        minutes: Type.Number({
          exclusiveMinimum: 0,
          maximum: 10_080,
          default: 30,
          description: 'Minutes of normal life that a new camera watches before it alerts.',
        }),
      },
      'How a camera learns its own normal.',
    ),
    incident: section(
      {
        quietSeconds: Type.Number({
          minimum: 0.5,
          maximum: 3600,
          default: 30,
          description: 'An incident closes after this long without anything anomalous.',
        }),
        preRollSeconds: Type.Number({
          minimum: 0,
          maximum: 60,
          default: 5,
          description: 'Video before the onset in the evidence clip.',
        }),
        postRollSeconds: Type.Number({
          minimum: 0,
          maximum: 60,
          default: 5,
          description: 'Video after the last anomalous moment in the evidence clip.',
        }),
        maxClipSeconds: Type.Number({ minimum: 5, maximum: 3600, default: 120, description: 'Longest evidence clip.' }),
        minimumCertainty: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.15,
          description:
            'Below this certainty (picture quality, age of the baseline, agreement of the cues) an incident is for review and wakes nobody; less is enough where it deviates more. 0: every incident alerts.',
        }),
        severity: section(
          {
            kinds: Type.Array(
              Type.Object(
                {
                  kind: Type.String({
                    minLength: 1,
                    maxLength: 100,
                    description:
                      'Kind of incident (vehicle, agitation, left-object, ...), or class of object (bicycle).',
                  }),
                  level: Type.Union([
                    Type.Literal('low'),
                    Type.Literal('medium'),
                    Type.Literal('high'),
                    Type.Literal('critical'),
                  ]),
                },
                strict,
              ),
              {
                default: [],
                description:
                  'Levels that differ from the built-in ones: vehicle, agitation, left-object, known-event and definition high; rider, person, baggage, fast-motion, missing-object, scene-change and presence medium; all else low.',
              },
            ),
            timeZone: Type.String({
              default: 'UTC',
              description: 'In which hours are meant, for instance Europe/Berlin.',
            }),
            hours: Type.Array(
              Type.Object(
                {
                  from: timeOfDay('HH:MM, included.'),
                  to: timeOfDay('HH:MM, not included; before from: over midnight.'),
                  raise,
                },
                strict,
              ),
              { default: [], description: 'Times of day at which incidents weigh more or less.' },
            ),
            longSeconds: Type.Number({
              minimum: 1,
              maximum: 86_400,
              default: 30,
              description: 'An incident that lasts this long is raised by one level.',
            }),
            veryLongSeconds: Type.Number({
              minimum: 1,
              maximum: 86_400,
              default: 120,
              description: 'And by two levels from here on.',
            }),
            highExcess: Type.Number({
              minimum: 1,
              maximum: 100,
              default: 6,
              description: 'Strangeness, as a multiple of the alarm threshold, that raises by one level.',
            }),
          },
          'How grave an incident is, apart from how strange.',
        ),
      },
      'From scores to incidents.',
    ),
    webhooks: section(
      {
        allowTargets: Type.Array(Type.String(), {
          default: [],
          description:
            'Networks (CIDR) or host names inside private networks to which webhooks may be sent. Public addresses need no entry.',
        }),
        timeoutSeconds: Type.Number({
          minimum: 1,
          maximum: 60,
          default: 15,
          description: 'Longest wait for a receiver.',
        }),
        concurrency: Type.Integer({
          minimum: 1,
          maximum: 1000,
          default: 32,
          description: 'Deliveries under way at once.',
        }),
      },
      'Delivery of alerts.',
    ),
    retention: section(
      {
        chunkHours: Type.Number({
          minimum: 0.1,
          maximum: 87_600,
          default: 24,
          description: 'Recorded chunks are kept this long.',
        }),
        scoreDays: Type.Number({
          minimum: 0.1,
          maximum: 36_500,
          default: 30,
          description: 'Scores are kept this long.',
        }),
        incidentDays: Type.Number({
          minimum: 0.1,
          maximum: 36_500,
          default: 365,
          description: 'Closed incidents, their evidence and deliveries are kept this long.',
        }),
        minimumFreeGigabytes: Type.Number({
          minimum: 0,
          maximum: 1_000_000,
          default: 2,
          description: 'Below this much free disk the oldest chunks go early and storage.low is sent.',
        }),
      },
      'What is deleted, and when.',
    ),
    cameras: Type.Array(cameraSchema, {
      default: [],
      description:
        'Cameras to create or update at start. Cameras can also be added over REST and with "vedette camera add".',
    }),
  },
  strict,
);

export type Config = Static<typeof configSchema>;
export type CameraConfig = Static<typeof cameraSchema>;
