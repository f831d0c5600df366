import { toRfc3339 } from '../platform/clock.ts';
import { reasonOf, VedetteError } from '../platform/errors.ts';
import { redactSecrets } from '../platform/redact.ts';

/** Where a command speaks: results on standard output, everything else on standard error. */
export interface Terminal {
  /** One result line (or block) for people; silent under --json. */
  print(text: string): void;
  /** The machine-readable result; printed only under --json, as one line. */
  result(value: unknown): void;
  /** A note on standard error. */
  note(text: string): void;
  /** Progress of something long: rewritten in place on a terminal, at most one line in two seconds elsewhere. */
  progress(text: string): void;
  /** Ends the progress line. */
  progressDone(): void;
  failure(thrown: unknown): void;
  readonly json: boolean;
}

const PROGRESS_INTERVAL_MS = 2_000;

export function createTerminal(options: { readonly json: boolean }): Terminal {
  const live = process.stderr.isTTY === true;
  let lastProgressMs = Number.NEGATIVE_INFINITY;
  let open = false;
  const note = (text: string) => void process.stderr.write(`${redactSecrets(text)}\n`);
  return {
    json: options.json,
    print: (text) => {
      if (!options.json) process.stdout.write(`${redactSecrets(text)}\n`);
    },
    result: (value) => {
      if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    note,
    progress: (text) => {
      const nowMs = performance.now();
      if (live) {
        process.stderr.write(`\r\x1b[2K${redactSecrets(text)}`);
        open = true;
      } else if (nowMs - lastProgressMs >= PROGRESS_INTERVAL_MS) {
        lastProgressMs = nowMs;
        note(text);
      }
    },
    progressDone: () => {
      if (open) process.stderr.write('\n');
      open = false;
    },
    failure: (thrown) => {
      if (thrown instanceof VedetteError) {
        note(`error: ${thrown.message}\n  hint: ${thrown.hint}\n  code: ${thrown.code}`);
      } else {
        note(`error: ${reasonOf(thrown)}`);
        if (process.env.VEDETTE_LOG_LEVEL === 'debug' && thrown instanceof Error) note(thrown.stack ?? '');
      }
    },
  };
}

/** Text columns, padded; numbers are not aligned specially. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export const clockTime = (epochMs: number): string => toRfc3339(epochMs).slice(11, 23);
