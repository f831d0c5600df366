import { type ErrorCode, VedetteError } from '../platform/errors.ts';

/** What the process ends with; documented in docs/commands.md, checked by a test. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'something failed that is not your input, or a check did not hold' },
  usage: { code: 2, meaning: 'the command line is not understood' },
  refused: { code: 3, meaning: 'the input was refused: the message names the field, the reason and the remedy' },
  unreachable: {
    code: 4,
    meaning: 'a camera, the service, Redis or the database cannot be reached; trying again may help',
  },
  missing: { code: 69, meaning: 'a program that is needed is not installed' },
  interrupted: { code: 130, meaning: 'ended by Ctrl-C' },
} as const;

const PROGRAM_MISSING: ReadonlySet<ErrorCode> = new Set(['VDT_REDIS_MISSING', 'VDT_RTSP_SERVER_MISSING']);

export function exitCodeOf(thrown: unknown): number {
  if (!(thrown instanceof VedetteError)) return EXIT_CODES.failed.code;
  if (thrown.code === 'VDT_USAGE') return EXIT_CODES.usage.code;
  if (PROGRAM_MISSING.has(thrown.code)) return EXIT_CODES.missing.code;
  if (thrown.status >= 400 && thrown.status < 500) return EXIT_CODES.refused.code;
  return thrown.retryable ? EXIT_CODES.unreachable.code : EXIT_CODES.failed.code;
}
