import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';
import { redactSecrets } from './redact.ts';

export type Logger = PinoLogger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error by default, so that standard output stays for results. */
  readonly destination?: DestinationStream;
}

/**
 * Structured log, one JSON object a line, events with fields. pino's own redaction works on paths and leaves
 * strings alone, so every finished line passes through `redactSecrets` on its way out.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['password', 'secret', 'authorization', 'key', '*.password', '*.secret', '*.authorization', '*.key'],
        censor: '<redacted>',
      },
      hooks: { streamWrite: redactSecrets },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

export const silentLogger: Logger = pino({ level: 'silent' });
