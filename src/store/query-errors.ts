import { problem, reasonOf, VedetteError } from '../platform/errors.ts';

/** SQLSTATEs (PostgreSQL manual, appendix A) and system errors that mean "no database right now", not "wrong query". */
const UNAVAILABLE_STATES = new Set(['25006', '53300', '57P01', '57P02', '57P03', '57P05', '28P01', '28000', '3D000']);
const UNAVAILABLE_SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
/** node-postgres throws these as plain errors without a code. */
const UNAVAILABLE_TEXT =
  /connection terminated|connection ended|not queryable|timeout exceeded when trying to connect|query read timeout|client was closed|PGlite is closed/i;

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return String(thrown.code);
}

/** True where the connection is lost or useless, so that it must not go back to the pool. */
export function isConnectionLoss(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return (
    code.startsWith('08') ||
    UNAVAILABLE_STATES.has(code) ||
    UNAVAILABLE_SYSTEM.has(code) ||
    UNAVAILABLE_TEXT.test(reasonOf(thrown))
  );
}

/** A driver's error as one of ours where a user can act on it; any other unchanged. */
export function translateQueryError(thrown: unknown): unknown {
  if (thrown instanceof VedetteError) return thrown;
  if (isConnectionLoss(thrown)) {
    return problem('VDT_UNAVAILABLE', { what: 'The database', reason: describe(thrown) }, { cause: thrown });
  }
  // 22021 and 22P05: a NUL in a text, which PostgreSQL cannot hold
  if (['22021', '22P05'].includes(codeOf(thrown))) {
    return problem('VDT_REQUEST_INVALID', { field: 'text', reason: 'holds a NUL character' }, { cause: thrown });
  }
  return thrown;
}

/** `connect` to a name with several addresses throws an AggregateError whose own message is empty. */
function describe(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(reasonOf).join('; ');
  return reasonOf(thrown) || codeOf(thrown);
}

export function isUniqueViolation(thrown: unknown): boolean {
  return codeOf(thrown) === '23505';
}

export function isForeignKeyViolation(thrown: unknown): boolean {
  return codeOf(thrown) === '23503';
}

/** Two transactions stood in each other's way; the same work may be tried again at once. */
export function isWriteConflict(thrown: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(thrown));
}
