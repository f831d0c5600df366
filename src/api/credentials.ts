const KEY_PATTERN = /^vdt_[A-Za-z0-9_-]{16,128}$/;

export interface Credentials {
  readonly scheme: 'bearer' | 'basic';
  readonly key: string;
}

/**
 * The key in an `Authorization` header: RFC 6750 Bearer, or RFC 7617 Basic whose password is the key (so that a
 * browser can ask for it). Null when there is none of the right form; keys in URLs are never looked at.
 */
export function readCredentials(authorization: string | undefined): Credentials | null {
  const match = /^(bearer|basic) +([^\s]+)$/i.exec(authorization ?? '');
  const [, scheme, token] = match ?? [];
  if (scheme === undefined || token === undefined) return null;
  const basic = scheme.toLowerCase() === 'basic';
  const key = basic
    ? Buffer.from(token, 'base64')
        .toString('utf8')
        .replace(/^[^:]*:/, '')
    : token;
  return KEY_PATTERN.test(key) ? { scheme: basic ? 'basic' : 'bearer', key } : null;
}
