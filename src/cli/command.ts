import { parseArgs } from 'node:util';
import { problem, reasonOf } from '../platform/errors.ts';
import { createTerminal, type Terminal } from './terminal.ts';

type OptionTable = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

export interface CommandInput {
  /** What follows the command's name and is no option. */
  readonly operands: readonly string[];
  readonly flags: Readonly<Record<string, boolean>>;
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** One command of `vedette`: its help is made from this, docs/commands.md too. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What stands after the name, e.g. `ROLE`. */
  readonly usage: string;
  readonly options?: Readonly<
    Record<string, { readonly type: 'boolean' | 'string'; readonly multiple?: boolean; readonly help: string }>
  >;
  readonly examples?: readonly string[];
  /** Resolves to an exit code; throws a VedetteError for what a person can mend. */
  run(input: CommandInput): Promise<number>;
}

const COMMON = {
  json: { type: 'boolean', help: 'print the result as one line of JSON on standard output' },
  config: { type: 'string', help: 'configuration file (default: vedette.yaml if it is there)' },
  help: { type: 'boolean', help: 'this text' },
} as const;

export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON });
  const width = Math.max(...options.map(([name, option]) => name.length + (option.type === 'string' ? 6 : 0)));
  return [
    `usage: vedette ${command.name} ${command.usage}`.trimEnd(),
    '',
    command.summary,
    '',
    ...options.map(
      ([name, option]) => `  --${(option.type === 'string' ? `${name} VALUE` : name).padEnd(width)}  ${option.help}`,
    ),
    ...(command.examples ? ['', 'examples:', ...command.examples.map((example) => `  ${example}`)] : []),
  ].join('\n');
}

export async function runCommand(command: Command, args: readonly string[], signal: AbortSignal): Promise<number> {
  const options: OptionTable = {};
  for (const [name, option] of Object.entries({ ...command.options, ...COMMON })) {
    options[name] = {
      type: option.type,
      ...('multiple' in option && option.multiple === true ? { multiple: true } : {}),
    };
  }
  const parsed = (() => {
    try {
      return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    } catch (thrown) {
      throw problem('VDT_USAGE', { reason: reasonOf(thrown) }, { hint: `Run: vedette ${command.name} --help` });
    }
  })();
  const flags: Record<string, boolean> = {};
  const values: Record<string, string | undefined> = {};
  const lists: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(parsed.values)) {
    if (typeof value === 'boolean') flags[name] = value;
    else if (typeof value === 'string') values[name] = value;
    else if (Array.isArray(value)) lists[name] = value.map(String);
  }
  if (flags.help) {
    process.stdout.write(`${helpOf(command)}\n`);
    return 0;
  }
  return command.run({
    operands: parsed.positionals,
    flags,
    values,
    lists,
    terminal: createTerminal({ json: flags.json === true }),
    signal,
  });
}

/** The n-th operand, or a usage error that names it. */
export function operand(input: CommandInput, index: number, name: string, command: string): string {
  const value = input.operands[index];
  if (value === undefined)
    throw problem('VDT_USAGE', { reason: `${name} is missing` }, { hint: `Run: vedette ${command} --help` });
  return value;
}

/** The option as a whole number from `least` to `most`, or a usage error that names it; `otherwise`, whatever it is, where it was not given. */
export function wholeOption(
  { values }: CommandInput,
  name: string,
  otherwise: number,
  { least = 0, most }: { readonly least?: number; readonly most?: number } = {},
): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > (most ?? value)) {
    const range = most === undefined ? `${least} or more` : `${least} to ${most}`;
    throw problem('VDT_USAGE', { reason: `--${name} must be a whole number, ${range}, not ${text}` });
  }
  return value;
}
