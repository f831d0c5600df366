/** Why a camera gives no pictures: a stable word for scripts, words for people, and what to do. */
export interface ConnectFailure {
  readonly reason: FailureReason;
  readonly message: string;
  readonly hint: string;
}

export type FailureReason =
  | 'url_refused'
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'tls'
  | 'no_video'
  | 'codec_unsupported'
  | 'not_a_stream'
  | 'ended'
  | 'ffmpeg_missing'
  | 'killed'
  | 'failed';

const KINDS: Readonly<Record<FailureReason, readonly [message: string, hint: string]>> = {
  url_refused: ['the camera URL is refused', 'Use an rtsp, rtsps, rtmp, http or https address of the camera.'],
  dns: [
    'the host name cannot be resolved',
    'Check the spelling of the host and the DNS of this machine, or use the IP address.',
  ],
  refused: ['the camera refuses the connection', 'Check the port, and that RTSP is switched on in the camera.'],
  unreachable: [
    'there is no route to the camera',
    'Check the address, the cable and the network between this machine and the camera.',
  ],
  timeout: ['the camera does not answer in time', 'Check that the camera runs and that no firewall drops its port.'],
  unauthorized: [
    'user or password are wrong (401)',
    'Correct user and password; percent-encode special characters in a URL.',
  ],
  forbidden: [
    'the camera refuses access (403)',
    'Give the user the right to view the stream, or raise the limit of viewers.',
  ],
  not_found: ['the camera has no stream at this path (404)', "Look up the stream path in the camera's manual."],
  tls: ['the encrypted connection failed', 'Check that the port speaks TLS, or use rtsp:// or http://.'],
  no_video: ['the stream has no video', 'Choose a stream with video in the camera, H.264 for instance.'],
  codec_unsupported: ['the video codec is not supported', 'Set the camera to H.264, H.265 or MJPEG.'],
  not_a_stream: ['what answers is not a video stream', 'Check port and path; it may be the web page of the camera.'],
  ended: ['the stream ended', 'It is connected again by itself; look at the camera if this repeats.'],
  ffmpeg_missing: ['ffmpeg cannot be started', 'Install ffmpeg or set ingest.ffmpegPath; "vedette doctor" tells more.'],
  killed: [
    'ffmpeg was ended from outside',
    'It is started again by itself; look for a lack of memory if this repeats.',
  ],
  failed: ['the connection failed', 'Try the URL with "vedette camera test"; the log has the last lines of ffmpeg.'],
};

export function failure(reason: FailureReason, detail?: string): ConnectFailure {
  const [message, hint] = KINDS[reason];
  return { reason, message: detail ? `${message}: ${detail}` : message, hint };
}

/** The first match wins: a cause stands before what follows from it. Texts of ffmpeg 5 to 7. */
const SIGNS: readonly (readonly [RegExp, FailureReason])[] = [
  [/(error|returned|failed:) 401\b|Unauthorized|authorization failed/i, 'unauthorized'],
  [/HTTP error 421\b|Misdirected/i, 'url_refused'],
  [/(error|returned|failed:) 403\b|Forbidden/i, 'forbidden'],
  [/(error|returned|failed:) 404\b|404 Not Found|404 File Not Found|NetStream\.Play\.StreamNotFound/i, 'not_found'],
  [/Failed to resolve hostname|Name or service not known|ENOTFOUND|EAI_AGAIN/i, 'dns'],
  [/Connection refused|ECONNREFUSED/i, 'refused'],
  [/No route to host|Network is unreachable|EHOSTUNREACH|ENETUNREACH/i, 'unreachable'],
  [/matches no streams|does not contain any stream|Output file.*no streams/i, 'no_video'],
  [
    /Decoder \(codec .*\) not found|Unsupported codec|Could not find codec parameters|Decoder not found/i,
    'codec_unsupported',
  ],
  [/timed out|ETIMEDOUT|Operation timed out/i, 'timeout'],
  [/\bTLS\b.*(fail|error)|handshake|SSL/i, 'tls'],
  [
    /Invalid data found|Protocol not on whitelist|not on whitelist|Server returned 4\d\d|moov atom not found/i,
    'not_a_stream',
  ],
  [/Connection reset|End of file|Broken pipe|ECONNRESET/i, 'ended'],
];

/** Reads from the last lines that ffmpeg wrote why it ended. `lines` must be redacted already: one may be quoted. */
export function classifyFailure(
  lines: readonly string[],
  exit: { readonly code: number | null; readonly signal: string | null },
): ConnectFailure {
  const text = lines.join('\n');
  const sign = SIGNS.find(([pattern]) => pattern.test(text));
  if (sign) return failure(sign[1]);
  if (exit.signal !== null) return failure('killed', exit.signal);
  if (exit.code === 0) return failure('ended');
  const last = lines.findLast((line) => line.trim() !== '');
  return failure('failed', last?.slice(0, 200));
}

const VAGUE: ReadonlySet<FailureReason> = new Set(['not_a_stream', 'ended', 'failed', 'killed']);

/** A vague failure after the whole of the patience is a silence: ffmpeg calls a socket that timed out "Invalid data". */
export function orTimeout(found: ConnectFailure, waitedMs: number, patienceMs: number): ConnectFailure {
  return VAGUE.has(found.reason) && waitedMs >= patienceMs * 0.95 ? failure('timeout') : found;
}

/** The same for errors of our own look-up and connect. */
export function classifySystemError(error: unknown): ConnectFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/ENOTFOUND|EAI_|ENODATA|ESERVFAIL/.test(code)) return failure('dns');
  const sign = SIGNS.find(([pattern]) => pattern.test(code));
  return sign ? failure(sign[1]) : failure('failed', error instanceof Error ? error.message.slice(0, 200) : undefined);
}
