/**
 * Every error that a user can meet, in one place: stable code, HTTP status, whether trying again may help,
 * the message template and what to do next. `docs/errors.md` is generated from this table and checked in a test.
 *
 * Templates name their values in braces: `problem('VDT_CONFIG_INVALID', { field: 'alertBudgetPerDay', reason: '...' })`.
 */
interface ErrorKind {
  readonly status: number;
  readonly retryable: boolean;
  readonly message: string;
  readonly hint: string;
}

export const ERROR_KINDS = {
  VDT_INTERNAL: {
    status: 500,
    retryable: true,
    message: 'Something failed inside the service: {reason}',
    hint: 'Look for the same request id in the log; report it with the log lines around it.',
  },
  VDT_REQUEST_INVALID: {
    status: 400,
    retryable: false,
    message: 'The request is not valid: {field} {reason}',
    hint: 'Compare the request with /openapi.json.',
  },
  VDT_UNAUTHORIZED: {
    status: 401,
    retryable: false,
    message: 'An API key is required',
    hint: 'Send "Authorization: Bearer vdt_…". The first key was printed at the first start; "vedette key create" makes another.',
  },
  VDT_FORBIDDEN: {
    status: 403,
    retryable: false,
    message: 'This API key lacks the scope {scope}',
    hint: 'Use a key with that scope; "vedette key create --scopes …" makes one.',
  },
  VDT_CROSS_SITE: {
    status: 403,
    retryable: false,
    message: 'A page of another site may not write with the key that this browser holds',
    hint: 'Send the key as "Authorization: Bearer vdt_…", or open the page from this service.',
  },
  VDT_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: '{what} {id} does not exist',
    hint: 'List what exists with GET on the collection.',
  },
  VDT_ROUTE_UNKNOWN: {
    status: 404,
    retryable: false,
    message: 'There is no {method} {path}',
    hint: 'Look for the path and the method in /openapi.json or /docs.',
  },
  VDT_BODY_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: 'The request body is larger than {limitBytes} bytes',
    hint: 'Send less in one request.',
  },
  VDT_MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    retryable: false,
    message: 'The content type {mediaType} is not understood',
    hint: 'Send JSON with "Content-Type: application/json".',
  },
  VDT_RANGE_INVALID: {
    status: 416,
    retryable: false,
    message: 'The range {range} lies outside of the {sizeBytes} bytes',
    hint: 'Leave the Range header out, or ask for bytes within the size in Content-Range.',
  },
  VDT_TOO_MANY_ATTEMPTS: {
    status: 429,
    retryable: true,
    message: 'Too many failed attempts to authenticate from this address; wait {retryAfterSeconds} s',
    hint: 'Wait for the seconds in Retry-After, then use a valid key.',
  },
  VDT_TOO_MANY_STREAMS: {
    status: 503,
    retryable: true,
    message: 'All {limit} live event streams are taken; ask again in {retryAfterSeconds} s',
    hint: 'Close a stream that is no longer needed, or try again later.',
  },
  VDT_EVIDENCE_PENDING: {
    status: 409,
    retryable: true,
    message: 'The {kind} of incident {id} is not ready yet; ask again in {retryAfterSeconds} s',
    hint: 'Try again after the seconds in Retry-After.',
  },
  VDT_EVIDENCE_MISSING: {
    status: 404,
    retryable: false,
    message: 'Incident {id} has no {kind}: {reason}',
    hint: 'Evidence is cut from recorded chunks; see that recordChunks is on for the camera and that the disk has room.',
  },
  VDT_NOT_READY: {
    status: 503,
    retryable: true,
    message: 'The service is not ready: {reason}',
    hint: 'The parts are checked again with each request; "vedette doctor" tells what is missing.',
  },
  VDT_STOPPING: {
    status: 503,
    retryable: true,
    message: 'This instance is stopping',
    hint: 'Send the request again; another instance, or this one after its start, will answer.',
  },
  VDT_CONFLICT: {
    status: 409,
    retryable: false,
    message: '{what} {id} {reason}',
    hint: 'Read the present state and decide again.',
  },
  VDT_DEFINITIONS_UNREADABLE: {
    status: 409,
    retryable: false,
    message: 'No pack of camera {camera} reads text: {packs}',
    hint: 'Pull one with a text tower ("vedette models pull clip-vit-b16") and add it to the camera’s packs: PATCH settings.packs.',
  },
  VDT_LEASE_LOST: {
    status: 409,
    retryable: false,
    message: 'Another process has taken over {what} {id}',
    hint: 'Nothing to do: the newer owner goes on from the last stored state.',
  },
  VDT_STORE_LOCKED: {
    status: 409,
    retryable: true,
    message: 'The data folder {folder} is in use by another process',
    hint: 'Stop the running "vedette", talk to it over its API, or set DATABASE_URL to a PostgreSQL that several processes can share.',
  },
  VDT_STORE_MIGRATION_FAILED: {
    status: 500,
    retryable: false,
    message: 'The database could not be brought to this version: {reason}',
    hint: 'Nothing was changed. A database written by a newer vedette needs that version or a backup from before.',
  },
  VDT_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message: '{what} cannot be reached: {reason}',
    hint: 'It is retried by itself; "vedette doctor" tells what is missing.',
  },
  VDT_CONFIG_INVALID: {
    status: 400,
    retryable: false,
    message: 'Configuration field {field}: {reason}',
    hint: 'vedette.example.yaml shows every field with its unit and default.',
  },
  VDT_SECRET_KEY_INVALID: {
    status: 500,
    retryable: false,
    message: 'The secret key file is not usable: {reason}',
    hint: 'Restore it from your backup. Without it, stored camera passwords and webhook secrets must be entered again.',
  },
  VDT_SECRET_UNREADABLE: {
    status: 500,
    retryable: false,
    message: 'A stored secret cannot be read with the present secret key',
    hint: 'Restore the secret key file that was in use when the secret was stored, or enter the secret again.',
  },
  VDT_REDIS_MISSING: {
    status: 503,
    retryable: false,
    message: 'No redis-server could be started: {reason}',
    hint: 'Install it ("apt-get install redis-server", "brew install redis"), or set redisUrl to a running Redis 6.2 or later.',
  },
  VDT_SEGMENT_INVALID: {
    status: 422,
    retryable: false,
    message: 'A segment cannot be used: {reason}',
    hint: 'Ingest and infer must run the same version, and the camera must be sampled as its pack asks.',
  },
  VDT_PACK_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no pack {pack} in {directory}',
    hint: '"vedette models list" shows the packs that are there.',
  },
  VDT_PACK_INVALID: {
    status: 422,
    retryable: false,
    message: 'Pack {pack} is not valid: {field} {reason}',
    hint: 'Compare models/<id>/pack.json with docs/packs.md; "vedette models verify" checks it again.',
  },
  VDT_PACK_CHECKSUM: {
    status: 422,
    retryable: false,
    message: 'Pack {pack}: the file {file} has the checksum {actual}, expected is {expected}',
    hint: 'The file was changed or is incomplete: fetch the pack again.',
  },
  VDT_PACK_NOT_PULLED: {
    status: 404,
    retryable: false,
    message: 'Pack {pack} comes without its file {file}, which is not there yet',
    hint: 'Fetch it with "vedette models pull ID".',
  },
  VDT_PULL_FAILED: {
    status: 502,
    retryable: true,
    message: 'Pack {pack}: the file {file} could not be fetched from {source}: {reason}',
    hint: 'Run the command again, it goes on where it stopped; or give the file yourself with --from FILE.',
  },
  VDT_PULL_RUNNING: {
    status: 409,
    retryable: true,
    message: 'Pack {pack} is being fetched already, by process {process} of {host}',
    hint: 'Wait for it to end. Where it no longer runs, try again after five minutes.',
  },
  VDT_PACK_OUTDATED: {
    status: 422,
    retryable: false,
    message: 'Pack {pack}: the file {file} does not belong to this version: {reason}',
    hint: 'Run "vedette models pull ID" again; what is still right is not fetched twice.',
  },
  VDT_CHECKPOINT_UNREADABLE: {
    status: 422,
    retryable: false,
    message: 'Pack {pack}: the checkpoint {file} {reason}',
    hint: 'The file is as its manifest names it, but cannot be turned into weights: report it with this message.',
  },
  VDT_PACK_MODEL_MISMATCH: {
    status: 422,
    retryable: false,
    message: 'Pack {pack}: the model does not match its manifest: {field} {reason}',
    hint: 'The manifest must name the real input and output of the ONNX file, with their dimensions.',
  },
  VDT_PROVIDER_UNAVAILABLE: {
    status: 503,
    retryable: false,
    message: 'No ONNX execution provider could be used: {reason}',
    hint: 'Add cpu to infer.providers; a GPU provider needs its driver and the GPU image.',
  },
  VDT_RUNNER_FAILED: {
    status: 503,
    retryable: true,
    message: 'The inference runner failed: {reason}',
    hint: 'It is replaced by itself; if it goes on, look for runner.* in the log.',
  },
  VDT_RUNNER_DEADLINE: {
    status: 504,
    retryable: true,
    message: 'The inference runner gave no answer within {deadlineMs} ms',
    hint: 'It is killed and replaced; raise infer.deadlineSeconds or lower infer.batchSize where the machine is merely slow.',
  },
  VDT_DATASET_INVALID: {
    status: 400,
    retryable: false,
    message: 'Dataset {file}: {field} {reason}',
    hint: 'A dataset is {"kind":"scene","name":…,"cameras":[…]} or {"kind":"clips","name":…,"clips":[…]}.',
  },
  VDT_DATASET_VIDEO_MISSING: {
    status: 400,
    retryable: false,
    message: 'Dataset {file}: {field} names {video}, which is not there',
    hint: 'Paths are relative to the dataset file; put the video there or correct the path.',
  },
  VDT_FEATURES_DIFFER: {
    status: 409,
    retryable: false,
    message: 'Features cannot be written to {directory}: {field} {reason}',
    hint: 'One folder holds the features of one pack in one version: give another folder.',
  },
  VDT_FEATURES_NONE: {
    status: 422,
    retryable: false,
    message: 'No features of {file}: {reason}',
    hint: 'Leave it out of the dataset, or give a longer recording.',
  },
  VDT_SCORE_FILE_INVALID: {
    status: 400,
    retryable: false,
    message: 'Score file {file}: {field} {reason}',
    hint: 'A score file is {"videos":[{"video":…,"frames":…,"anomalous":[[first,last]],"scores":[…]}]}.',
  },
  VDT_SCENE_INVALID: {
    status: 400,
    retryable: false,
    message: 'Scene field {field}: {reason}',
    hint: 'Omit the field to get its default; src/scene/scene-script.ts lists every field with its unit and range.',
  },
  VDT_SCENE_ENCODE_FAILED: {
    status: 500,
    retryable: false,
    message: 'The scene could not be encoded to {file}: {reason}',
    hint: 'An ffmpeg with libx264 is needed (Debian: apt-get install ffmpeg); check the free disk space; "vedette doctor" tells what is missing.',
  },
  VDT_RTSP_SERVER_MISSING: {
    status: 503,
    retryable: false,
    message: 'The RTSP server of the demo cannot start: {reason}',
    hint: 'apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-rtsp',
  },
  VDT_RTSP_SERVER_FAILED: {
    status: 503,
    retryable: true,
    message: 'The RTSP server of the demo failed: {reason}',
    hint: 'Check that the port is free (port 0 takes any free one) and that the files are H.264 in mp4.',
  },
  VDT_LISTEN_FAILED: {
    status: 500,
    retryable: false,
    message: 'Cannot listen on {address}: {reason}',
    hint: 'Another program may hold the port; set http.port (VEDETTE_HTTP_PORT) to a free one.',
  },
  VDT_LEARNING_TOO_SHORT: {
    status: 409,
    retryable: true,
    message: 'Learning cannot end yet: {observedSegments} segments seen, at least {minimumSegments} are needed',
    hint: 'Let the camera run longer, or teach it more recordings with "vedette camera learn".',
  },
  VDT_FEATURES_MISMATCH: {
    status: 500,
    retryable: false,
    message: 'The features do not fit the scorer: {field} {reason}',
    hint: 'The camera scorer reads the grid of the motion-grid pack; check the pack with "vedette models verify", then let the camera learn anew.',
  },
  VDT_SCORER_STATE_UNREADABLE: {
    status: 500,
    retryable: false,
    message: 'The saved state of the scorer cannot be read: {reason}',
    hint: 'It was written by another version or is damaged; reset what the camera has learned and let it learn anew.',
  },
  VDT_DEMO_FAILED: {
    status: 500,
    retryable: false,
    message: 'The demonstration stopped at {step}: {reason}',
    hint: 'The log of the service is data/demo/vedette.log; "vedette doctor" looks at this machine.',
  },
  VDT_PACKS_UNUSABLE: {
    status: 400,
    retryable: false,
    message: 'A camera cannot be watched with these packs ({packs}): {reason}',
    hint: 'Name each pack once: motion-grid, a detector, extractors, heads. "vedette models list" shows what is installed; a head needs its extractor.',
  },
  VDT_PACKS_DIFFER: {
    status: 400,
    retryable: false,
    message: 'The packs {one} and {other} cannot look at one camera: they ask for different frames',
    hint: 'Packs that look at the segment’s own frames must ask for the same rate, size and length; packs that look at clips go with any.',
  },
  VDT_USAGE: {
    status: 400,
    retryable: false,
    message: '{reason}',
    hint: 'Run the command with --help.',
  },
  VDT_TARGET_INVALID: {
    status: 400,
    retryable: false,
    message: 'The webhook address {reason}',
    hint: 'Give the full URL of your receiver, for example https://example.com/vedette.',
  },
  VDT_TARGET_REFUSED: {
    status: 400,
    retryable: false,
    message: 'The webhook host {host} leads to {address}, which is not a public address ({range})',
    hint: 'If the receiver really lives there, add its network or host name to webhooks.allowTargets in the configuration.',
  },
  VDT_TARGET_UNRESOLVED: {
    status: 400,
    retryable: true,
    message: 'The webhook host {host} has no address: {reason}',
    hint: 'Check the spelling and that this machine can resolve the name.',
  },
  VDT_WEBHOOK_SECRET_INVALID: {
    status: 400,
    retryable: false,
    message: 'The webhook secret cannot be used: {reason}',
    hint: 'Create the endpoint again; it gets a fresh secret of the form whsec_ and base64.',
  },
  VDT_EVIDENCE_KEY_INVALID: {
    status: 400,
    retryable: false,
    message: 'Evidence key {key}: {reason}',
    hint: 'Keys are names joined by "/", such as inc_…/clip.mp4.',
  },
  VDT_CLIP_FAILED: {
    status: 500,
    retryable: true,
    message: 'The evidence clip could not be cut: {reason}',
    hint: 'Check with "vedette doctor" that ffmpeg works and that the disk has room.',
  },
  VDT_CAMERA_URL_REFUSED: {
    status: 400,
    retryable: false,
    message: 'Camera URL refused: {field} {reason}',
    hint: 'Use rtsp://, rtsps://, rtmp://, http:// or https:// with a host, for instance rtsp://user:password@192.0.2.10:554/stream1.',
  },
  VDT_RECORDING_UNREADABLE: {
    status: 400,
    retryable: false,
    message: 'The recording {file} cannot be read: {reason}',
    hint: 'Play it with ffprobe to see what is wrong; it must hold a video stream that ffmpeg decodes.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_KINDS;

type PlaceholdersOf<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholdersOf<Rest>
  : never;
export type ErrorValues<Code extends ErrorCode> = {
  readonly [Name in PlaceholdersOf<(typeof ERROR_KINDS)[Code]['message']>]: string | number;
};

export interface ErrorOptions {
  /** Replaces the table's hint where the place knows better. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error meant for a person: `message` says what and why, `hint` says what to do. Never carries a secret. */
export class VedetteError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly hint: string;
  /** The template's values, for instance `field`, for machine use. */
  readonly values: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, values: Readonly<Record<string, string | number>>, options: ErrorOptions = {}) {
    const kind: ErrorKind = ERROR_KINDS[code];
    super(
      kind.message.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '')),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'VedetteError';
    this.code = code;
    this.status = kind.status;
    this.retryable = kind.retryable;
    this.hint = options.hint ?? kind.hint;
    this.values = values;
  }
}

/** Builds the error of `code`; the compiler demands each value that its template names. */
export function problem<Code extends ErrorCode>(
  code: Code,
  ...[values, options]: keyof ErrorValues<Code> extends never
    ? [values?: Record<string, never>, options?: ErrorOptions]
    : [values: ErrorValues<Code>, options?: ErrorOptions]
): VedetteError {
  return new VedetteError(code, values ?? {}, options);
}

/** The text of anything thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
