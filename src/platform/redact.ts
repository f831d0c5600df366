/**
 * The one place that knows what a secret looks like in free text. It is applied at the sinks (log lines, stored
 * reasons, responses), not where texts are made: a text that nobody thought of is cleaned too (invariant 6).
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // userinfo of any URL, also where ffmpeg prints it inside a message; the password may hold anything but '@', '/' and space
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"<>]*(?:@[^\s/@'"<>]*)*@/gi, '$1<redacted>@'],
  [/whsec_[A-Za-z0-9+/=_-]+/g, 'whsec_<redacted>'],
  [/vdt_[A-Za-z0-9_-]{16,}/g, 'vdt_<redacted>'],
  [/(authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|digest)\s+)?[^\s"',]+/gi, '$1<redacted>'],
];

export function redactSecrets(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** The URL without its userinfo; what is not a URL at all is only cleaned. */
export function redactUrl(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.username = '';
    parsed.password = '';
    return parsed.toString();
  } catch {
    return redactSecrets(url);
  }
}
