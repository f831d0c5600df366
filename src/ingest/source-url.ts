import { problem, type VedetteError } from '../platform/errors.ts';

/** What a camera URL may begin with; everything else ffmpeg understands (file:, concat:, subfile, exec: …) is refused. */
export const CAMERA_SCHEMES = ['rtsp', 'rtsps', 'rtmp', 'http', 'https'] as const;
export type CameraScheme = (typeof CAMERA_SCHEMES)[number];

/** A camera URL that passed the allow-list. `href` may hold the password: it goes to ffmpeg's input pipe and nowhere else. */
export interface SourceUrl {
  readonly href: string;
  readonly scheme: CameraScheme;
  /** Host name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<CameraScheme, number>> = {
  rtsp: 554,
  rtsps: 322,
  rtmp: 1935,
  http: 80,
  https: 443,
};
const LONGEST_URL = 2_048;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are just what is looked for
const CONTROL_OR_SPACE = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029]/;

function refused(reason: string, hint?: string): VedetteError {
  // the URL itself is not repeated: it may hold a password
  return problem('VDT_CAMERA_URL_REFUSED', { field: 'url', reason }, hint === undefined ? {} : { hint });
}

/**
 * Checks the form of a camera URL against the allow-list. Throws VDT_CAMERA_URL_REFUSED with the reason and the remedy.
 * Where the name leads is checked by `checkSourceHost` before each connect.
 */
export function parseSourceUrl(text: string): SourceUrl {
  if (text === '') throw refused('is empty');
  if (text.length > LONGEST_URL) throw refused(`is longer than ${LONGEST_URL} characters`);
  if (CONTROL_OR_SPACE.test(text)) {
    throw refused('holds a space, line break or control character', 'Percent-encode it: a space is %20.');
  }
  if (text.startsWith('-')) throw refused('begins with "-", like a command line option');
  if (text.includes('\\')) throw refused('holds a backslash', 'Use "/" in the path and percent-encode "\\" as %5C.');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw refused('does not begin with scheme://', `Begin it with one of ${CAMERA_SCHEMES.join('://, ')}://.`);
  }
  if (!isCameraScheme(scheme)) {
    throw refused(`has the scheme "${scheme}:", which is not allowed`, `Allowed are ${CAMERA_SCHEMES.join(', ')}.`);
  }
  const url = parse(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw refused('names no host');
  if (url.hash !== '') {
    throw refused('holds a "#"', 'In a password write it as %23; a stream address has no fragment.');
  }
  if (`${url.pathname}${url.search}`.includes('@') && url.username === '') {
    throw refused('holds an "@" after the host', 'Percent-encode "/" (%2F) and "@" (%40) in the password.');
  }
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  if (port === 0) throw refused('has port 0');
  return { href: url.href, scheme, host, port };
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw refused(
      'is not a valid URL',
      'Percent-encode special characters of the password: "/" is %2F, "@" is %40, "#" is %23, ":" is %3A.',
    );
  }
}

function isCameraScheme(scheme: string): scheme is CameraScheme {
  return (CAMERA_SCHEMES as readonly string[]).includes(scheme);
}
