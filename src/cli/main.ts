#!/usr/bin/env node
import { reasonOf } from '../platform/errors.ts';
import { runCommand } from './command.ts';
import { COMMANDS, overview } from './commands.ts';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import { createTerminal } from './terminal.ts';

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${await overview()}\n`);
    return name === undefined ? EXIT_CODES.usage.code : EXIT_CODES.ok.code;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    process.stderr.write(`error: there is no command "${name}"\n\n${await overview()}\n`);
    return EXIT_CODES.usage.code;
  }
  const interrupt = new AbortController();
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    interrupt.abort();
    if (signals > 1) process.exit(EXIT_CODES.interrupted.code); // a second Ctrl-C does not wait
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await runCommand(await load(), rest, interrupt.signal);
  } catch (thrown) {
    if (interrupt.signal.aborted) return EXIT_CODES.interrupted.code;
    createTerminal({ json: false }).failure(thrown);
    return exitCodeOf(thrown);
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown) => {
    process.stderr.write(`error: ${reasonOf(thrown)}\n`);
    process.exit(EXIT_CODES.failed.code);
  },
);
