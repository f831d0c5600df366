import { problem } from '../platform/errors.ts';

/** A camera's secrets, as they are sealed: userinfo, and the values of query parameters that carry a secret. */
export interface CameraSecrets {
  readonly username: string;
  readonly password: string;
  readonly query: Readonly<Record<string, string>>;
}

export interface SplitCameraUrl {
  /** Safe to show: no userinfo, secret query values replaced by `***`. */
  readonly url: string;
  readonly secrets: CameraSecrets | null;
}

const SCHEMES = new Set(['rtsp:', 'rtsps:', 'rtmp:', 'rtmps:', 'http:', 'https:']);
const SECRET_PARAMETER = /^(.*pass(word|wd|phrase)?|.*pwd|.*token|.*secret|.*api_?key|auth|signature|sig)$/i;
const MASK = '***';

function refuse(reason: string) {
  return problem(
    'VDT_REQUEST_INVALID',
    { field: 'url', reason },
    {
      hint: 'Write rtsp://user:password@host:554/path, with special characters of the password percent-encoded (/ is %2F, @ is %40, # is %23).',
    },
  );
}

/**
 * Parts a camera URL into what may be shown and what must be sealed. Refuses (VDT_REQUEST_INVALID, never quoting the
 * URL) what it cannot part with certainty: `rtsp://admin:12/34@host/` would else be stored as host `admin` with half the
 * password in its path.
 */
export function splitCameraUrl(text: string): SplitCameraUrl {
  const url = parse(text);
  if (!SCHEMES.has(url.protocol)) throw refuse('has a scheme other than rtsp, rtsps, rtmp, rtmps, http, https');
  if (url.hostname === '') throw refuse('names no host');
  if (url.hash !== '') throw refuse('holds a #, which is not part of a stream address');
  if (`${url.pathname}${url.search}`.includes('@')) {
    throw refuse('holds an @ after the host: it is not clear where the password ends');
  }
  const username = decode(url.username);
  const password = decode(url.password);
  const query = takeQuerySecrets(url);
  url.username = '';
  url.password = '';
  const secrets =
    username === '' && password === '' && Object.keys(query).length === 0 ? null : { username, password, query };
  return { url: url.toString(), secrets };
}

/** The URL that ffmpeg needs: `splitCameraUrl` undone, userinfo percent-encoded. */
export function joinCameraUrl(shown: string, secrets: CameraSecrets | null): string {
  if (secrets === null) return shown;
  const url = new URL(shown);
  rewriteQuery(url, (name, value) => (value === MASK ? (secrets.query[name] ?? value) : value));
  // by hand: the setters of URL leave a literal % alone, so that a password with %41 in it would become another
  const userinfo =
    secrets.username === '' && secrets.password === ''
      ? ''
      : `${encodeURIComponent(secrets.username)}:${encodeURIComponent(secrets.password)}@`;
  return url.toString().replace('//', () => `//${userinfo}`);
}

/** Secrets may go on with a changed URL only to the same host and port: else a new address would be sent the old password. */
export function sameHost(oneUrl: string, otherUrl: string): boolean {
  const one = new URL(oneUrl);
  const other = new URL(otherUrl);
  return one.host === other.host && one.protocol === other.protocol;
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw refuse('is not a URL');
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refuse('has a user or password with a broken percent-encoding');
  }
}

function takeQuerySecrets(url: URL): Record<string, string> {
  const taken: Record<string, string> = {};
  rewriteQuery(url, (name, value) => {
    if (!SECRET_PARAMETER.test(name) || value === '' || value === MASK) return value;
    taken[name] = value;
    return MASK;
  });
  return taken;
}

/** Changes values in place and leaves every other byte of the query as the user wrote it. */
function rewriteQuery(url: URL, rewrite: (name: string, rawValue: string) => string): void {
  if (url.search === '') return;
  url.search = url.search
    .slice(1)
    .split('&')
    .map((pair) => {
      const cut = pair.indexOf('=');
      return cut < 0 ? pair : `${pair.slice(0, cut)}=${rewrite(pair.slice(0, cut), pair.slice(cut + 1))}`;
    })
    .join('&');
}
